"""Where the words of a text are: letters and marks as they stand, or the leaves of a programming language's tree."""

import re
from collections.abc import Iterator
from typing import Any

_WORD = re.compile(r"\w+|[^\w\s]")


def spans(text: str, language: str) -> list[tuple[int, int]]:
    """Return the character range of every word, in order; with a language, of every leaf of its tree."""
    if not language:
        return [match.span() for match in _WORD.finditer(text)]
    from probes.corpora.grammars import parser  # on use: plain words need no grammar

    data = text.encode("utf-8", "surrogatepass")
    ends = _characters(text)
    found = [(ends[start], ends[end]) for start, end in _leaves(parser(language).parse(data).root_node)]
    return [(start, end) for start, end in found if text[start:end].strip()]


def _leaves(root: Any) -> Iterator[tuple[int, int]]:
    """Yield the byte ranges of the childless nodes, left to right, without recursion: a tree may be very deep."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.child_count:
            waiting.extend(reversed(node.children))
        elif node.end_byte > node.start_byte:
            yield node.start_byte, node.end_byte


def _characters(text: str) -> dict[int, int]:
    """Return the character that starts at each byte of the UTF-8 text, its end included."""
    at, found = 0, {0: 0}
    for i, character in enumerate(text, 1):
        at += len(character.encode("utf-8", "surrogatepass"))
        found[at] = i
    return found
