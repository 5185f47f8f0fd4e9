"""Finding a sentence's translation among all of the other language: ranks, P@k and MRR, each way.

A tie counts against the translation, as in MEXA: of equal vectors none is the first.
"""

import numpy as np

from probes.alignment.checks import square


def target_ranks(s: np.ndarray) -> np.ndarray:
    """Return [..., row]: the rank, from 1, of each row's translation among its row of similarities."""
    right = np.diagonal(square(s), axis1=-2, axis2=-1)
    return (s >= right[..., None]).sum(-1)


def both_ranks(s: np.ndarray) -> np.ndarray:
    """Return [..., 2, row]: the ranks from x to y, and from y to x."""
    return np.stack([target_ranks(s), target_ranks(s.swapaxes(-1, -2))], axis=-2)


def precision_at(s: np.ndarray, k: int = 1) -> np.ndarray:
    """Return [...]: the share of translations among the first `k`, mean of both ways."""
    return (both_ranks(s) <= k).mean((-1, -2))


def reciprocal_rank(s: np.ndarray) -> np.ndarray:
    """Return [...]: MRR, the mean of 1 / rank of both ways."""
    return (1 / both_ranks(s)).mean((-1, -2))


def median_rank(s: np.ndarray) -> np.ndarray:
    """Return [...]: the median rank of both ways."""
    return np.median(both_ranks(s).reshape(*s.shape[:-2], -1), axis=-1)
