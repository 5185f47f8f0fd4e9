"""Measures of geometry for every layer against every other: each side becomes matrices once, and a pair one product.

A kernel turns vectors into a matrix [row, row] a layer that holds all the measure needs, and that into *features*, of
which the measure is the inner product (of Procrustes a singular value problem). Rows paired at random are the features
of one side in another order, and half of the texts is a part of the matrix: neither runs the model again. The values
are those of `MEASURES`, which compute them from vectors, a pair at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from probes.alignment.checks import angles, around_mean
from probes.alignment.cka import unit
from probes.alignment.neighbours import K, near
from probes.linalg import double_centred, squared_distances, u_centred
from probes.stats import ranks

Turn = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Kernel:
    """How a measure of that name is had from matrices [row, row]."""

    name: str
    title: str
    matrix: Turn
    """Vectors [row, width] → [row, row]."""
    features: Turn
    """Matrix → [row, row], with the rows and columns in the same order."""
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """Features [a, row, row] and [b, row, row] → [a, b]."""
    distance: bool = False
    """Whether 0, and not 1, is the value of a side and itself."""


def products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return [a, b]: the inner products of matrices [a, row, row] and [b, row, row]."""
    return one.reshape(len(one), -1) @ other.reshape(len(other), -1).T


def left_apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return [a, b]: sqrt(2 - 2 nuc) of roots of Gram matrices of trace 1; nuc is the sum of singular values."""
    rows = [np.linalg.svd(k[None] @ other, compute_uv=False).sum(-1) for k in one]
    return np.asarray(np.sqrt(2 - 2 * np.minimum(rows, 1.0)))


def _linear(x: np.ndarray) -> np.ndarray:
    centred = around_mean(np.asarray(x, np.float64), "a layer")
    return centred @ centred.T


def _one_vote(x: np.ndarray) -> np.ndarray:
    """Return inner products after every dimension has variance 1; those constant but for rounding are 0."""
    x = np.asarray(x, np.float64)
    centred = x - x.mean(0)
    varies = np.abs(centred).max(0) > 8 * np.finfo(np.float64).eps * np.abs(x).max(0)
    centred = np.where(varies, centred, 0) / np.where(varies, np.abs(centred).max(0), 1)
    centred /= np.where(varies, centred.std(0), 1)
    return np.asarray(centred @ centred.T)


def _apart(x: np.ndarray) -> np.ndarray:
    return squared_distances(around_mean(np.asarray(x, np.float64), "a layer"))


def _angles(x: np.ndarray) -> np.ndarray:
    return angles(np.asarray(x, np.float64), "a layer")


def _unbiased(k: np.ndarray) -> np.ndarray:
    return unit(k, u_centred).reshape(k.shape)


def _biased(k: np.ndarray) -> np.ndarray:
    return unit(k, double_centred).reshape(k.shape)


def _rbf(apart: np.ndarray) -> np.ndarray:
    median = float(np.median(apart))
    return _biased(np.exp(-apart / (2 * median))) if median > 0 else np.full(apart.shape, np.nan)


def _ranked(apart: np.ndarray) -> np.ndarray:
    """Return the ranks of the distances of i < j, centred and of length 1, on both sides of the diagonal."""
    above = np.triu_indices(len(apart), 1)
    place = ranks(np.round(apart[above] / apart.max(), 12))
    place -= place.mean()
    length = np.linalg.norm(place)
    found = np.zeros(apart.shape)
    found[above] = place / length if length else np.nan
    return (found + found.T) / np.sqrt(2)


def _neighbours(apart: np.ndarray) -> np.ndarray:
    k = min(K, len(apart) - 1)
    return near(apart, k) / np.sqrt(k * len(apart))


def _root(k: np.ndarray) -> np.ndarray:
    """Return the root of a Gram matrix around its mean, of trace 1: |X'Y|_* is that of the product of two roots."""
    values, vectors = np.linalg.eigh(double_centred(k))
    values = values.clip(0)
    return np.asarray((vectors * np.sqrt(values / values.sum())) @ vectors.T)


KERNELS = (
    Kernel("cka-unbiased", "unbiased CKA", _linear, _unbiased, products),
    Kernel("cka-unbiased-standardised", "unbiased CKA, standardised", _one_vote, _unbiased, products),
    Kernel("cka", "CKA", _linear, _biased, products),
    Kernel("cka-rbf", "RBF CKA", _apart, _rbf, products),
    Kernel("rsa-spearman-cosine", "RSA (Spearman, cosine)", _angles, _ranked, products),
    Kernel("mutual-knn", "mutual 10 nearest", _angles, _neighbours, products),
    Kernel("procrustes", "Procrustes distance", _linear, _root, left_apart, distance=True),
)
"""Those of `MEASURES` that make sense for any two layers of any two models: none compares widths."""
NAMES = tuple(kernel.name for kernel in KERNELS)


def kernel(name: str) -> Kernel:
    """Return the kernel of that name, one of NAMES."""
    return KERNELS[NAMES.index(name)]


def every(turn: Turn, layers: np.ndarray) -> np.ndarray:
    """Return the turn of each of [layer, ...], stacked."""
    return np.stack([turn(layer) for layer in layers])
