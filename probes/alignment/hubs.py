"""Hubs: sentences that are near to everything and take the place of translations, and the score without them.

CSLS (Lample et al., ICLR 2018): 2 S_ij - r_i - r_j with r the mean similarity to the k nearest of the other language,
the translation included. Hubness (Radovanovic et al., JMLR 2010): the skewness of how often each sentence is among the
k nearest of another.
"""

import numpy as np

from probes.alignment.checks import square


def csls(s: np.ndarray, k: int = 10) -> np.ndarray:
    """Return similarities [..., row, row] of which each side's mean over its `k` nearest is taken away.

    With fewer than `k` sentences all of them are the nearest. In float64: rounded, sentences that differ could tie.
    """
    s = square(s).astype(np.float64)
    k = min(k, s.shape[-1])
    of_x, of_y = _nearest_mean(s, k), _nearest_mean(s.swapaxes(-1, -2), k)
    return 2 * s - of_x[..., :, None] - of_y[..., None, :]


def _nearest_mean(s: np.ndarray, k: int) -> np.ndarray:
    near = np.sort(s, axis=-1)[..., -k:]  # in order, so that equal neighbourhoods have one sum to the last bit
    return np.ascontiguousarray(near).mean(-1)


def occurrences(s: np.ndarray, k: int = 10) -> np.ndarray:
    """Return int [..., column]: how many rows have it among their `k` most similar; the lower column first in a tie."""
    n = square(s).shape[-1]
    near = np.argsort(-s, axis=-1, kind="stable")[..., : min(k, n)]
    flat = near.reshape(-1, n * min(k, n))
    return np.stack([np.bincount(line, minlength=n) for line in flat]).reshape(*s.shape[:-2], n)


def hubness(s: np.ndarray, k: int = 10) -> np.ndarray:
    """Return [...]: the skewness (population) of `occurrences`; 0 where all occur equally often."""
    counts = occurrences(s, k).astype(np.float64)
    centred = counts - counts.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1))
    return (centred**3).mean(-1) / np.where(spread > 0, spread, 1) ** 3
