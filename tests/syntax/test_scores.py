import pytest

from probes.syntax.scores import Score, inner, score, score_paper
from probes.syntax.tuples import Span

GOLD = [Span("module", 0, 5), Span("call", 0, 2), Span("call", 3, 5), Span("name", 3, 3)]


def test_worked_by_hand() -> None:
    """Of three predictions two are among four true ones: P 2/3, R 2/4, F1 = 2 * (1/3) / (7/6) = 4/7."""
    predicted = [Span("module", 0, 5), Span("call", 0, 2), Span("call", 0, 3)]
    assert score(predicted, GOLD) == pytest.approx((2 / 3, 1 / 2, 4 / 7))
    assert score_paper(predicted, GOLD) == pytest.approx((2 / 3, 1 / 2, 4 / 7))


def test_a_tree_agrees_with_itself_and_not_with_other_labels() -> None:
    assert score(GOLD, GOLD) == Score(1, 1, 1)
    assert score(GOLD[::-1], GOLD) == Score(1, 1, 1)
    assert score([Span("x" + s.label, s.first, s.last) for s in GOLD], GOLD) == Score(0, 0, 0)


def test_repeating_a_right_answer_passes_recall_one_in_the_paper_only() -> None:
    predicted = [Span("call", 0, 2)] * 5
    gold = [Span("call", 0, 2), Span("module", 0, 5)]
    assert score_paper(predicted, gold) == pytest.approx((1, 5 / 2, 10 / 7))
    assert score(predicted, gold) == pytest.approx((1 / 5, 1 / 2, 2 / 7))


def test_a_constituent_that_is_true_twice_counts_twice() -> None:
    """The parenthesised `((x))`: the same label over the same words, twice in a chain."""
    gold = [Span("paren", 0, 4)] * 2
    assert score([Span("paren", 0, 4)], gold) == pytest.approx((1, 1 / 2, 2 / 3))
    assert score(gold, gold) == Score(1, 1, 1)


def test_the_two_metrics_agree_when_nothing_is_repeated() -> None:
    for k in range(len(GOLD) + 1):
        predicted = GOLD[:k] + [Span("wrong", i, i) for i in range(k)]
        if predicted:
            assert score(predicted, GOLD) == score_paper(predicted, GOLD)


def test_empty_lists() -> None:
    assert score([], GOLD) == score(GOLD, []) == Score(0, 0, 0)
    assert score([], []) == Score(1, 1, 1)
    assert score_paper([], []) == score_paper([], GOLD) == score_paper(GOLD, []) == Score(0, 0, 0)


def test_inner_leaves_out_what_covers_everything() -> None:
    assert inner(GOLD, 6) == GOLD[1:]
    assert inner([Span("a", 0, 4), Span("b", 1, 5)], 6) == [Span("a", 0, 4), Span("b", 1, 5)]
    assert inner([Span("module", 0, 0)], 1) == []
