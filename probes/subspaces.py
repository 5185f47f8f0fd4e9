"""Random subspaces that a subspace is compared with, matched in rank, or in rank and in the variance they hold.

A random subspace of equal rank holds as many dimensions, but mostly less (or more) of what varies. One of equal
variance has the same rank too, and is drawn with the states' own covariance raised to that power which makes it hold
just as much of their variance.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEPS = 40
"""Halvings of the power's range: more digits than the share of variance is shown with."""
STEEPEST = 8.0
FLOOR = 1e-6
"""Least part of the largest variance that a direction counts as having: no power of nothing is of use."""


@dataclass(frozen=True)
class Lent:
    """What a finished run lends to another room: a linear map of each layer's states, learnt on places of its own."""

    words: str
    """What it is, in words: the syntactic subspace of run 0123456789ab."""
    weights: str
    """Of the model whose states it maps."""
    layers: tuple[str, ...]
    project: Callable[[np.ndarray, str], np.ndarray]
    """States [row, width] of a layer → [row, rank], as the run's own probe sees them."""


@dataclass(frozen=True)
class Moments:
    """Mean [width] and covariance [width, width] of the states of one layer, float64."""

    mean: np.ndarray
    spread: np.ndarray

    def share(self, basis: np.ndarray) -> float:
        """Return how much of the variance lies in a subspace of orthonormal columns [width, rank], 0 to 1."""
        total = float(np.trace(self.spread))
        return float(np.einsum("wr,wv,vr->", basis, self.spread, basis, optimize=True)) / total if total > 0 else 0.0


def of_equal_rank(moments: Moments, rank: int, draw: np.random.Generator) -> np.ndarray:
    """Return orthonormal columns of a subspace drawn uniformly from all of its rank."""
    return np.linalg.qr(draw.normal(size=(len(moments.mean), rank))).Q


def of_equal_variance(moments: Moments, rank: int, share: float, draw: np.random.Generator) -> np.ndarray:
    """Return orthonormal columns of a random subspace that holds `share` of the variance, or as near as there is."""
    values, axes = np.linalg.eigh(moments.spread)
    logs = np.log(np.maximum(values, FLOOR * max(values[-1], np.finfo(float).tiny)))
    logs -= logs.mean()
    start = draw.normal(size=(len(logs), rank))

    def tilted(power: float) -> np.ndarray:
        weights = np.exp(power / 2 * logs - (power / 2 * logs).max())
        return axes @ np.linalg.qr(weights[:, None] * start).Q

    low, high = -STEEPEST, STEEPEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if moments.share(tilted(middle)) < share else (low, middle)
    return tilted((low + high) / 2)
