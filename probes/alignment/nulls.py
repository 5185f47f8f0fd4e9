"""What MEXA and any other measure would say of sentences paired at random, the two clouds of vectors as they are.

A random pairing makes sentence i a hit when it is paired with j and S_ij is above all else in its row and column: one
of M mutual nearest neighbours, in M rows and M columns apart. So the hits of a random pairing are the places where a
random permutation meets M given cells: M/n on average (a share of M/n^2 <= 1/n), about Poisson, exactly as below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np

from probes.alignment.checks import square
from probes.alignment.mexa import chances, hits


@dataclass(frozen=True)
class Null:
    """MEXA under random pairing, by layer: arrays [...]."""

    mutual: np.ndarray
    """Mutual nearest neighbours M, paired rightly or not."""
    share: np.ndarray
    """MEXA to be expected of a random pairing: M / n^2."""
    p: np.ndarray
    """The chance that a random pairing has as many hits as there are."""


def mutual_neighbours(s: np.ndarray) -> np.ndarray:
    """Return int [..., row]: the column that is a row's strict mutual nearest neighbour, or -1."""
    best = square(s).argmax(-1)
    top = np.take_along_axis(s, best[..., None], -1)[..., 0]
    in_row = (s == top[..., None]).sum(-1) == 1
    columns = s.max(-2)
    in_column = np.take_along_axis(columns, best, -1) == top
    alone = np.take_along_axis((s == columns[..., None, :]).sum(-2), best, -1) == 1
    return np.where(in_row & in_column & alone, best, -1)


def null(s: np.ndarray) -> Null:
    """Return the closed-form permutation null of MEXA for similarities [..., row, row]."""
    n = s.shape[-1]
    mutual = np.asarray((mutual_neighbours(s) >= 0).sum(-1))
    found = np.asarray(hits(s).sum(-1))
    p = [_at_least(int(h), int(m), n) for h, m in zip(found.ravel(), mutual.ravel(), strict=True)]
    return Null(mutual, mutual / n**2, np.array(p).reshape(mutual.shape))


def null_at(s: np.ndarray, m: int) -> np.ndarray:
    """Return [...]: MEXA@m to be expected of a random pairing, which is higher than at all n: up to 1 / m.

    Of i paired with j, and m - 1 other pairs drawn, neither rows nor columns may hold one that reaches S_ij, and both
    are drawn independently: mean_ij P(r_ij) P(c_ij), with r and c the entries that do and P(b) as in MEXA@m.
    """
    of = chances(s.shape[-1], m)
    return (of[_reaching(s)] * of[_reaching(s.swapaxes(-1, -2)).swapaxes(-1, -2)]).mean((-1, -2))


def _reaching(s: np.ndarray) -> np.ndarray:
    """Return int [..., row, column]: how many others of its row are at least as high as each entry."""
    flat = square(s).reshape(-1, s.shape[-1])
    below = [np.searchsorted(np.sort(row), row, side="left") for row in flat]
    return s.shape[-1] - 1 - np.reshape(below, s.shape)


def _at_least(hits: int, cells: int, n: int) -> float:
    """Return the chance that a random permutation of n meets at least `hits` of `cells` in rows and columns apart.

    sum_{k >= h} (-1)^(k-h) C(k-1, h-1) C(M, k) (n-k)! / n!, whose terms fall faster than 1 / k!.
    """
    if not hits:
        return 1.0
    total = 0.0
    for k in range(hits, cells + 1):
        size = _choose(k - 1, hits - 1) + _choose(cells, k) + lgamma(n - k + 1) - lgamma(n + 1)
        term = exp(size)
        total += term if (k - hits) % 2 == 0 else -term
        if term < 1e-17 * abs(total):
            break
    return min(max(total, 0.0), 1.0)


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def any_layer(s: np.ndarray, *, draws: int = 1000, seed: int = 0) -> tuple[np.ndarray, float]:
    """Return the best layer's hits under `draws` random pairings [draw], and the chance of as many as there are.

    For the question whether any layer of [layer, row, row] is aligned: every layer is paired alike, and the best taken.
    """
    partner = mutual_neighbours(s)
    draw, n = np.random.default_rng(seed), s.shape[-1]
    best = np.array([(partner == draw.permutation(n)).sum(-1).max() for _ in range(draws)])
    found = hits(s).sum(-1).max()
    return best, float((1 + (best >= found).sum()) / (1 + draws))


def shuffled(
    measure: Callable[[np.ndarray, np.ndarray], float], x: np.ndarray, y: np.ndarray, *, draws: int = 20, seed: int = 0
) -> np.ndarray:
    """Return [draw]: a measure of x and y whose rows are paired at random, which is never 0 for many of them."""
    draw = np.random.default_rng(seed)
    return np.array([measure(x, y[draw.permutation(len(y))]) for _ in range(draws)])
