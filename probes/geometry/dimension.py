"""On a surface of how many dimensions do the points lie? From how distances to the nearest neighbours grow.

TwoNN (Facco et al., Scientific Reports 2017): with mu the ratio of the second to the first distance, sorted, the slope
through the origin of -log(1 - i/n) on log mu_i, without the largest tenth. MLE (Levina & Bickel, NIPS 2004, averaged as
MacKay & Ghahramani 2005 correct it): 1 / mean over points of [1 / (k - 1) sum_{j<k} log(T_k / T_j)], T_j the distance
to the j-th neighbour. Equal rows count once.
"""

import numpy as np

from probes.geometry.cloud import Cloud, enough

KEPT = 0.9
"""Share of the smallest ratios that the TwoNN line is fitted to."""
NEIGHBOURS = 20
"""k of the MLE."""


def two_nn(cloud: Cloud) -> float:
    """Return the dimension that the two nearest neighbours speak for; raises E-CLOUD-FEW below 10 distinct rows."""
    enough(len(cloud.distinct), 10, "TwoNN")
    near = cloud.distances
    ratio = np.sort(np.log(near[:, 1] / near[:, 0]))
    n = len(ratio)
    kept = int(KEPT * n)
    x, y = ratio[:kept], -np.log1p(-np.arange(1, kept + 1) / n)
    return float((x * y).sum() / np.square(x).sum())


def maximum_likelihood(cloud: Cloud) -> float:
    """Return the dimension that 20 neighbours speak for; raises E-CLOUD-FEW below 22 distinct rows."""
    enough(len(cloud.distinct), NEIGHBOURS + 2, "the MLE of 20 neighbours")
    near = np.log(cloud.distances[:, :NEIGHBOURS])
    return float(1 / (near[:, -1:] - near[:, :-1]).mean())
