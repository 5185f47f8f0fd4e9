"""What does a map keep of the cloud it was drawn of? Every number is 1 for a perfect map.

Trustworthiness and continuity (Venna & Kaski, Neural Networks 2006): 1 - 2 / (n k (2n - 3k - 1)) times the ranks beyond
k, in the cloud, of points that are neighbours in the map alone; and the other way round. Neighbours kept: the share of
the k nearest that are among the k nearest in the map. Distances: Spearman's correlation over all pairs. Of many points
a sample is judged, each among all the others: means of the same terms over fewer points.
"""

from dataclasses import dataclass

import numpy as np

from probes import linalg, stats
from probes.errors import StrataError
from probes.geometry.projection import Directed

MOST_JUDGED, FEWEST_JUDGED = 1000, 100
"""Points that a map is judged on, each among all others: a thousand of up to 20,000, a hundred of a million."""
_WORK, _TABLE, _PART = 20_000_000, 4_000_000, 8192


@dataclass(frozen=True)
class Kept:
    """What a map of n points keeps, among k neighbours."""

    trustworthiness: float
    continuity: float
    neighbours: float
    distances: float


def kept(rows: np.ndarray | Directed, xy: np.ndarray, k: int, some: np.ndarray | None = None) -> Kept:
    """Compare rows [row, width] with their map [row, 2]; raises E-MAP-FEW when n is not above 2 k.

    `some` names the points that are judged, each among all the rows: means over a sample of the same terms. Distances
    are then compared between those points.
    """
    n = len(rows)
    some = np.arange(n) if some is None else some
    if n <= 2 * k:
        raise StrataError(
            "E-MAP-FEW", f"{n} points are too few to judge a map by {k} neighbours.", fix=f"Give more than {2 * k}."
        )
    parts = []
    for block in _blocks(some, n):
        cloud, drawn = _ranks(_far(rows, block), block), _ranks(_far(xy, block), block)
        false, lost = (drawn <= k) & (cloud > k), (cloud <= k) & (drawn > k)
        parts.append(((cloud[false] - k).sum(), (drawn[lost] - k).sum(), shared(cloud, drawn, k) * len(block)))
    strange, missed, both = np.sum(parts, axis=0)
    scale = 2 / (len(some) * k * (2 * n - 3 * k - 1))
    pairs = np.triu_indices(len(some), 1)
    apart, drawn_apart = (linalg.squared_distances(x[some])[pairs] for x in (rows, xy))
    rho = float(stats.spearman(apart, drawn_apart))
    return Kept(
        1 - scale * float(strange),
        1 - scale * float(missed),
        float(both) / len(some),
        rho if np.isfinite(rho) else 0.0,
    )


def agreement(one: np.ndarray, other: np.ndarray, k: int, some: np.ndarray | None = None) -> float:
    """Return the share of the k nearest in one map [row, 2] that are among the k nearest in another of the same."""
    some = np.arange(len(one)) if some is None else some
    blocks = _blocks(some, len(one))
    found = [shared(_ranks(_far(one, b), b), _ranks(_far(other, b), b), k) * len(b) for b in blocks]
    return float(np.sum(found)) / len(some)


def sample(n: int, seed: int = 0) -> np.ndarray:
    """Return the rows that a map of n points is judged on: all up to a thousand, fewer of very many, in order."""
    most = max(FEWEST_JUDGED, min(MOST_JUDGED, _WORK // max(n, 1)))
    return np.sort(np.random.default_rng(seed).permutation(n)[:most])


def shared(one: np.ndarray, other: np.ndarray, k: int) -> float:
    """Return the share of the k first that two tables of ranks [row, row] have in common; a point is not its own."""
    both = int(((one <= k) & (other <= k)).sum()) - len(one)
    return both / (k * len(one))


def _blocks(some: np.ndarray, n: int) -> list[np.ndarray]:
    """Return the points to judge in parts whose tables of ranks are small; all at once when they are all."""
    if len(some) == n:
        return [some]
    size = max(1, _TABLE // n)
    return [some[first : first + size] for first in range(0, len(some), size)]


def _far(rows: np.ndarray | Directed, some: np.ndarray) -> np.ndarray:
    """Return squared distances [some, row], from a part of the rows at a time."""
    if len(some) == len(rows):
        return linalg.squared_distances(rows[:])
    middle = rows[some].mean(0, dtype=np.float64)
    these = rows[some] - middle
    found = np.empty((len(some), len(rows)))
    for first in range(0, len(rows), _PART):
        those = rows[first : first + _PART] - middle
        found[:, first : first + _PART] = np.square(those).sum(1) - 2 * these @ those.T
    return found + np.square(these).sum(1, keepdims=True)


def _ranks(squared: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Return the rank [some, row] of every other point from each, 1 for the nearest, 0 for itself; equals in order."""
    squared = squared.copy()
    squared[np.arange(len(some)), some] = -np.inf
    order = np.argsort(squared, axis=1, kind="stable")
    found = np.empty_like(order)
    np.put_along_axis(found, order, np.arange(squared.shape[1])[None, :].repeat(len(some), 0), axis=1)
    return found
