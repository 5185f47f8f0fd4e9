"""The stored states that probes read together, and the affine map under which they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

Recipe = Literal["strata", "published"]

GAP = 14.0
"""Root mean square distance of neighbouring words after scaling, so that the hinge's unit margin means the same
everywhere; all-MiniLM-L6-v2 is near it as it is."""


@dataclass(frozen=True)
class Series:
    """States of all series, float32 [row, width] each, and the affine map applied when a batch is read."""

    arrays: tuple[np.ndarray, ...]
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

    def part(self, which: slice) -> "Series":
        """Return some of the series."""
        return Series(self.arrays[which], self.center[which], self.scale[which], self.device)


def series_of(arrays: Sequence[np.ndarray], starts: np.ndarray, *, recipe: Recipe, device: str) -> Series:
    """Return the states with the map of the recipe: none, or centred with one scale a series, both of training rows.

    `starts` are those of the training snippets, which come first. One scale a series cannot favour a direction, so the
    subspace found is one of the model's own states. States are taken as finite: `study.states_of` refuses others.
    """
    width, rows = arrays[0].shape[1], int(starts[-1])
    if recipe == "published":
        return Series(
            tuple(arrays), np.zeros((len(arrays), width), np.float32), np.ones(len(arrays), np.float32), device
        )
    inside = np.ones(rows - 1, bool)
    inside[starts[1:-1] - 1] = False  # not from one snippet to the next
    center, scale = [], []
    for array in arrays:
        part = np.asarray(array[:rows])
        step = np.sqrt(np.square(part[1:][inside] - part[:-1][inside]).sum(1, dtype=np.float64).mean())
        center.append(part.mean(0, dtype=np.float64))
        scale.append(GAP / step if step > 0 else 1.0)  # a constant series stays as it is, and scores what it deserves
    return Series(tuple(arrays), np.array(center, np.float32), np.array(scale, np.float32), device)
