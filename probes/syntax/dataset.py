"""Snippets for a probe: streamed, encoded, bounded by words and sub-tokens, split by content."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from probes.contract import Progress
from probes.errors import StrataError
from probes.syntax.tuples import SyntaxTuple, encode
from probes.values import Text, split_of

SHARES = (0.7, 0.1, 0.2)
"""Train, validation and test: which of the three a snippet belongs to depends on its content alone."""
PARTS = ("train", "validation", "test")
_CHUNK = 64

InputMode = Literal["source", "leaves"]


@dataclass(frozen=True)
class Snippet:
    """A piece of code and its tree; `text` is what the model reads and `spans` [words, 2] where the words are in it."""

    tree: SyntaxTuple
    text: str
    spans: np.ndarray
    origin: str

    def __len__(self) -> int:
        return len(self.tree)


@dataclass(frozen=True)
class Dataset:
    """Snippets of the three parts, and how many were left out for which reason."""

    train: tuple[Snippet, ...]
    validation: tuple[Snippet, ...]
    test: tuple[Snippet, ...]
    left_out: dict[str, int]

    @property
    def snippets(self) -> tuple[Snippet, ...]:
        """All of them: train, then validation, then test."""
        return self.train + self.validation + self.test


def snippet(tree: SyntaxTuple, mode: InputMode, origin: str = "") -> Snippet:
    """Return what the model reads of a tree: its text as written, or its leaves joined by blanks as the paper does."""
    if mode == "source":
        return Snippet(tree, tree.text, np.array(tree.spans, np.int64).reshape(-1, 2), origin)
    ends = np.cumsum([len(word) + 1 for word in tree.words]) - 1
    starts = ends - [len(word) for word in tree.words]
    return Snippet(tree, " ".join(tree.words), np.stack([starts, ends], axis=1).astype(np.int64), origin)


@dataclass(frozen=True)
class Bounds:
    """What a snippet must satisfy, and how many of each part are wanted."""

    sizes: tuple[int, int, int]
    min_words: int
    max_words: int
    mode: InputMode
    context: int
    lengths: Callable[[list[str]], np.ndarray]
    """Sub-tokens of each text for the model at hand."""


def collect(stream: Iterator[Text], bounds: Bounds, left_out: Counter[str], progress: Progress) -> Dataset:
    """Take snippets from the stream until every part is full, or the stream ends.

    Raises StrataError E-CORPUS-SMALL when a part has fewer than two snippets.
    """
    parts: list[list[Snippet]] = [[], [], []]
    seen: set[tuple[str, ...]] = set()
    while chunk := list(islice(stream, _CHUNK)):
        for found in _fitting(_encoded(chunk, bounds, left_out), bounds, left_out):
            words = found.tree.words
            part = split_of(" ".join(words), SHARES)
            if words in seen:
                left_out["repeats another up to comments and layout"] += 1
            elif len(parts[part]) < bounds.sizes[part]:
                parts[part].append(found)
            seen.add(words)
        progress.report(sum(map(len, parts)), sum(bounds.sizes), "parsing code")
        if all(len(part) == size for part, size in zip(parts, bounds.sizes, strict=True)):
            break
    if min(map(len, parts)) < 2:
        have = ", ".join(f"{len(part)} {name}" for part, name in zip(parts, PARTS, strict=True))
        raise StrataError(
            "E-CORPUS-SMALL",
            f"The corpus gave {have} snippets of {bounds.min_words} to {bounds.max_words} words.",
            "A probe needs at least two of each.",
            "Point at more code, or widen the word limits.",
        )
    return Dataset(tuple(parts[0]), tuple(parts[1]), tuple(parts[2]), dict(left_out))


def _encoded(chunk: list[Text], bounds: Bounds, left_out: Counter[str]) -> list[Snippet]:
    snippets = []
    for text in chunk:
        try:
            tree = encode(text.text, text.language)
        except StrataError as error:
            left_out[f"not parsed ({error.code})"] += 1
            continue
        if len(tree) < bounds.min_words:
            left_out[f"fewer than {bounds.min_words} words"] += 1
        elif len(tree) > bounds.max_words:
            left_out[f"more than {bounds.max_words} words"] += 1
        else:
            snippets.append(snippet(tree, bounds.mode, text.origin))
    return snippets


def _fitting(snippets: list[Snippet], bounds: Bounds, left_out: Counter[str]) -> list[Snippet]:
    if not snippets:
        return []
    fits = bounds.lengths([s.text for s in snippets]) <= bounds.context
    if not fits.all():
        left_out[f"more than the model's {bounds.context} sub-tokens"] += int((~fits).sum())
    return [s for s, good in zip(snippets, fits, strict=True) if good]
