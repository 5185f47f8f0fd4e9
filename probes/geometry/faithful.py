"""What does a map keep of the cloud it was drawn of? Every number is 1 for a perfect map.

Trustworthiness and continuity (Venna & Kaski, Neural Networks 2006): 1 - 2 / (n k (2n - 3k - 1)) times the ranks beyond
k, in the cloud, of points that are neighbours in the map alone; and the other way round. Neighbours kept: the share of
the k nearest that are among the k nearest in the map. Distances: Spearman's correlation over all pairs.
"""

from dataclasses import dataclass

import numpy as np

from probes import linalg, stats
from probes.errors import StrataError


@dataclass(frozen=True)
class Kept:
    """What a map of n points keeps, among k neighbours."""

    trustworthiness: float
    continuity: float
    neighbours: float
    distances: float


def kept(rows: np.ndarray, xy: np.ndarray, k: int) -> Kept:
    """Compare rows [row, width] with their map [row, 2]; raises E-MAP-FEW when n is not above 2 k."""
    n = len(rows)
    if n <= 2 * k:
        raise StrataError(
            "E-MAP-FEW", f"{n} points are too few to judge a map by {k} neighbours.", fix=f"Give more than {2 * k}."
        )
    far, near = linalg.squared_distances(rows), linalg.squared_distances(xy)
    cloud, drawn = _ranks(far), _ranks(near)
    false, lost = (drawn <= k) & (cloud > k), (cloud <= k) & (drawn > k)
    scale = 2 / (n * k * (2 * n - 3 * k - 1))
    pairs = np.triu_indices(n, 1)
    rho = float(stats.spearman(far[pairs], near[pairs]))
    return Kept(
        1 - scale * float((cloud[false] - k).sum()),
        1 - scale * float((drawn[lost] - k).sum()),
        shared(cloud, drawn, k),
        rho if np.isfinite(rho) else 0.0,
    )


def agreement(one: np.ndarray, other: np.ndarray, k: int) -> float:
    """Return the share of the k nearest in one map [row, 2] that are among the k nearest in another of the same."""
    return shared(_ranks(linalg.squared_distances(one)), _ranks(linalg.squared_distances(other)), k)


def shared(one: np.ndarray, other: np.ndarray, k: int) -> float:
    """Return the share of the k first that two tables of ranks [row, row] have in common; a point is not its own."""
    both = int(((one <= k) & (other <= k)).sum()) - len(one)
    return both / (k * len(one))


def _ranks(squared: np.ndarray) -> np.ndarray:
    """Return the rank of every other point from each, 1 for the nearest, 0 for itself; equals in the rows' order."""
    squared = squared.copy()
    np.fill_diagonal(squared, -1)
    order = np.argsort(squared, axis=1, kind="stable")
    found = np.empty_like(order)
    np.put_along_axis(found, order, np.arange(len(order))[None, :].repeat(len(order), 0), axis=1)
    return found
