"""Ways to store vectors in fewer bytes: each gives what is compared afterwards, and the bytes it takes.

What a method must learn (axes, codebooks, medians) is learnt from other rows than those it stores. The stored side is
what can be read back; the asking side is exact, but for signs, which are compared with signs (Hamming distance).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from probes.linalg import principal_axes


@dataclass(frozen=True)
class Coded:
    """Rows as they come back from storage, and those they are asked with: cosines of the two are the similarities."""

    stored: np.ndarray
    asked: np.ndarray
    bytes: float
    """Of a vector."""
    shared: int = 0
    """Bytes kept once for all vectors: axes, codebooks."""


def float16(rows: np.ndarray, _learn: np.ndarray, _level: int, _seed: int) -> Coded:
    """Store half-precision numbers; what is beyond their range becomes the largest of it."""
    limit = np.finfo(np.float16).max
    return Coded(rows.clip(-limit, limit).astype(np.float16).astype(np.float64), rows, 2 * rows.shape[1])


def int8(rows: np.ndarray, _learn: np.ndarray, _level: int, _seed: int) -> Coded:
    """Store 256 even steps between the least and the largest number of each row: off by half a step at most."""
    low = rows.min(1, keepdims=True)
    step = (rows.max(1, keepdims=True) - low) / 255
    steps = np.rint(np.divide(rows - low, step, out=np.zeros_like(rows), where=step > 0))
    return Coded(low + steps * step, rows, rows.shape[1] + 8)


def low_rank(rows: np.ndarray, learn: np.ndarray, level: int, _seed: int) -> Coded:
    """Store the first `level` principal axes' coordinates, about the mean of what was learnt from."""
    center, axes, _ = principal_axes(learn, level)
    return Coded(center + (rows - center) @ axes @ axes.T, rows, 4 * level, 4 * (level + 1) * rows.shape[1])


def first(rows: np.ndarray, _learn: np.ndarray, level: int, _seed: int) -> Coded:
    """Store the first `level` numbers and no others."""
    return Coded(rows[:, :level], rows[:, :level], 4 * level)


def pruned(rows: np.ndarray, _learn: np.ndarray, level: int, _seed: int) -> Coded:
    """Store the `level` numbers of each row that are largest in absolute value, and which they are (a bit a number)."""
    kept = np.argsort(-np.abs(rows), axis=1, kind="stable")[:, :level]
    stored = np.zeros_like(rows)
    np.put_along_axis(stored, kept, np.take_along_axis(rows, kept, 1), 1)
    return Coded(stored, rows, 4 * level + rows.shape[1] / 8)


def binary(rows: np.ndarray, learn: np.ndarray, _level: int, _seed: int) -> Coded:
    """Store on which side of the median each number lies, a bit each."""
    signs = np.where(rows > np.median(learn, axis=0), 1.0, -1.0)
    return Coded(signs, signs, rows.shape[1] / 8, 4 * rows.shape[1])


def hashed(rows: np.ndarray, _learn: np.ndarray, level: int, seed: int) -> Coded:
    """Store the signs of `level` random projections: a bit differs with probability angle / pi (Charikar, 2002)."""
    planes = np.random.default_rng(seed).normal(size=(rows.shape[1], level))
    signs = np.where(rows @ planes > 0, 1.0, -1.0)
    return Coded(signs, signs, level / 8, 8)  # the planes are made again from the seed


def product(rows: np.ndarray, learn: np.ndarray, level: int, seed: int, *, codes: int = 16) -> Coded:
    """Cut each row into `level` equal parts and store of each the nearest of `codes` (Jégou et al., 2011).

    Exact when no part has more different values than codes. Raises ValueError when the width is no multiple of `level`.
    """
    width = rows.shape[1]
    if width % level:
        raise ValueError(f"{width} dimensions do not fall into {level} equal parts.")
    stored = np.empty_like(rows)
    draw = np.random.default_rng(seed)
    for part in np.split(np.arange(width), level):
        book = _book(learn[:, part], codes, draw)
        stored[:, part] = book[_nearest(rows[:, part], book)]
    return Coded(stored, rows, level * np.log2(codes) / 8, 4 * codes * width)


def _nearest(rows: np.ndarray, book: np.ndarray) -> np.ndarray:
    found: np.ndarray = (np.square(book).sum(1) - 2 * rows @ book.T).argmin(1)
    return found


def _book(rows: np.ndarray, codes: int, draw: np.random.Generator, rounds: int = 15) -> np.ndarray:
    """Return at most `codes` centres: all different rows when these are few, else Lloyd's from k-means++."""
    different = np.unique(rows, axis=0)
    if len(different) <= codes:
        return different
    book = different[[int(draw.integers(len(different)))]]
    away = np.square(rows - book[0]).sum(1)
    while len(book) < codes:
        book = np.vstack([book, rows[draw.choice(len(rows), p=away / away.sum())]])
        away = np.minimum(away, np.square(rows - book[-1]).sum(1))
    for _ in range(rounds):
        mine = _nearest(rows, book)
        counts = np.bincount(mine, minlength=codes)
        sums = np.zeros_like(book)
        np.add.at(sums, mine, rows)
        book = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], book)
    return book


Compressor = Callable[[np.ndarray, np.ndarray, int, int], Coded]
COMPRESSORS: dict[str, Compressor] = {
    "float16": float16,
    "int8": int8,
    "product": product,
    "low rank": low_rank,
    "first": first,
    "pruned": pruned,
    "hashed": hashed,
    "binary": binary,
}
"""Every way by its name: rows float64 [row, width], rows to learn from, a level (how much is kept), a seed."""
