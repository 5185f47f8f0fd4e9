"""The stored states that probes read together, and the affine map under which they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch

Recipe = Literal["strata", "published"]

GAP = 14.0
"""Root mean square distance of neighbouring words after scaling, so that the hinge's unit margin means the same
everywhere; all-MiniLM-L6-v2 is near it as it is."""
ENOUGH = 20_000
"""Training words that the map is taken from, at most: those of the first snippets, whose order is random."""
FAR = 5.0
"""Times the median length of a word's state, beyond which it is no measure of the others."""


class Rows(Protocol):
    """What a series reads from: stored states, or rows made when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and width."""
        ...

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return float32 [row, width]."""
        ...


@dataclass(frozen=True)
class OneHot:
    """Rows that say which of `width` kinds a word is of, and nothing else; all zeros for a kind of -1."""

    kinds: np.ndarray
    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and width."""
        return len(self.kinds), self.width

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return float32 [row, width]."""
        return (self.kinds[rows][:, None] == np.arange(self.width)).astype(np.float32)


@dataclass(frozen=True)
class Joined:
    """Two series side by side, each under its own map: what the probe of both may read."""

    one: "Series"
    other: "Series"

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and width."""
        a, b = self.one.arrays[0].shape, self.other.arrays[0].shape
        return a[0], a[1] + b[1]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return float32 [row, width]."""
        return np.concatenate([series.mapped(rows) for series in (self.one, self.other)], axis=1)


@dataclass(frozen=True)
class Series:
    """States of all series, float32 [row, width] each, and the affine map applied when a batch is read."""

    arrays: tuple[Rows, ...]
    center: np.ndarray
    """[series, width]"""
    scale: np.ndarray
    """[series]"""
    device: str

    def take(self, rows: np.ndarray) -> torch.Tensor:
        """Return the rows of every series on the device: [series, row, width]."""
        block = torch.from_numpy(np.stack([array[rows] for array in self.arrays])).to(self.device)
        center = torch.from_numpy(self.center).to(self.device)
        scale = torch.from_numpy(self.scale).to(self.device)
        return block.sub_(center[:, None]).mul_(scale[:, None, None])

    def mapped(self, rows: Any) -> np.ndarray:
        """Return the rows of the first series as a probe sees them: float32 [row, width]."""
        return (self.arrays[0][rows] - self.center[0]) * self.scale[0]

    def pick(self, which: Sequence[int]) -> "Series":
        """Return the series at some places."""
        return Series(tuple(self.arrays[i] for i in which), self.center[which], self.scale[which], self.device)

    def part(self, which: slice) -> "Series":
        """Return some of the series."""
        return Series(self.arrays[which], self.center[which], self.scale[which], self.device)


def plain(rows: Rows, scale: float, device: str) -> Series:
    """Return one series that is read as it is, up to a scale."""
    return Series((rows,), np.zeros((1, rows.shape[1]), np.float32), np.array([scale], np.float32), device)


def series_of(arrays: Sequence[Rows], starts: np.ndarray, *, recipe: Recipe, device: str) -> Series:
    """Return the states with the map of the recipe: none, or centred with one scale a series, both of training rows.

    `starts` are those of the training snippets, which come first. One scale a series cannot favour a direction, so the
    subspace found is one of the model's own states. Neither is taken from words `FAR` out: in many decoders the state
    of a text's first token is a hundred times as long as the others from some layer on (massive activations, Sun et
    al., 2024), and would shrink all others to nothing. States are finite: `study.states_of` refuses others.
    """
    width = arrays[0].shape[1]
    starts = starts[: max(2, int(np.searchsorted(starts, ENOUGH, side="right")))]  # of whole snippets
    rows = int(starts[-1])
    if recipe == "published":
        return Series(
            tuple(arrays), np.zeros((len(arrays), width), np.float32), np.ones(len(arrays), np.float32), device
        )
    inside = np.ones(rows - 1, bool)
    inside[starts[1:-1] - 1] = False  # not from one snippet to the next
    center, scale = [], []
    for array in arrays:
        part = np.asarray(array[:rows])
        near = usual(part)
        both = inside & near[1:] & near[:-1]
        steps = np.square(part[1:][both] - part[:-1][both]).sum(1, dtype=np.float64)
        step = np.sqrt(steps.mean()) if len(steps) else 0.0
        center.append(part[near].mean(0, dtype=np.float64))
        scale.append(GAP / step if step > 0 else 1.0)  # a constant series stays as it is, and scores what it deserves
    return Series(tuple(arrays), np.array(center, np.float32), np.array(scale, np.float32), device)


def usual(rows: np.ndarray) -> np.ndarray:
    """Say of each row [row, width] whether its length is within `FAR` times the median length."""
    length = np.sqrt(np.square(rows).sum(1, dtype=np.float64))
    return np.asarray(~(length > FAR * np.median(length)))  # a row of NaN is left in, to be found by its scores
