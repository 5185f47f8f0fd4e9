"""Representational similarity analysis: do the distances between sentences agree, from one side to the other?

Kriegeskorte et al., 2008: the correlation of the n (n - 1) / 2 distances. These share sentences and are not
independent: never read a p-value off this correlation as if they were; pair sentences at random (`nulls.shuffled`).
"""

from collections.abc import Callable

import numpy as np

from probes.alignment.checks import angles, around_mean, flat, pair
from probes.linalg import squared_distances
from probes.stats import pearson, spearman


def pearson_cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Return the Pearson correlation of cosine distances, 1 - cos."""
    return _agreement(x, y, _cosine, pearson)


def spearman_cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Return the rank correlation of cosine distances."""
    return _agreement(x, y, _cosine, spearman)


def pearson_euclidean(x: np.ndarray, y: np.ndarray) -> float:
    """Return the Pearson correlation of Euclidean distances, not squared."""
    return _agreement(x, y, _euclidean, pearson)


def spearman_euclidean(x: np.ndarray, y: np.ndarray) -> float:
    """Return the rank correlation of Euclidean distances, squared or not."""
    return _agreement(x, y, _euclidean, spearman)


def _agreement(
    x: np.ndarray,
    y: np.ndarray,
    distances: Callable[[np.ndarray, str], np.ndarray],
    correlation: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> float:
    x, y = pair(x, y, least=3, what="RSA")
    above = np.triu_indices(len(x), 1)
    value = float(correlation(distances(x, "x")[above], distances(y, "y")[above]))
    if np.isnan(value):
        flat("All sentences of one side are equally far from each other.")
    return value


def _cosine(x: np.ndarray, name: str) -> np.ndarray:
    return _rounded(angles(x, name))


def _euclidean(x: np.ndarray, name: str) -> np.ndarray:
    return _rounded(np.sqrt(squared_distances(around_mean(x, name))))


def _rounded(apart: np.ndarray) -> np.ndarray:
    """Return distances as shares of the largest, to 12 digits: equal ones tie, or rounding would rank them."""
    return np.round(apart / apart.max(), 12)
