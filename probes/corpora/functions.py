"""Functions out of source files, as their author laid them out.

A function is cut from the start of its own node (decorators, `export`, `template<…>` stay behind) to its end, and the
indentation of its first line is taken off every line that has it. Methods count; a function inside a function does
not. Line endings become `\\n`: what is studied is the layout a reader sees, not how a file stores it. Nothing is run.
"""

import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tree_sitter import Node

from probes.corpora.grammars import grammar, parser
from probes.corpora.snippets import normalise, parse_snippet
from probes.values import Text

LARGEST_FILE = 2_000_000
"""Bytes; a larger source file is generated, as a rule."""

TOO_LARGE = f"file over {LARGEST_FILE // 1_000_000} MB"
NOT_UTF8 = "file not UTF-8"
HAS_NUL = "file with NUL bytes"
UNREADABLE = "file not readable"
SYNTAX = "function with a syntax error"
NOT_ALONE = "function that does not parse on its own"
DUPLICATE = "duplicate function"


def read_source(path: Path, skipped: Counter[str]) -> str | None:
    """Return a source file's text with `\\n` line ends and no byte order mark, or None with the reason counted."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # reading a pipe would wait for ever
            skipped[UNREADABLE] += 1
            return None
        if facts.st_size > LARGEST_FILE:
            skipped[TOO_LARGE] += 1
            return None
        data = path.read_bytes()
    except OSError:
        skipped[UNREADABLE] += 1
        return None
    if b"\0" in data:
        skipped[HAS_NUL] += 1
        return None
    try:
        return normalise(data.decode("utf-8"))
    except UnicodeDecodeError:
        skipped[NOT_UTF8] += 1
        return None


def functions(code: str, language: str, *, path: str, skipped: Counter[str] | None = None) -> Iterator[Text]:
    """Yield the functions of a file's text in order, each of which parses on its own without an error.

    `path` names the file in every origin (`path:LINE`); what is left out is counted in `skipped` by its reason.
    """
    counts: Counter[str] = Counter() if skipped is None else skipped
    for text in candidates(code, language, path=path, skipped=counts):
        if stands_alone(text):
            yield text
        else:
            counts[NOT_ALONE] += 1


def candidates(code: str, language: str, *, path: str, skipped: Counter[str]) -> Iterator[Text]:
    """Yield the functions of a file's text that hold no syntax error, before the check that each parses alone."""
    data = code.encode("utf-8", "replace")
    root = parser(language, file=True).parse(data).root_node
    for node in _functions(root, grammar(language).functions):
        if node.has_error:
            skipped[SYNTAX] += 1
            continue
        yield Text(_dedented(node, data), language, f"{path}:{node.start_point[0] + 1}")


def stands_alone(text: Text) -> bool:
    """Say whether a function's text, parsed by itself, is one clean node.

    It is not when its indentation was needed, or when a method reads as a call and a block (`run()` with `{` below it).
    """
    snippet = parse_snippet(text.text.encode(), text.language)
    return snippet.clean and sum(node.is_named and not node.is_extra for node in snippet.tops) == 1


def _functions(root: Node, kinds: frozenset[str]) -> Iterator[Node]:
    """Yield the outermost function nodes that have a body, without recursion."""
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is not None and node.type in kinds:
            if node.child_by_field_name("body") is not None:
                yield node
        elif cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _dedented(node: Node, data: bytes) -> str:
    start, end = node.byte_range
    line = data[data.rfind(b"\n", 0, start) + 1 : start]
    indent = line[: len(line) - len(line.lstrip(b" \t"))]
    text = data[start:end]
    return (text.replace(b"\n" + indent, b"\n") if indent else text).decode()
