"""Where the trees are right: recall by label, against counting by hand."""

from collections import Counter

import numpy as np
import pytest
from planted import dataset, goal_of

from probes.syntax import evaluate, where
from probes.syntax.tuples import EMPTY, decode

DATA = dataset((30, 4, 20))
GOAL = goal_of(DATA)
TEST = np.arange(34, 54)


def some_answers(share: float = 0.7, seed: int = 0) -> evaluate.Answers:
    """The truth, spoiled here and there."""
    rng, rows = np.random.default_rng(seed), GOAL.rows(TEST)
    empty = GOAL.inventory.constituents.index(EMPTY), GOAL.inventory.unaries.index(EMPTY)
    keep = rng.random(len(rows)) < share
    constituent = np.where(keep & (GOAL.constituent[rows] >= 0), GOAL.constituent[rows], empty[0])
    unary = np.where(GOAL.unary[rows] >= 0, GOAL.unary[rows], empty[1])
    return evaluate.judged((GOAL.distance[rows][None], constituent[None], unary[None]), GOAL, TEST)


def test_recall_by_label_is_counted_by_hand() -> None:
    answers = some_answers()
    found, there = Counter[str](), Counter[str]()
    spans = answers.spans(0)
    said = list(zip(spans.tree.tolist(), spans.label.tolist(), spans.first.tolist(), spans.last.tolist(), strict=True))
    for k, snippet in enumerate(TEST):
        tree, start = DATA.snippets[snippet].tree, int(answers.starts[k])
        mine = Counter((answers.names.labels[name], a - start, b - start) for t, name, a, b in said if t == k)
        truth = Counter(decode(tree.distances, tree.constituents, tree.unaries))
        for span, times in truth.items():
            there[span.label] += times
            found[span.label] += min(times, mine[span])
    table = where.recall(answers, 0)
    assert dict(zip(table.label, table.n, strict=True)) == there
    assert table.n.is_monotonic_decreasing
    for row in table.itertuples():
        assert row.recall == pytest.approx(found[row.label] / there[row.label])
    assert table.recall.min() < 1
