"""MEXA: the share of sentences that are nearest to their own translation, in both directions, strictly.

Kargaran et al., ACL Findings 2025 (arXiv 2410.05873): mu(S) = 1/n sum_i [S_ii > max_{j != i} max(S_ij, S_ji)], for
every layer; over layers its mean or its maximum; "adjusted", times the pivot language's own task score.

The share falls with n: more sentences, more rivals. MEXA@m is what it would be with m sentences, averaged over every
choice of m out of the n at hand, which has a closed form: sentence i is a hit where none of the b_i sentences that beat
it was drawn, so MEXA@m = mean_i C(n-1-b_i, m-1) / C(n-1, m-1). Only scores at the same m may be compared.
"""

from typing import Literal

import numpy as np

from probes.alignment.checks import enough, square
from probes.alignment.grams import rivals
from probes.stats import wilson


def hits(s: np.ndarray) -> np.ndarray:
    """Return [..., row]: whether a translation is strictly above its whole row and column of similarities."""
    right, rival = rivals(square(s))
    return right > rival


def mexa(s: np.ndarray) -> np.ndarray:
    """Return [...]: the share of hits among similarities [..., row, row]."""
    return hits(s).mean(-1)


def mexa_interval(s: np.ndarray) -> np.ndarray:
    """Return [..., 3]: MEXA with its 95 % Wilson interval, the rivals taken as given.

    Resampling sentences with replacement would put each beside its own copy, which ties, and is a miss: never do that.
    """
    found = hits(s)
    return wilson(found.sum(-1), found.shape[-1])


def beaten(s: np.ndarray) -> np.ndarray:
    """Return [..., row]: how many other sentences reach a translation's similarity, in its row or its column."""
    return _beats(square(s)).sum(-1)


def _beats(s: np.ndarray) -> np.ndarray:
    """Return bool [..., i, j]: sentence j costs sentence i its hit."""
    right = np.diagonal(s, axis1=-2, axis2=-1)[..., None]
    beats = (s >= right) | (s.swapaxes(-1, -2) >= right)
    rows = np.arange(s.shape[-1])
    beats[..., rows, rows] = False
    return beats


def nearest_rival(s: np.ndarray) -> np.ndarray:
    """Return [..., row]: the other sentence most similar to this one, in its row or its column: who a miss lost to."""
    others = np.maximum(square(s), s.swapaxes(-1, -2))
    rows = np.arange(s.shape[-1])
    others[..., rows, rows] = -np.inf
    return others.argmax(-1)


def mexa_at(s: np.ndarray, m: int) -> np.ndarray:
    """Return [...]: MEXA at `m` sentences (2 <= m <= n), over all choices of m out of the n there are."""
    beats = beaten(s)
    return chances(s.shape[-1], m)[beats].mean(-1)


def chances(n: int, m: int) -> np.ndarray:
    """Return [b]: the chance that none of b = 0 .. n-1 given sentences is among m - 1 drawn out of n - 1."""
    enough(m, 2, "MEXA@m")
    enough(n, m, f"MEXA@{m}")
    drawn = np.arange(n - 1)
    return np.concatenate([[1.0], np.cumprod(np.maximum(n - m - drawn, 0) / (n - 1 - drawn))])


def mexa_at_interval(s: np.ndarray, m: int) -> np.ndarray:
    """Return [..., 3]: MEXA@m with its 95 % interval over sentences: Wilson's, at the number they are worth.

    MEXA@m is a U-statistic: it is computed again, in closed form, without each of the sentences in turn. As many hits
    and misses as would vary like that are what the n sentences are worth; where nothing varies, and at m = n, n.
    """
    n = s.shape[-1]
    if m == n:
        return mexa_interval(s)
    beats = _beats(square(s))
    lost = beats.sum(-1)
    value, fewer = chances(n, m)[lost].mean(-1), chances(n - 1, m)
    now, freed = fewer[np.minimum(lost, n - 2)], fewer[np.maximum(lost - 1, 0)]
    # without k: every other sentence keeps its chance, and those that k beat have one rival less
    without = now.sum(-1, keepdims=True) - now + np.einsum("...ik,...i->...k", beats, freed - now)
    spread = (n - 1) * np.var(without / (n - 1), axis=-1)
    varies = spread > 1e-16
    worth = np.where(varies, value * (1 - value) / np.where(varies, spread, 1), n)
    return wilson(value * worth, np.maximum(worth, 1))


def over_layers(scores: np.ndarray, how: Literal["mean", "max"] = "mean") -> np.ndarray:
    """Return [...]: one score a language from scores [..., layer]; the embedding layer counts, as published."""
    return scores.mean(-1) if how == "mean" else scores.max(-1)


def adjusted(score: np.ndarray, task: float) -> np.ndarray:
    """Return the score as the paper puts it on a task's scale: times what the pivot language reaches there."""
    return score * task
