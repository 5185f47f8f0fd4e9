"""What each token is in the syntax tree: the type of the leaf that holds its first character that is not blank."""

from collections.abc import Sequence

import numpy as np

from probes.codebooks.dataset import Tokens
from probes.corpora.snippets import parse_snippet

LAYOUT = "layout"
"""The label of tokens that are blanks and line ends alone."""


def labels(tokens: Tokens) -> list[str]:
    """Return the leaf type of every token of code; a token that no leaf holds is called `layout`."""
    found = list[str]()
    for text, spans in zip(tokens.texts, tokens.spans, strict=True):
        types, leaf = leaves(text.text, text.language)
        found += [types[leaf[place]] for place in _solid(text.text, spans)]
    return found


def leaves(code: str, language: str) -> tuple[Sequence[str], np.ndarray]:
    """Return leaf types, and int64 [character + 1]: which of them each character belongs to; the last is layout's."""
    data = code.encode()
    snippet = parse_snippet(data, language)
    # bytes → characters: only the first byte of a character begins one
    place = np.cumsum([byte & 0xC0 != 0x80 for byte in data] + [True]) - 1
    types, leaf = list[str](), np.full(len(code) + 1, -1, np.int64)
    cursor, below = snippet.root.walk(), True
    while True:
        if below and cursor.goto_first_child():
            continue
        node = cursor.node
        if below and node is not None and node.end_byte > node.start_byte:
            start, end = (min(max(at - snippet.offset, 0), len(data)) for at in node.byte_range)
            leaf[place[start] : place[end]] = len(types)
            types.append(node.type)
        below = cursor.goto_next_sibling()
        if not below and not cursor.goto_parent():
            break
    return [*types, LAYOUT], np.where(leaf < 0, len(types), leaf)


def _solid(text: str, spans: np.ndarray) -> list[int]:
    """Return where each token has its first character that is not blank; the text's end when it has none."""
    return [next((i for i in range(a, b) if not text[i].isspace()), len(text)) for a, b in spans.tolist()]
