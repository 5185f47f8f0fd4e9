"""xsim: the share of sentences whose translation does not win, by a margin over the neighbourhood.

Artetxe & Schwenk, ACL 2019, and LASER's xsim: score(i, j) = margin(cos, b), b the mean of the k nearest cosines of x_i
and of y_j, halved; only the k nearest y are candidates of x_i. A tie is an error.
"""

import numpy as np

from probes.alignment.checks import cosines, enough
from probes.errors import StrataError

K = 4


def ratio(x: np.ndarray, y: np.ndarray, *, k: int = K) -> float:
    """Return the error in per cent, from x to y, with the margin cos / b."""
    s, b = _neighbourhoods(x, y, k)
    candidates = _candidates(s, k)
    if b[candidates].min() <= 0:
        raise StrataError(
            "E-ALIGN-MARGIN",
            f"{int((b[candidates] <= 0).sum())} of {candidates.sum()} neighbourhoods have a mean cosine of 0 or less.",
            "The margin cos / b has no meaning there, as around the mean of the vectors.",
            "Take the margin cos - b (xsim-distance).",
        )
    return _error(s / np.where(candidates, b, 1), candidates)


def difference(x: np.ndarray, y: np.ndarray, *, k: int = K) -> float:
    """Return the error in per cent, from x to y, with the margin cos - b."""
    s, b = _neighbourhoods(x, y, k)
    return _error(s - b, _candidates(s, k))


def _neighbourhoods(x: np.ndarray, y: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    s = cosines(x, y, "xsim")
    enough(len(s), k, f"xsim of {k} neighbours")
    of_x, of_y = np.sort(s, axis=1)[:, -k:].mean(1), np.sort(s, axis=0)[-k:].mean(0)
    return s, (of_x[:, None] + of_y[None, :]) / 2


def _candidates(s: np.ndarray, k: int) -> np.ndarray:
    """Return bool [row, row]: the k nearest of each row; of equally near ones the first in order."""
    near = np.zeros(s.shape, bool)
    np.put_along_axis(near, np.argsort(-s, axis=1, kind="stable")[:, :k], True, axis=1)
    return near


def _error(score: np.ndarray, candidates: np.ndarray) -> float:
    score = np.where(candidates, np.round(score, 12), -np.inf)
    right = np.diagonal(score)
    rival = np.where(np.eye(len(score), dtype=bool), -np.inf, score).max(1)
    return 100 * float((~(right > rival)).mean())
