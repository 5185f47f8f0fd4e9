"""What a point is: a text, a word of it, a leaf of its syntax tree, a token; where it stands and what kind it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from probes.corpora.trees import parse
from probes.errors import StrataError
from probes.values import Text

Unit = Literal["leaf", "word", "token", "text", "snippet"]
AROUND = 60
"""Characters of context kept on each side of a point."""
_WORD = re.compile(r"\w+|[^\w\s]")
_LONGEST = 2_000
"""Characters of a point's own text that are kept."""


@dataclass(frozen=True)
class Piece:
    """A text as the model reads it, and the points in it: spans int64 [point, 2] in characters, kinds, finer types."""

    text: str
    spans: np.ndarray
    kinds: tuple[str, ...]
    types: tuple[str, ...]
    origin: str

    def take(self, chosen: np.ndarray) -> "Piece":
        """Return the piece with some of its points, in their order."""
        return Piece(
            self.text,
            self.spans[chosen],
            tuple(self.kinds[i] for i in chosen),
            tuple(self.types[i] for i in chosen),
            self.origin,
        )

    def around(self, point: int) -> tuple[str, str, str]:
        """Return what stands before a point, the point, and what stands after it."""
        start, end = (int(edge) for edge in self.spans[point])
        text = self.text
        return text[max(0, start - AROUND) : start], text[start : min(end, start + _LONGEST)], text[end : end + AROUND]


def leaves(text: Text) -> Piece:
    """Return the words of a piece of code by kind and grammar type; refuses what `corpora.trees.parse` refuses."""
    tree = parse(text.text, text.language)
    spans = np.array([tree.spans[leaf] for leaf in tree.leaves], np.int64).reshape(-1, 2)
    return Piece(tree.text, spans, tree.categories, tuple(tree.types[leaf] for leaf in tree.leaves), text.origin)


def words(text: Text) -> Piece:
    """Return runs of letters and digits, and every other visible character by itself."""
    return _cut(text, [match.span() for match in _WORD.finditer(text.text)])


def tokens(text: Text, offsets: np.ndarray) -> Piece:
    """Return the model's own tokens by their offsets [token, 2]; those of one character (an emoji's bytes) are one."""
    spans = sorted({(int(a), int(b)) for a, b in offsets if b > a})
    apart = [span for i, span in enumerate(spans) if not i or span[0] >= spans[i - 1][1]]
    return _cut(text, apart)


def whole(text: Text) -> Piece:
    """Return the text as one point; its kind is its first label, else its language."""
    kind = str(text.labels[0][1]) if text.labels else text.language or "text"
    return Piece(text.text, np.array([[0, len(text.text)]], np.int64), (kind,), (text.language,), text.origin)


def snippet(text: Text) -> Piece:
    """Return a piece of code as one point, without its comments; its kind is the first folder or file it comes from.

    Refuses what `corpora.trees.parse` refuses; its type is that of its outermost node.
    """
    tree = parse(text.text, text.language)
    place = text.origin.rpartition(":")[0] or text.origin
    kind = place.partition("/")[0] or "code"
    inner = next((i for i, parent in enumerate(tree.parents) if parent == 0), 0)
    return Piece(tree.text, np.array([[0, len(tree.text)]], np.int64), (kind,), (tree.types[inner],), text.origin)


def _cut(text: Text, spans: Sequence[tuple[int, int]]) -> Piece:
    kinds = tuple(kind_of(text.text[a:b]) for a, b in spans)
    return Piece(text.text, np.array(spans, np.int64).reshape(-1, 2), kinds, kinds, text.origin)


def kind_of(word: str) -> str:
    """Return what a word looks like.

    >>> [kind_of(word) for word in ("self", " Paris", "42", "+", "GPT2", "##s")]
    ['lower case', 'Capitalised', 'number', 'punctuation', 'UPPER CASE', 'lower case']
    """
    bare = "".join(c for c in word if c.isalnum())
    if not bare:
        return "punctuation"
    if bare.isdigit():
        return "number"
    if bare.isupper() and len(bare) > 1:
        return "UPPER CASE"
    return "Capitalised" if bare[0].isupper() else "lower case" if bare.islower() else "other letters"


def refused(unit: Unit) -> StrataError:
    """Return the error for a corpus that gives no point of a unit."""
    fix = "Choose another corpus, or another unit: text, word, token; of code also leaf and snippet."
    return StrataError(
        "E-CORPUS-SMALL", f"The corpus gives too few points: {unit} by {unit}.", "A cloud needs at least 24.", fix
    )
