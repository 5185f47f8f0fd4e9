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


def spans_of(answers: evaluate.Answers, tree: int) -> list[tuple[str, int, int]]:
    gold = answers.gold
    rows = np.flatnonzero(gold.tree == tree)
    return [(answers.names.labels[gold.label[i]], int(gold.first[i]), int(gold.last[i])) for i in rows]


def test_a_constituent_is_as_deep_as_the_others_around_it() -> None:
    answers = some_answers()
    found = where.depths(answers.gold, answers.starts)
    for tree in range(len(TEST)):
        rows = np.flatnonzero(answers.gold.tree == tree)
        for i in rows:
            a, b = answers.gold.first[i], answers.gold.last[i]
            around = [
                j
                for j in rows
                if answers.gold.first[j] <= a
                and b <= answers.gold.last[j]
                and ((answers.gold.first[j], answers.gold.last[j]) != (a, b) or j < i)
            ]
            assert found[i] == len(around)


def test_cells_count_every_constituent_once_and_agree_with_recall() -> None:
    answers = some_answers()
    cells = where.cells(answers, 0)
    assert cells.gold.sum() == len(answers.gold.label)
    assert cells.predicted.sum() == len(answers.spans(0).label)
    by_label = cells.groupby("label")[["gold", "hits"]].sum()
    for row in where.recall(answers, 0).itertuples():
        assert by_label.gold[row.label] == row.n
        assert by_label.hits[row.label] / row.n == pytest.approx(row.recall)
    whole = cells[cells.whole]
    assert set(whole.label[whole.gold > 0]) == {"module", "function_definition"}
    assert whole.gold.sum() == 2 * len(TEST)
    perfect = where.cells(some_answers(share=1.0), 0)
    assert (perfect.recall.dropna() == 1).all()
    assert (perfect.f1.dropna() == 1).all()


def test_examples_are_what_they_say_with_those_missed_first() -> None:
    answers = some_answers()
    table = where.examples(answers, 0, DATA.test)
    assert table.groupby(["label", "length", "found"]).size().max() <= where.EXAMPLES // 2
    assert {True, False} == set(table.found)
    for row in table.itertuples():
        words = DATA.test[row.snippet].tree.words[row.first : row.last + 1]
        assert row.text.startswith(words[0][:40])
        assert row.origin == DATA.test[row.snippet].origin
        assert len(row.text) <= 170
    cells = where.cells(answers, 0).groupby(["label", "length"])[["gold", "hits"]].sum()
    for key, part in table.groupby(["label", "length"]):
        assert part.found.any() == (cells.hits[key] > 0)
        assert (~part.found).any() == (cells.gold[key] > cells.hits[key])


def test_confusions_are_planted_and_counted() -> None:
    rows = GOAL.rows(TEST)
    call, block = (GOAL.inventory.constituents.index(name) for name in ("argument_list", "parameters"))
    assert where.confusions(some_answers(share=1.0), 0).empty
    spoiled = np.where(GOAL.constituent[rows] == call, block, GOAL.constituent[rows])
    empty = GOAL.inventory.constituents.index(EMPTY)
    said = (GOAL.distance[rows][None], np.where(spoiled < 0, empty, spoiled)[None], GOAL.unary[rows][None])
    table = where.confusions(evaluate.judged(said, GOAL, TEST), 0)
    n = int((GOAL.constituent[rows] == call).sum())
    assert table.to_numpy().tolist() == [["argument_list", "parameters", n]]
