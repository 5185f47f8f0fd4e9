"""The nouns: plain frozen values that travel between the rooms (numpy and pandas only)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

Unit = Literal["token", "word", "leaf", "text"]
"""What one row of States is."""


def digest_of(parts: Iterable[str]) -> str:
    """Return 32 hex digits of SHA-256 over the parts, each length-prefixed, so ("ab", "c") and ("a", "bc") differ."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:32]


@dataclass(frozen=True)
class Text:
    """One piece of a corpus: its text, its language, and where it came from (`json/decoder.py:12`)."""

    text: str
    language: str
    origin: str
    labels: tuple[tuple[str, Any], ...] = ()
    """What a table says of it beside the text: column and value."""


@dataclass(frozen=True)
class Corpus:
    """Texts in a fixed order, with label columns aligned to them (one row of `labels` a text)."""

    name: str
    texts: tuple[str, ...]
    labels: pd.DataFrame

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.texts):
            raise ValueError(f"Corpus '{self.name}' has {len(self.texts)} texts but {len(self.labels)} label rows.")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def digest(self) -> str:
        """Identify the content: any change to a text or to the order changes it; the name does not."""
        return digest_of(self.texts)

    def take(self, rows: Sequence[int]) -> "Corpus":
        """Return the texts at `rows`, in that order."""
        return Corpus(
            self.name, tuple(self.texts[i] for i in rows), self.labels.iloc[list(rows)].reset_index(drop=True)
        )

    def sample(self, n: int, seed: int = 0) -> "Corpus":
        """Return `n` texts drawn without replacement; all of them, in order, when there are no more than `n`."""
        if n >= len(self):
            return self
        return self.take(sorted(np.random.default_rng(seed).choice(len(self), n, replace=False)))

    def split(self, *shares: float, seed: int = 0) -> tuple["Corpus", ...]:
        """Split by content hash into parts of about `shares`: equal texts always fall on the same side."""
        parts = [split_of(text, shares, seed=seed) for text in self.texts]
        return tuple(self.take([i for i, part in enumerate(parts) if part == k]) for k in range(len(shares)))


def split_of(text: str, shares: Sequence[float], *, seed: int = 0) -> int:
    """Return which part a text falls in, from its content alone (white space at line ends aside).

    The answer does not depend on the rest of the corpus: a text that tests a probe trained on 300 functions
    also tests, and never trains, the one trained on 3,000.
    """
    content = "\n".join(line.rstrip() for line in text.strip().splitlines())
    point = int(digest_of([str(seed), content])[:13], 16) / 16**13
    edges = np.cumsum(shares) / np.sum(shares)
    return min(int(np.searchsorted(edges, point, side="right")), len(shares) - 1)


@dataclass(frozen=True)
class Interval:
    """A number with its uncertainty: `low <= value <= high`, and how the bounds were made."""

    value: float
    low: float
    high: float
    how: str

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Source:
    """What a number came from; written beside every result."""

    model: str
    revision: str
    weights: str
    """SHA-256 of the weight files, or how they were made (`random init, seed 0`), or `not read`."""
    dtype: str
    device: str
    corpus: str
    corpus_digest: str
    seed: int
    notes: tuple[str, ...] = ()
    """Sentences every reader must see: a de-quantised checkpoint, texts left out and why."""
    versions: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in vars(self).items()}
