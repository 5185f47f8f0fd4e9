"""Axes and their signs: arrays in, numbers out."""

from collections.abc import Callable, Iterator

import numpy as np


def principal_axes(rows: np.ndarray, n: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the center [width], the first `n` principal axes [width, n] and their shares of the variance [n].

    Each axis points to the side where its largest coordinate is positive, so that the same data draw the same picture.
    With fewer than `n` directions of variance the remaining axes are zero, and so are their shares.
    """
    return streamed_axes(lambda: iter([rows]), n)


def streamed_axes(blocks: Callable[[], Iterator[np.ndarray]], n: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what `principal_axes` does, of rows that come in blocks [row, width]; `blocks` is called twice.

    Memory is that of one block and of the covariance, however many rows there are.
    """
    count, total = 0, np.zeros(0)
    for block in blocks():
        total = (total if count else 0) + block.sum(0, dtype=np.float64)
        count += len(block)
    center = total / max(count, 1)
    spread = np.zeros((len(center), len(center)))
    for block in blocks():
        centred = block - center
        spread += centred.T @ centred
    axes, shares = _leading(spread / max(count - 1, 1), n)
    return center, axes, shares


def _leading(spread: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    width = len(spread)
    axes, shares = np.zeros((width, n), np.float64), np.zeros(n)
    values, vectors = np.linalg.eigh(spread)
    total = values.clip(0).sum()
    for k in range(min(n, width)):
        value, vector = values[-1 - k], vectors[:, -1 - k]
        if total > 0 and value > 1e-12 * total:
            axes[:, k] = vector * np.sign(vector[np.argmax(np.abs(vector))])
            shares[k] = value / total
    return axes, shares


def turned_onto(rows: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """Return the rotation or reflection [width, width] that brings rows [row, width] nearest to others, row by row.

    The orthogonal Procrustes solution (Schönemann, 1966): U V' of the singular vectors of rows' @ onto.
    """
    u, _, vh = np.linalg.svd(rows.T @ onto)
    return np.asarray(u @ vh)


def double_centred(k: np.ndarray) -> np.ndarray:
    """Return HKH [..., row, row] in float64, H = I - 11'/n: what of a Gram or distance matrix a shift cannot move."""
    k = np.asarray(k, np.float64)
    rows, columns = k.mean(-1, keepdims=True), k.mean(-2, keepdims=True)
    return k - rows - columns + rows.mean(-2, keepdims=True)


def u_centred(k: np.ndarray) -> np.ndarray:
    """Return the U-centred symmetric matrix [..., row, row] in float64, whose inner products are unbiased (n > 3).

    The diagonal goes first, row sums are divided by n - 2 and their half mean by n - 1 (Szekely & Rizzo 2014): what is
    left has rows that add up to 0 off the diagonal, and <A, B> / (n (n - 3)) is the unbiased HSIC of Song et al. 2012.
    """
    k = np.array(k, np.float64)
    n = k.shape[-1]
    on = np.arange(n)
    k[..., on, on] = 0
    means = k.sum(-1, keepdims=True) / (n - 2)
    means -= means.sum(-2, keepdims=True) / (2 * (n - 1))
    k -= means + means.swapaxes(-1, -2)
    k[..., on, on] = 0
    return k


def squared_distances(x: np.ndarray) -> np.ndarray:
    """Return float64 squared Euclidean distances [row, row] between the rows of x; exactly 0 between equal rows.

    From inner products, except where these cancel: near rows are subtracted from each other.
    """
    x = np.asarray(x, np.float64)
    x = x - x.mean(0)
    size = np.einsum("rd,rd->r", x, x)
    found = size[:, None] + size[None, :] - 2 * (x @ x.T)
    near = found < 1e-4 * (size[:, None] + size[None, :])
    for row in np.flatnonzero(near.any(1)):
        apart = x[near[row]] - x[row]
        found[row, near[row]] = np.einsum("rd,rd->r", apart, apart)
    return (found + found.T) / 2


def rotated_short(x: np.ndarray) -> np.ndarray:
    """Return rows [row, min(row, width)] with the inner products of x: a rotation that leaves out empty directions."""
    return x if x.shape[1] <= x.shape[0] else np.asarray(np.linalg.qr(x.T, mode="r")).T


def orthonormal(x: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis [row, rank] of what the columns of x span, to numerical rank."""
    basis, size, _ = np.linalg.svd(x, full_matrices=False)
    return basis[:, size > size.max(initial=0) * max(x.shape) * np.finfo(np.float64).eps]


def principal_angles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the angles between two subspaces, in degrees, smallest first: the columns [width, rank] span them.

    Small angles are taken from their sines, as cosines near one have lost their digits (Björck & Golub, 1973).
    """
    if one.ndim != 2 or one.shape != other.shape or one.shape[1] > one.shape[0]:
        raise ValueError(f"Two bases must be [width, rank] alike; got {list(one.shape)} and {list(other.shape)}.")
    a, b = (np.linalg.qr(basis.astype(np.float64)).Q for basis in (one, other))
    cosines = np.linalg.svd(a.T @ b, compute_uv=False).clip(0, 1)
    sines = np.linalg.svd(b - a @ (a.T @ b), compute_uv=False)[::-1].clip(0, 1)
    return np.degrees(np.where(cosines > np.sqrt(0.5), np.arcsin(sines), np.arccos(cosines)))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean squared cosine of the principal angles: 1 for equal subspaces, 0 for orthogonal ones.

    Two random subspaces of rank r in width w have r / w: that, and not 0, is the chance level.
    """
    return float(np.square(np.cos(np.radians(principal_angles(one, other)))).mean())


def chance_angles(width: int, rank: int, *, draws: int = 20, seed: int = 0) -> np.ndarray:
    """Return the principal angles [rank] that two random subspaces have on average, in degrees."""
    draw = np.random.default_rng(seed)
    return np.mean([principal_angles(*draw.normal(size=(2, width, rank))) for _ in range(draws)], axis=0)
