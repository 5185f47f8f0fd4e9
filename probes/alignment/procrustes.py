"""Procrustes: how near can a rotation bring one side to the other?

With both sides centred and nuc = |X'Y|_* / (|X| |Y|) in [0, 1], Williams et al., NeurIPS 2021, and Ding et al., NeurIPS
2021. With as many dimensions as rows a rotation fits almost anything: compare with shuffled pairs. The narrower side is
filled up with zeros.
"""

import numpy as np

from probes.alignment.checks import around_mean, pair
from probes.linalg import rotated_short, turned_onto


def distance(x: np.ndarray, y: np.ndarray) -> float:
    """Return sqrt(2 - 2 nuc): what is left between the sides, each of length 1, after the best rotation."""
    return _left(*_sides(x, y))


def angular(x: np.ndarray, y: np.ndarray) -> float:
    """Return arccos(nuc), a metric on shapes; computed from the distance, which is exact where shapes are near."""
    return float(2 * np.arcsin(min(distance(x, y) / 2, 1.0)))


def shape(x: np.ndarray, y: np.ndarray) -> float:
    """Return sqrt(|X|^2 + |Y|^2 - 2 |X'Y|_*): size and shape, what is left without making the sides one length."""
    x, y = pair(x, y, what="Procrustes")
    around_mean(x, "x"), around_mean(y, "y")
    x, y = x - x.mean(0), y - y.mean(0)
    most = max(np.abs(x).max(), np.abs(y).max())
    return float(most) * _left(rotated_short(x / most), rotated_short(y / most))


def bures(x: np.ndarray, y: np.ndarray) -> float:
    """Return normalised Bures similarity of centred Grams, tr (K^1/2 L K^1/2)^1/2 / sqrt(tr K tr L), which is nuc."""
    x, y = _sides(x, y)
    return float(min(np.linalg.svd(x.T @ y, compute_uv=False).sum(), 1.0))


def _sides(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sides centred, of length 1, and no wider than there are rows."""
    sides = []
    for side, name in zip(pair(x, y, what="Procrustes"), "xy", strict=True):
        side = rotated_short(around_mean(side, name))
        sides.append(side / np.linalg.norm(side))
    return sides[0], sides[1]


def _left(x: np.ndarray, y: np.ndarray) -> float:
    """Return |X Q - Y| for the best orthogonal Q."""
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(side, ((0, 0), (0, width - side.shape[1]))) for side in (x, y))
    return float(np.linalg.norm(x @ turned_onto(x, y) - y))
