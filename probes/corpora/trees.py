"""The syntax tree of a piece of code, flat, with its words (AST-Probe, Hernández López et al., ASE 2022, section 3).

Comments and docstrings are removed by node range, the rest is parsed again, and every childless node, named or not,
is a word. As in the paper a string is one word: a node of type `string`, or with `string_literal` in its type, loses
what is below it (template and concatenated strings keep their parts). Unlike the paper, white space is never a word,
the lines keep their layout, and a tree with an ERROR, a MISSING or an empty node is refused with its position.

Nodes are numbered in preorder, so a node's children are the higher numbers that name it as parent, in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from tree_sitter import Node

from probes.corpora.comments import without_comments
from probes.corpora.grammars import tree_sitter_language
from probes.corpora.snippets import Snippet, normalise, parse_snippet
from probes.errors import StrataError

LONGEST = 200_000
"""Characters; a longer piece of code is refused (E-TOO-LONG-TEXT): no model reads it whole."""

KEYWORDS = frozenset({"self", "this", "super", "auto", "primitive_type", "void_type", "implicit_type", "cast_type"})
LITERALS = frozenset({"true", "false", "boolean", "none", "null", "nullptr", "nil", "undefined", "ellipsis", "text"})
LITERAL_PARTS = ("string", "char", "number", "integer", "float", "literal", "content", "escape", "fragment", "regex")
PUNCTUATION = frozenset(list("()[]{},;:.\"'`@$\\") + ["::", "...", "->", "=>", "${", "#{", "?.", "?>", "<?php", "%w("])


@dataclass(frozen=True, slots=True)
class Tree:
    """A clean syntax tree over `text`, one entry a node in preorder; spans are character positions in `text`."""

    language: str
    text: str
    types: tuple[str, ...]
    parents: tuple[int, ...]
    """-1 for the root, which is node 0."""
    spans: tuple[tuple[int, int], ...]
    leaves: tuple[int, ...]
    """The nodes that are words, left to right."""
    categories: tuple[str, ...]
    """One a word: keyword, identifier, literal, operator or punctuation."""

    @property
    def words(self) -> tuple[str, ...]:
        """The text of every leaf."""
        return tuple(self.text[start:end] for start, end in (self.spans[leaf] for leaf in self.leaves))

    def children(self) -> list[list[int]]:
        """Return the children of every node, left to right."""
        below: list[list[int]] = [[] for _ in self.types]
        for node in range(1, len(self.types)):
            below[self.parents[node]].append(node)
        return below


def parse(code: str, language: str) -> Tree:
    """Parse one piece of code.

    Refuses an unknown language (E-LANGUAGE-UNKNOWN), NUL or half characters (E-TEXT), more than `LONGEST` characters
    (E-TOO-LONG-TEXT), a syntax error (E-SYNTAX, with line and column), a node without words, such as a body of only a
    docstring (E-EMPTY-NODE), and code without any word (E-EMPTY).
    """
    data = _checked(code)
    snippet = _clean(data, language)
    kept = without_comments(data, snippet, language)
    if kept is not data:
        data, snippet = kept, _clean(kept, language)
    kinds, parents, starts, ends, leaves = _flatten(snippet, data, language)
    if not leaves:
        raise StrataError(
            "E-EMPTY", "There is no code here.", "Comments and docstrings do not count.", "Add a statement."
        )
    text, names, classes = data.decode(), _names(language), _categories(language)
    spans = _in_characters(starts, ends, data)
    words = ((classes[kinds[leaf]], spans[leaf]) for leaf in leaves)
    categories = [known or _by_text(text[span[0] : span[1]]) for known, span in words]
    types = [names[kind] for kind in kinds]
    return Tree(language, text, tuple(types), tuple(parents), tuple(spans), tuple(leaves), tuple(categories))


def _checked(code: str) -> bytes:
    if len(code) > LONGEST:
        why = f"It has {len(code):,} characters; at most {LONGEST:,} are read."
        raise StrataError(
            "E-TOO-LONG-TEXT", "This code is too long.", why, "Choose a part of it, such as one function."
        )
    try:
        data = normalise(code).encode()
    except UnicodeEncodeError as error:
        where = f"Character {error.start + 1} is half of a pair (a lone surrogate)."
        raise StrataError("E-TEXT", "This is not text.", where, "Save the file as UTF-8.") from None
    if b"\0" in data:
        where = f"Character {code.index(chr(0)) + 1} is NUL."
        raise StrataError("E-TEXT", "This is not text.", where, "Remove the NUL characters.")
    return data


def _clean(data: bytes, language: str) -> Snippet:
    snippet = parse_snippet(data, language)
    if snippet.clean:
        return snippet
    node = _first_fault(snippet.root)
    line, column = _position(data, node.start_byte)
    near = data[node.start_byte : node.end_byte].decode("utf-8", "replace").split("\n")[0][:40]
    why = f"'{node.type}' is missing there." if node.is_missing else f"It does not parse from '{near}' on."
    what = f"Syntax error in this {language} code at line {line}, column {column}."
    raise StrataError("E-SYNTAX", what, why, "Mend the code, or choose its language.")


def _first_fault(root: Node) -> Node:
    """Return the first MISSING node, or the deepest first ERROR, of a tree that has one."""
    node = root
    while True:
        below = next((child for child in node.children if child.has_error or child.is_missing), None)
        if below is None:
            return node
        node = below


def _position(data: bytes, at: int) -> tuple[int, int]:
    """Return line and column, from 1, in characters."""
    before = data[:at].decode("utf-8", "replace")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _flatten(
    snippet: Snippet, data: bytes, language: str
) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    """Return kinds, parents, starts and ends (bytes) of the nodes in preorder, and which of them are words."""
    whole, offset = _collapsed(language), snippet.offset
    kinds, parents, leaves = [snippet.root.kind_id], [-1], []
    starts, ends = [0], [len(data)]
    for top in snippet.tops:
        cursor, path = top.walk(), [0]
        inside = True
        while inside:
            node: Node = cursor.node  # type: ignore[assignment]  # a cursor always stands on a node
            kind = node.kind_id
            start, end = node.byte_range
            kinds.append(kind)
            parents.append(path[-1])
            starts.append(start - offset)
            ends.append(end - offset)
            if not whole[kind] and cursor.goto_first_child():
                path.append(len(kinds) - 1)
                continue
            if start == end:
                _refuse_empty(node, data, start - offset)
            if data[start - offset : end - offset].isspace():
                _drop_last(kinds, parents, starts, ends)
            else:
                leaves.append(len(kinds) - 1)
            while not cursor.goto_next_sibling():
                inside = cursor.goto_parent()
                if not inside:
                    break
                if path.pop() == len(kinds) - 1:  # all its words were white space
                    _drop_last(kinds, parents, starts, ends)
    return kinds, parents, starts, ends, leaves


def _drop_last(*columns: list[int]) -> None:
    for column in columns:
        column.pop()


def _refuse_empty(node: Node, data: bytes, at: int) -> None:
    line, column = _position(data, at)
    what = f"The '{node.type}' at line {line}, column {column} (comments and docstrings aside) holds no words."
    raise StrataError("E-EMPTY-NODE", what, "A word must have text to be read by a model.", "Give it a statement.")


def _in_characters(starts: list[int], ends: list[int], data: bytes) -> list[tuple[int, int]]:
    """Turn byte positions into character positions by one table over the text."""
    if data.isascii():
        return list(zip(starts, ends, strict=True))
    begins = (
        np.frombuffer(data, dtype=np.uint8) & 0xC0
    ) != 0x80  # every byte of UTF-8 that does not continue a character
    table = np.concatenate(([0], np.cumsum(begins)))
    return list(zip(table[starts].tolist(), table[ends].tolist(), strict=True))


@cache
def _names(language: str) -> list[str]:
    known = tree_sitter_language(language)
    return [known.node_kind_for_id(kind) or "" for kind in range(known.node_kind_count)]


@cache
def _collapsed(language: str) -> list[bool]:
    """Say for every node kind whether the paper makes it one word."""
    return [name == "string" or "string_literal" in name for name in _names(language)]


@cache
def _categories(language: str) -> Sequence[str]:
    """Return the category of every node kind, "" where only the word itself can tell."""
    named = tree_sitter_language(language).node_kind_is_named
    return [_category(name, named(kind)) for kind, name in enumerate(_names(language))]


def _category(name: str, named: bool) -> str:
    if name.lower() in LITERALS:
        return "literal"
    if not named:
        if name in PUNCTUATION:
            return "punctuation"
        return "keyword" if any(character.isalpha() for character in name) else "operator"
    if name in KEYWORDS or name.endswith(("_modifier", "_specifier")):
        return "keyword"
    if "identifier" in name or name in ("name", "constant"):
        return "identifier"
    return "literal" if any(part in name for part in LITERAL_PARTS) else ""


def _by_text(word: str) -> str:
    if word.lstrip("$@").isidentifier():
        return "identifier"
    return "literal" if word[0].isalnum() else "operator"
