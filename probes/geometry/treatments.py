"""Centring, all-but-the-top and whitening: fitted on some rows, applied to others.

All-but-the-top (Mu & Viswanath, ICLR 2018): x - m - sum_{i <= D} (u_i'x~) u_i, x~ = x - m, D = width / 100, at least 1.
Whitening (Su et al. 2021): (x - m) U L^(-1/2), the directions without variance left out.
"""

from dataclasses import dataclass

import numpy as np

RAW, CENTRED, ABTT, WHITENED = "as they are", "centred", "all but the top", "whitened"
TREATMENTS = (RAW, CENTRED, ABTT, WHITENED)
_NOTHING = 1e-9
"""Of the largest eigenvalue: what lies below is no variance."""


@dataclass(frozen=True)
class Treatment:
    """An affine map that was learnt from rows: apply(x) = (x - shift) @ matrix, no matrix for the identity."""

    name: str
    shift: np.ndarray
    matrix: np.ndarray | None = None

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Return rows [row, width] as they are after it, float64."""
        moved = rows.astype(np.float64) - self.shift
        return moved if self.matrix is None else moved @ self.matrix


def fit(name: str, rows: np.ndarray, *, top: int | None = None) -> Treatment:
    """Learn a treatment from rows [row, width]; `top` is how many axes all-but-the-top removes."""
    rows = rows.astype(np.float64)
    width = rows.shape[1]
    if name == RAW:
        return Treatment(name, np.zeros(width))
    center = rows.mean(0)
    if name == CENTRED:
        return Treatment(name, center)
    _, size, axes = np.linalg.svd(rows - center, full_matrices=False)
    if name == ABTT:
        removed = axes[: max(1, width // 100) if top is None else top]
        return Treatment(name, center, np.eye(width) - removed.T @ removed)
    if name == WHITENED:
        values = size**2 / (len(rows) - 1)
        there = values > _NOTHING * values.max(initial=0)
        return Treatment(name, center, axes[there].T / np.sqrt(values[there]))
    raise ValueError(f"No treatment is called '{name}'; there are {', '.join(TREATMENTS)}.")
