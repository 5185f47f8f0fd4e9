"""How far translations stand apart from other sentences: a distance that keeps moving where a share of hits is full."""

import numpy as np

from probes.alignment.checks import square
from probes.alignment.grams import rivals


def margin(s: np.ndarray) -> np.ndarray:
    """Return [...]: mean_i [S_ii - max_{j != i} max(S_ij, S_ji)], the distance MEXA only takes the sign of."""
    right, rival = rivals(square(s).astype(np.float64))
    return (right - rival).mean(-1)


def dprime(s: np.ndarray) -> np.ndarray:
    """Return [...]: d' = (mean of pairs - mean of others) / sqrt((variance of pairs + variance of others) / 2).

    Variances are of the population. Where nothing varies there is no scale to measure by: nan.
    """
    s = square(s).astype(np.float64)
    n = s.shape[-1]
    right, others = np.diagonal(s, axis1=-2, axis2=-1), s[..., ~np.eye(n, dtype=bool)]
    spread = np.sqrt((right.var(-1) + others.var(-1)) / 2)
    some = spread > 1e-12 * np.abs(s).max((-1, -2))
    return np.where(some, (right.mean(-1) - others.mean(-1)) / np.where(some, spread, 1), np.nan)


def pair_cosines(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean similarity of translations and of all other pairs, [...] each: high beside high means nothing."""
    s = square(s).astype(np.float64)
    n = s.shape[-1]
    right = np.trace(s, axis1=-2, axis2=-1)
    return right / n, (s.sum((-1, -2)) - right) / (n * (n - 1))
