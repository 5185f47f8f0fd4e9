"""Neighbours: are the sentences nearest to a sentence the same on both sides?

Huh et al., ICML 2024. Neighbours are by cosine, without the sentence itself; of equally near ones the first in order.
Of k neighbours among n sentences a share k / (n - 1) agrees by chance.
"""

import numpy as np

from probes.alignment.checks import angles, enough, flat, pair

K = 10


def mutual_knn(x: np.ndarray, y: np.ndarray, *, k: int = K) -> float:
    """Return the mean share of a sentence's k neighbours that are its neighbours on the other side."""
    ours, theirs = (near(apart, k) for apart in _sides(x, y, k, "Mutual kNN"))
    return float((ours & theirs).sum(1).mean() / k)


def jaccard(x: np.ndarray, y: np.ndarray, *, k: int = K) -> float:
    """Return the mean of |shared neighbours| / |neighbours on either side|."""
    ours, theirs = (near(apart, k) for apart in _sides(x, y, k, "kNN Jaccard"))
    return float(((ours & theirs).sum(1) / (ours | theirs).sum(1)).mean())


def cknna(x: np.ndarray, y: np.ndarray, *, k: int = K) -> float:
    """Return CKA that looks at neighbours only, as its paper defines it.

    A(K, L) = sum_ij [j is among the k nearest of i in K and in L] (K_ij - mean_l K_il) (L_ij - mean_l L_il) over the
    cosines of each side, and A(K, L) / sqrt(A(K, K) A(L, L)). (The published code puts the mask, which is not
    symmetric, into a formula for symmetric matrices, and adds 1e-6.)
    """
    sides = _sides(x, y, k, "CKNNA")
    ours, theirs = (near(apart, k) for apart in sides)
    # a cosine is 1 - d^2 / 2 of unit rows: around their means distances say the same, and do not cancel near 1
    one, other = ((apart.mean(1, keepdims=True) - apart) / 2 for apart in sides)
    own = (one**2)[ours].sum() * (other**2)[theirs].sum()
    if own <= 0:
        flat("The neighbours of one side are as near as all the others.")
    return float((one * other)[ours & theirs].sum() / np.sqrt(own))


def _sides(x: np.ndarray, y: np.ndarray, k: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    enough(k, 1, f"k of {what}")
    x, y = pair(x, y, least=k + 1, what=f"{what} of {k} neighbours")
    one, other = (angles(side, name) for side, name in ((x, "x"), (y, "y")))
    return one, other


def near(apart: np.ndarray, k: int) -> np.ndarray:
    """Return bool [row, row]: the k nearest others of each row, of squared distances [row, row]."""
    far = np.round(apart / apart.max(), 12)  # equally far up to rounding is equally far
    np.fill_diagonal(far, np.inf)
    found = np.zeros(apart.shape, bool)
    np.put_along_axis(found, np.argsort(far, axis=1, kind="stable")[:, :k], True, axis=1)
    return found
