"""How well predicted constituents match the true ones: precision, recall and F1, one tree at a time.

A constituent is a label over a range of words; roots, unaries and every link of a chain count, as in the paper. `score`
matches each true constituent at most once. `score_paper` is the published metric, which asks of every predicted
constituent whether it is anywhere among the true ones: repeating a right answer then raises recall, even above 1.
`spans.score_rows` gives the same numbers for many trees at once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from probes.syntax.tuples import Span


class Score(NamedTuple):
    """Precision, recall and their harmonic mean, each a share (the paper's recall can pass 1)."""

    precision: float
    recall: float
    f1: float


def score(predicted: Sequence[Span], gold: Sequence[Span]) -> Score:
    """Score by multiset intersection; two empty lists agree (1), an empty and a filled one do not (0)."""
    if not predicted and not gold:
        return Score(1.0, 1.0, 1.0)
    return _score(sum((Counter(predicted) & Counter(gold)).values()), len(predicted), len(gold))


def score_paper(predicted: Sequence[Span], gold: Sequence[Span]) -> Score:
    """Score as published, by membership: `score`, unless a constituent is predicted more often than it is true."""
    known = set(gold)
    return _score(sum(span in known for span in predicted), len(predicted), len(gold))


def _score(hits: int, predicted: int, gold: int) -> Score:
    precision = hits / predicted if predicted else 0.0
    recall = hits / gold if gold else 0.0
    return Score(precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0)


def inner(spans: Iterable[Span], n: int) -> list[Span]:
    """Return the constituents that do not cover all `n` words: those that cost nothing to guess are left out."""
    return [span for span in spans if span.first > 0 or span.last < n - 1]
