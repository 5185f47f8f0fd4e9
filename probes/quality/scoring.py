"""How well similarities agree with what people say, or find what belongs together; and how sure that is.

Spearman's correlation over rated pairs; or MRR, the mean of 1 / rank of a text's partner among all the others, both
ways, a tie (to 9 digits) counting against it. Intervals are 95 % percentile bootstraps: over pairs, or, where each text
is in many pairs, over texts (a pair then counts as often as its two texts are drawn together; Snijders & Borgatti,
1999).
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from probes import stats
from probes.quality.pairs import Pairs

RESAMPLES = 300
_DIGITS = 9
"""Decimal digits of a cosine: more than float32 states have."""
_WORD = re.compile(r"[^\W_]+")


def resamples(pairs: Pairs, *, seed: int, draws: int = RESAMPLES) -> np.ndarray:
    """Return float [draw, pair]: how often each pair counts in each resample."""
    draw = np.random.default_rng(seed)
    if not pairs.crossed:
        n = len(pairs)
        return draw.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)
    n = len(pairs.texts)
    often = draw.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)
    found: np.ndarray = often[:, pairs.first] * often[:, pairs.second]
    return found


def weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return [draw, item]: mid-ranks of values [item] when item i is there weights[draw, i] times."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    size = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(size, axis=1) - size / 2
    group = np.zeros(len(values), int)
    group[starts[1:]] = 1
    found = np.empty_like(weights)
    found[:, order] = middle[:, np.cumsum(group)]
    return found


def weighted_pearson(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return [draw]: the correlation of a and b [draw, item] with weights [draw, item]; 0 where one does not vary."""
    total = weights.sum(1)
    a = a - ((weights * a).sum(1) / total)[:, None]
    b = b - ((weights * b).sum(1) / total)[:, None]
    across = (weights * a * b).sum(1)
    scale = np.sqrt((weights * a * a).sum(1) * (weights * b * b).sum(1))
    return np.divide(across, scale, out=np.zeros_like(across), where=scale > 0)


def spearman(similarity: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return [...] of similarities [..., pair] with scores [pair]; 0 where all similarities are equal."""
    return np.nan_to_num(stats.spearman(similarity, score))


def reciprocal(similarity: np.ndarray) -> np.ndarray:
    """Return [pair]: the mean over both ways of 1 / rank of a partner, from [pair, pair] with partners on the diagonal.

    >>> reciprocal(np.array([[0.9, 0.1], [0.95, 0.5]]))
    array([0.75, 0.75])
    """
    similarity = np.round(similarity, _DIGITS)  # what differs by rounding alone, as of equal codes, is a tie
    right = np.diag(similarity)
    ranks = [(similarity >= right[:, None]).sum(1), (similarity >= right[None, :]).sum(0)]
    found: np.ndarray = sum(1 / rank for rank in ranks) / 2
    return found


class Judge:
    """Turns similarities of pairs, or of all against all, into quality with its interval."""

    def __init__(self, pairs: Pairs, *, seed: int = 0, draws: int = RESAMPLES) -> None:
        self.pairs = pairs
        self.weights = resamples(pairs, seed=seed, draws=draws)
        if pairs.score is not None:
            self._ranks = weighted_ranks(pairs.score, self.weights)

    def items(self, similarity: np.ndarray) -> np.ndarray:
        """Return what quality is made of: rated pairs' similarities [pair], else 1 / rank [pair].

        Similarities that differ by rounding alone, as those of equal texts or codes do, are one: ranks of them are
        those of a tie.
        """
        return np.round(similarity, _DIGITS) if self.pairs.score is not None else reciprocal(similarity)

    def value(self, items: np.ndarray, rows: np.ndarray | None = None) -> float:
        """Return the quality, over all pairs or some."""
        rows = np.arange(len(items)) if rows is None else rows
        if self.pairs.score is None:
            return float(items[rows].mean())
        return float(spearman(items[rows], self.pairs.score[rows]))

    def resampled(self, items: np.ndarray) -> np.ndarray:
        """Return [draw]: the quality in each resample; two embeddings are compared in the same resamples."""
        if self.pairs.score is None:
            found: np.ndarray = self.weights @ items / self.weights.sum(1)
            return found
        return weighted_pearson(weighted_ranks(items, self.weights), self._ranks, self.weights)

    def bounds(self, items: np.ndarray) -> tuple[float, float, float]:
        """Return the quality and its interval."""
        return limits(self.value(items), self.resampled(items))

    def some(self, rows: np.ndarray) -> "Judge":
        """Return the judge of some of the pairs, with resamples of their own."""
        return Judge(self.pairs.take(rows), draws=len(self.weights))


def limits(value: float, resampled: np.ndarray) -> tuple[float, float, float]:
    """Return a value with the middle 95 % of its resamples; the bounds never leave the value outside."""
    low, high = np.percentile(resampled, [2.5, 97.5])
    return value, min(float(low), value), max(float(high), value)


def chance(pairs: Pairs) -> float:
    """Return the quality of similarities that know nothing: 0, or the mean of 1 / rank for random ranks."""
    return 0.0 if pairs.score is not None else float((1 / np.arange(1, len(pairs) + 1)).mean())


def lexical(pairs: Pairs) -> np.ndarray:
    """Return the similarities that words alone give, [pair] or [pair, pair]: cosines of counts of words."""
    counts = bag(pairs.texts)
    one, other = counts[pairs.first], counts[pairs.second]
    found = one.multiply(other).sum(1) if pairs.score is not None else (one @ other.T).toarray()
    return np.asarray(found).reshape((len(pairs),) * (1 if pairs.score is not None else 2))


def bag(texts: Sequence[str]) -> Any:
    """Return a sparse float64 [text, word]: counts of lower-case words (letters and digits), at length 1 or 0."""
    from scipy.sparse import csr_array  # on use: it is slow to import

    known: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for word in _WORD.findall(text.casefold()):
            rows.append(row)
            columns.append(known.setdefault(word, len(known)))
    found = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(texts), max(len(known), 1)))
    found.sum_duplicates()
    size = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
    found.data /= np.repeat(size, np.diff(found.indptr))
    return found
