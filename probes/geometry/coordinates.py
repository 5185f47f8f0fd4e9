"""Lengths of the vectors, and whether a few coordinates make all the cosine (Timkey & van Schijndel, EMNLP 2021).

Coordinate j adds c_j = mean over pairs of different rows of u_j v_j to the mean cosine, u and v unit rows; the c_j add
up to it. After centring they have both signs, so the share is of their absolute values.
"""

import numpy as np

from probes.geometry.cloud import Cloud


def mean_norm(cloud: Cloud) -> float:
    """Return the mean length of a row."""
    return float(cloud.norms.mean())


def norm_variation(cloud: Cloud) -> float:
    """Return the standard deviation of the lengths over their mean; 0 when all rows are zero."""
    mean = cloud.norms.mean()
    return float(cloud.norms.std() / mean) if mean else 0.0


def contributions(cloud: Cloud) -> np.ndarray:
    """Return c [width], which adds up to the mean cosine."""
    n, unit = len(cloud.rows), cloud.unit
    return (np.square(unit.sum(0)) - np.square(unit).sum(0)) / (n * (n - 1))


def rogue_share(cloud: Cloud) -> float:
    """Return max |c_j| / sum |c_j|: 1 / width when all coordinates do alike, 1 when one does it all."""
    size = np.abs(contributions(cloud))
    total = size.sum()
    return float(size.max() / total) if total else 1 / len(size)
