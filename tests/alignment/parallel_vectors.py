"""Vectors of parallel sentences with a planted strength of alignment, and the published score written out again."""

import math

import numpy as np


def paired(
    noise: float, *, n: int = 40, width: int = 24, layers: int = 0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Two sides that share their meaning up to `noise`, [row, width], or [layer, row, width]."""
    draw = np.random.default_rng(seed)
    shape = (layers, n, width) if layers else (n, width)
    meaning = draw.normal(size=shape)
    sides = [(meaning + noise * draw.normal(size=shape) + 0.5).astype(np.float32) for _ in range(2)]
    return sides[0], sides[1]


def cosines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """One pair at a time, as published: a number for every two sentences."""
    s = np.zeros((len(x), len(y)))
    for i, a in enumerate(x.astype(np.float64)):
        for j, b in enumerate(y.astype(np.float64)):
            s[i, j] = a @ b / math.sqrt((a @ a) * (b @ b))
    return s


def published_mexa(s: np.ndarray) -> float:
    """The published rule, row by row: strictly above everything else in its row and in its column."""
    count = 0
    for i in range(len(s)):
        row, column = np.delete(s[i], i), np.delete(s[:, i], i)
        count += s[i, i] > max(row.tolist()) and s[i, i] > max(column.tolist())
    return count / len(s)


def sides(
    noise: float = 0.7, *, n: int = 70, width: int = 12, other: int = 12, seed: int = 0
) -> tuple[np.ndarray, ...]:
    """Two sides that agree up to noise, with dimensions of unlike size, an offset of their own, and float64."""
    draw = np.random.default_rng(seed)
    meaning = draw.normal(size=(n, max(width, other)))
    size = np.geomspace(1, 4, max(width, other))
    x = (meaning + noise * draw.normal(size=meaning.shape)) * size + 0.6
    y = (meaning + noise * draw.normal(size=meaning.shape)) * size + 0.3
    return x[:, :width], y[:, :other]
