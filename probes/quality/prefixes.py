"""The similarities of vectors cut to their first d numbers, for every d at the cost of one (cumulative products).

cos of the first d numbers is sum_{i<d} a_i b_i over the root of sum_{i<d} a_i^2 times sum_{i<d} b_i^2: each d adds to
the sums of the one before. Lengths are taken after the cut, as sentence-transformers and Starbucks do.
"""

from collections.abc import Callable, Iterator

import numpy as np

SHARES = (1 / 24, 1 / 12, 1 / 6, 1 / 3, 2 / 3, 1.0)
"""The shares of width and depth along Starbucks' diagonal (Zhuang et al., 2024): 32 of 768 dimensions at 2 of 12."""


def sizes(width: int) -> tuple[int, ...]:
    """Return the numbers of dimensions that are tried: powers of two from 8, and Starbucks' shares of the width.

    >>> sizes(384)
    (8, 16, 32, 64, 128, 256, 384)
    """
    powers = [2**i for i in range(3, 16) if 2**i <= width]
    return tuple(sorted({*powers, *(max(1, round(width * share)) for share in SHARES)}))


def diagonal(depth: int, width: int) -> tuple[tuple[int, int], ...]:
    """Return (layer, dimensions) along Starbucks' diagonal: sixths of the depth, its shares of the width.

    >>> diagonal(12, 768)
    ((2, 32), (4, 64), (6, 128), (8, 256), (10, 512), (12, 768))
    """
    steps = enumerate(SHARES, 1)
    return tuple((max(1, round(depth * i / 6)), max(1, round(width * share))) for i, share in steps)


def paired(one: np.ndarray, other: np.ndarray, dims: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield cosines float64 [pair] of rows [pair, width] cut to each of `dims`, which rise; 0 for a zero vector."""
    total = [np.zeros(len(one)) for _ in range(3)]
    for start, stop in zip((0, *dims), dims, strict=False):
        a, b = (side[:, start:stop].astype(np.float64) for side in (one, other))
        for sums, (left, right) in zip(total, ((a, b), (a, a), (b, b)), strict=True):
            sums += np.einsum("pd,pd->p", left, right)
        yield _cosine(total[0], total[1] * total[2])


def all_against_all(one: np.ndarray, other: np.ndarray, dims: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield cosines float64 [row, row] of all rows with all others, cut to each of `dims`, which rise."""
    across = np.zeros((len(one), len(other)))
    sizes_of = [np.zeros(len(one)), np.zeros(len(other))]
    for start, stop in zip((0, *dims), dims, strict=False):
        a, b = (side[:, start:stop].astype(np.float64) for side in (one, other))
        across += a @ b.T
        for sums, rows in zip(sizes_of, (a, b), strict=True):
            sums += np.einsum("rd,rd->r", rows, rows)
        yield _cosine(across, np.outer(*sizes_of))


def way(*, rated: bool) -> Callable[[np.ndarray, np.ndarray, tuple[int, ...]], Iterator[np.ndarray]]:
    """Return what compares: `paired` where pairs are rated, `all_against_all` where partners must be found."""
    return paired if rated else all_against_all


def cosines(one: np.ndarray, other: np.ndarray, *, rated: bool) -> np.ndarray:
    """Return cosines of whole rows, float64 [pair] where they are rated, else [row, row]."""
    return next(way(rated=rated)(one, other, (one.shape[1],)))


def _cosine(across: np.ndarray, squares: np.ndarray) -> np.ndarray:
    return np.divide(across, np.sqrt(squares), out=np.zeros_like(across), where=squares > 0)
