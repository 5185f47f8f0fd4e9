"""Do the points fill all directions alike? Average cosine, uniformity, partition isotropy.

Ethayarajh (EMNLP 2019): mean cosine of two different rows. Wang & Isola (ICML 2020): log E exp(-2 |u - v|^2) over pairs
of unit rows. Mu & Viswanath (ICLR 2018): I = min_a Z(a) / max_a Z(a), Z(a) = sum_i exp(a'x_i), over the eigenvectors a
of X'X and their opposites; rows are divided by their mean norm first, since Z depends on the scale.
"""

import numpy as np

from probes.geometry.cloud import Cloud


def mean_cosine(cloud: Cloud) -> float:
    """Return the mean cosine over all pairs of different rows, in closed form: (|sum u|^2 - n) / (n (n - 1))."""
    n = len(cloud.rows)
    return float((np.square(cloud.unit.sum(0)).sum() - n) / (n * (n - 1)))


def uniformity(cloud: Cloud) -> float:
    """Return log of the mean of exp(-2 |u - v|^2) over pairs of different unit rows: 0 for one direction, then less."""
    n = len(cloud.rows)
    kernel = np.exp(4 * (cloud.unit @ cloud.unit.T - 1))
    return float(np.log((kernel.sum() - np.trace(kernel)) / (n * (n - 1))))


def partition(cloud: Cloud) -> float:
    """Return min Z / max Z over the eigenvectors of X'X and their opposites: 1 for an isotropic cloud."""
    rows = cloud.rows / (cloud.norms.mean() or 1.0)
    _, axes = np.linalg.eigh(rows.T @ rows)
    along = rows @ np.concatenate([axes, -axes], axis=1)
    top = along.max(0)
    log_z = top + np.log(np.exp(along - top).sum(0))
    return float(np.exp(log_z.min() - log_z.max()))
