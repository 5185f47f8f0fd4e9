"""The same code without its comments and docstrings, removed by the nodes of its tree rather than by patterns.

The paper's patterns cut strings that look like comments (a URL in a template literal). Here a comment is what the
grammar calls one, and a docstring what Python does: a plain string, first statement of a module, class or function.
A line that the removal leaves blank goes; a comment between two words leaves one blank; nothing else changes.
"""

import re
from functools import cache

from tree_sitter import Node, Query, QueryCursor

from probes.corpora.grammars import grammar, tree_sitter_language
from probes.corpora.snippets import Snippet

MARK = b"\0"
"""Stands where something was removed until its line is tidied; callers refuse code that holds a NUL."""

_DOCSTRINGS = "(expression_statement . [(string) (concatenated_string)] .) @docstring"


@cache
def _query(language: str) -> Query:
    row = grammar(language)
    wanted = f"[{' '.join(f'({kind})' for kind in sorted(row.comments))}] @comment"
    return Query(tree_sitter_language(language), wanted + (_DOCSTRINGS if row.docstrings else ""))


def without_comments(code: bytes, snippet: Snippet, language: str) -> bytes:
    """Return `code` (no NUL in it) without the comments and docstrings of its tree; the same object if it has none."""
    found = QueryCursor(_query(language)).captures(snippet.root)
    cuts = [_comment(node, code, snippet.offset) for node in found.get("comment", ())]
    cuts += [_statement(node, snippet.offset) for node in found.get("docstring", ()) if _is_docstring(node)]
    return _cut(code, sorted(cuts)) if cuts else code


def _comment(node: Node, code: bytes, offset: int) -> tuple[int, int, bytes]:
    start, end = node.start_byte - offset, node.end_byte - offset
    while end > start and code[end - 1 : end] == b"\n":  # Rust's doc comments own their line ending
        end -= 1
    ends_line = b"\n" in code[start:end]  # and may end a statement with it (Go, JavaScript)
    return start, end, MARK + b"\n" + MARK if ends_line else MARK


def _statement(node: Node, offset: int) -> tuple[int, int, bytes]:
    """Return the range of a statement with the semicolon that parts it from the next one on its line."""
    after = node.next_sibling
    end = after.end_byte if after is not None and after.type == ";" else node.end_byte
    return node.start_byte - offset, end - offset, MARK


def _is_docstring(node: Node) -> bool:
    """Say whether Python's own rule makes this statement (one string) the documentation of what holds it."""
    before = node.prev_named_sibling
    while before is not None and before.type == "comment":
        before = before.prev_named_sibling
    holder = node.parent
    if before is not None or holder is None:
        return False
    if holder.type == "block":
        holder = holder.parent
    if holder is None or holder.type not in ("module", "function_definition", "class_definition"):
        return False
    string = node.children[0]
    parts = string.children if string.type == "concatenated_string" else [string]
    prefixes = {(part.children[0].text or b"").lower() for part in parts if part.type == "string"}
    return not any(b"f" in prefix or b"b" in prefix for prefix in prefixes)


def _cut(code: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    pieces, at = [], 0
    for start, end, mark in cuts:
        pieces += [code[at:start], mark]
        at = end
    pieces.append(code[at:])
    lines = (_tidy(line) if MARK in line else line for line in b"".join(pieces).split(b"\n"))
    return b"\n".join(line for line in lines if line is not None)


def _tidy(line: bytes) -> bytes | None:
    """Close up a line that lost something; None when nothing but blanks is left of it."""
    if not line.replace(MARK, b"").strip():
        return None
    line = re.sub(rb"[ \t]*\0[\0 \t]*$", b"", line)
    line = re.sub(rb"^([ \t]*)\0[\0 \t]*", rb"\1", line)
    return re.sub(rb"[ \t]*\0[\0 \t]*", b" ", line)
