"""Taking a subspace out of hidden states, and the random subspaces that taking it out is compared with.

With the orthonormal columns Q of a subspace and the mean m of the states there:

    remove   h - (h - m) Q Q'        every state gets the mean's part in the subspace
    keep     m + (h - m) Q Q'        every state gets the mean's part outside of it

A random subspace of equal rank loses as many dimensions, but mostly less (or more) of what varies. One of equal
variance has the same rank too, and is drawn with the states' own covariance raised to that power which makes it hold
just as much of their variance.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from probes.models.sites import Edit
from probes.syntax.analysis import SyntaxResult

STEPS = 40
"""Halvings of the power's range: more digits than the share of variance is shown with."""
STEEPEST = 8.0
FLOOR = 1e-6
"""Least part of the largest variance that a direction counts as having: no power of nothing is of use."""


@dataclass(frozen=True)
class Moments:
    """Mean [width] and covariance [width, width] of the states of one layer, float64."""

    mean: np.ndarray
    spread: np.ndarray

    def share(self, basis: np.ndarray) -> float:
        """Return how much of the variance lies in a subspace of orthonormal columns [width, rank], 0 to 1."""
        total = float(np.trace(self.spread))
        return float(np.einsum("wr,wv,vr->", basis, self.spread, basis, optimize=True)) / total if total > 0 else 0.0


def syntactic(run: SyntaxResult, layer: int, rank: int) -> np.ndarray:
    """Return orthonormal columns [width, rank] of what the probe of a layer sees.

    The probe reads `(h - center) * scale @ basis`, its axes weighed by `exp(stretch)`: of a lower rank than the run's,
    the directions that weigh most.
    """
    seen = np.broadcast_to(run.scale[layer], run.center[layer].shape)[:, None] * run.basis[layer].astype(np.float64)
    directions: np.ndarray = np.linalg.svd(seen * np.exp(run.stretch[layer]), full_matrices=False)[0]
    return directions[:, :rank]


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


def editor(basis: np.ndarray, mean: np.ndarray, *, keep: bool) -> Callable[[torch.Tensor], Edit]:
    """Return what makes, of the places [text, token] to be edited, the edit that removes a subspace, or keeps only it.

    It is computed in float32, whatever the model's type.
    """
    q, m = torch.from_numpy(basis.astype(np.float32)), torch.from_numpy(mean.astype(np.float32))

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            axes, middle = q.to(states.device), m.to(states.device)
            rows = states.float()
            inside = (rows - middle) @ axes @ axes.T
            changed = middle + inside if keep else rows - inside
            return torch.where(where.to(states.device)[..., None], changed.to(states.dtype), states)

        return edit

    return at
