"""Does the cosine follow the length of the sentences instead of their meaning?

Pooled vectors of an anisotropic model come closer to the common direction the more tokens they average, and long
sentences then look alike whatever they say.
"""

from collections.abc import Sequence

import numpy as np

from probes.alignment.checks import enough, same_count, square
from probes.alignment.grams import rivals
from probes.stats import pearson


def length_leak(s: np.ndarray, x: Sequence[int], y: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return two correlations [...] of the translations' similarity: with their log length, and with how it differs.

    `x` and `y` are the sentences' lengths, in tokens or characters. Length is log sqrt(a b), difference |log (a / b)|;
    near 0 is well. nan where nothing varies.
    """
    n = square(s).shape[-1]
    same_count(len(x), len(y))
    same_count(len(x), n)
    enough(n, 3, "A correlation with length")
    right = np.diagonal(s, axis1=-2, axis2=-1).astype(np.float64)
    ours, theirs = np.log(np.maximum(x, 1)), np.log(np.maximum(y, 1))
    both = (ours + theirs) / 2, np.abs(ours - theirs)
    total, apart = (pearson(right, np.broadcast_to(side, right.shape)) for side in both)
    return total, apart


def among_alike(s: np.ndarray, x: Sequence[int], y: Sequence[int], *, factor: float = 1.25) -> np.ndarray:
    """Return [...]: MEXA among rivals of similar length only, where length tells no sentence from another.

    A rival counts when it is within `factor` of the length of the sentence it competes with. A sentence without any
    such rival has nothing to prove and is left out; nan when that is all of them.
    """
    same_count(len(x), len(y))
    same_count(len(x), square(s).shape[-1])
    sizes = [np.log(np.maximum(side, 1)) for side in (x, y)]
    reach = np.log(factor) + 1e-9
    rows, columns = (np.abs(side[:, None] - side[None, :]) <= reach for side in reversed(sizes))
    # a rival in row i is a sentence of y, alike in length to translation i of y; in column i, one of x
    kept = s.astype(np.float64)
    right, _ = rivals(kept)
    own = np.eye(len(x), dtype=bool)
    in_row = np.where(rows & ~own, kept, -np.inf).max(-1)
    in_column = np.where(columns & ~own, kept, -np.inf).max(-2)
    rival = np.maximum(in_row, in_column)
    judged = np.isfinite(rival)
    right = right > rival
    counts = judged.sum(-1)
    return np.where(counts > 0, (right & judged).sum(-1) / np.maximum(counts, 1), np.nan)
