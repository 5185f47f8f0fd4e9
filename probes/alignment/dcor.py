"""Distance correlation: are the distances of one side any function of those of the other?

Szekely et al., 2007. Like biased CKA, the plain form is high for independent wide data; the bias-corrected one (Szekely
and Rizzo, 2013) is 0 on average.
"""

import numpy as np

from probes.alignment.checks import around_mean, flat, pair
from probes.linalg import double_centred, squared_distances, u_centred


def distance_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return dCor = sqrt(dCov^2(X, Y) / sqrt(dVar^2(X) dVar^2(Y))) in [0, 1], with distances centred twice."""
    a, b = (double_centred(side) for side in _distances(x, y, 2))
    return float(np.sqrt(max(_cosine(a, b), 0.0)))


def unbiased(x: np.ndarray, y: np.ndarray) -> float:
    """Return the bias-corrected squared distance correlation, in [-1, 1]: the cosine of U-centred distances."""
    a, b = (u_centred(side) for side in _distances(x, y, 4))
    return _cosine(a, b)


def _distances(x: np.ndarray, y: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = pair(x, y, least=least, what="Distance correlation")
    one, other = (np.sqrt(squared_distances(around_mean(side, name))) for side, name in ((x, "x"), (y, "y")))
    return one, other


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    length = np.linalg.norm(a) * np.linalg.norm(b)
    if length <= 1e-20:
        flat("One of the sides keeps no geometry once it is centred.")
    return float(np.clip((a * b).sum() / length, -1, 1))
