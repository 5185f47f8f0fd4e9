"""Do translations activate the same dimensions, without any rotation between? The question inside one model."""

import numpy as np

from probes.alignment.checks import flat, pair, same_width
from probes.stats import pearson


def anc(x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean over dimensions of |Pearson(x_j, y_j)|, each dimension over the sentences.

    Average neuron-wise correlation (Del & Fishel, 2022). Chance is not 0 but about sqrt(2 / (pi (n - 1))): 0.08 at 100
    sentences. Dimensions that are constant on a side have no correlation and are left out.
    """
    x, y = pair(x, y, least=3, what="ANC")
    same_width(x, y, "ANC")
    found = np.abs(pearson(x.T, y.T))
    if np.isnan(found).all():
        flat("No dimension varies on both sides.")
    return float(np.nanmean(found))
