import numpy as np
import pytest
from scipy.stats import linregress, spearmanr

from probes.alignment.tasks import IDEAL, against
from probes.errors import StrataError


def languages(n: int = 25, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    score = draw.uniform(0, 1, n)
    return score, IDEAL[0] * score + IDEAL[1] + noise * draw.normal(size=n)


def test_the_line_is_least_squares_and_the_ideal_one_where_it_was_planted() -> None:
    score, task = languages()
    fit, known = against(score, task), linregress(score, task)
    assert (fit.slope, fit.intercept, fit.r.value) == pytest.approx((known.slope, known.intercept, known.rvalue))
    assert fit.rho == pytest.approx(spearmanr(score, task).statistic)
    exact = against(*languages(noise=0))
    assert (exact.slope, exact.intercept) == pytest.approx(IDEAL)
    assert exact.explained == pytest.approx(1)


def test_each_language_is_predicted_from_the_others_alone() -> None:
    score, task = languages(12)
    fit, errors, means = against(score, task), [], []
    for i in range(12):
        rest = np.delete(score, i), np.delete(task, i)
        known = linregress(*rest)
        assert fit.predicted[i] == pytest.approx(known.slope * score[i] + known.intercept)
        assert fit.r_without[i] == pytest.approx(known.rvalue)
        errors.append(task[i] - fit.predicted[i])
        means.append(task[i] - rest[1].mean())
    assert fit.explained == pytest.approx(1 - np.square(errors).sum() / np.square(means).sum())


def test_one_language_that_makes_the_correlation_is_named() -> None:
    """Nine languages without any relation, and one far away: r is high, and nothing without it."""
    draw = np.random.default_rng(4)
    score, task = np.append(draw.normal(size=9), 12), np.append(draw.normal(size=9), 12)
    fit = against(score, task)
    assert fit.r.value > 0.9
    assert fit.decisive == 9
    assert abs(fit.r_without[9]) < 0.5
    assert f"Without Zulu it is {fit.r_without[9]:.2f}." in fit.sentences([*"abcdefghi", "Zulu"])


def test_no_relation_is_not_called_one() -> None:
    draw = np.random.default_rng(1)
    below = sum(against(draw.normal(size=8), draw.normal(size=8)).explained < 0 for _ in range(200))
    assert below > 140
    fit = against(draw.normal(size=8), draw.normal(size=8))
    said = fit.sentences(list("abcdefgh"))
    assert "8 languages are few: the interval is wide, and one language can make or break it." in said
    assert "The interval holds 0: this may be no relation at all." in said
    assert "A line through the others predicts a language no better than their mean does." in said


def test_many_clear_languages_are_said_without_warnings() -> None:
    fit = against(*languages(40))
    said = fit.sentences([str(i) for i in range(40)])
    assert said[0] == f"Pearson r = {fit.r} over 40 languages (Spearman {fit.rho:.2f})."
    assert len(said) == 3


def test_adjusting_a_score_does_not_change_its_correlation() -> None:
    score, task = languages()
    assert against(0.77 * score, task).r.value == pytest.approx(against(score, task).r.value)


def test_a_language_that_alone_differs_is_predicted_by_the_mean_of_the_others() -> None:
    fit = against(np.array([0, 0, 0, 0, 1.0]), np.array([1, 2, 3, 4, 9.0]))
    assert fit.predicted[4] == pytest.approx(2.5)
    assert fit.r_without[4] == 0
    assert np.isfinite(fit.explained)


@pytest.mark.parametrize(
    ("scores", "tasks", "message"),
    [
        ([1, 2, 3], [1, 2, 3], r"A correlation over languages needs at least 4 rows; came 3.*\[E-ALIGN-FEW\]"),
        ([1, 2, 3, 4], [1, 2, 3], r"One side has 4 rows, the other 3.*\[E-ALIGN-COUNTS\]"),
        ([1, 2, 3, np.nan], [1, 2, 3, 4], r"1 of 4 languages have no alignment score.*\[E-ALIGN-NAN\]"),
        ([1, 2, 3, 4], [np.nan, np.nan, 3, 4], r"2 of 4 languages have no task score.*\[E-ALIGN-NAN\]"),
        ([1, 1, 1, 1], [1, 2, 3, 4], r"All 4 languages have the same alignment score.*\[E-ALIGN-FLAT\]"),
        ([1, 2, 3, 4], [0.1, 0.1, 0.1, 0.1], r"All 4 languages have the same task score.*\[E-ALIGN-FLAT\]"),
    ],
)
def test_what_has_no_line_is_refused(scores: list[float], tasks: list[float], message: str) -> None:
    with pytest.raises(StrataError, match=message):
        against(np.array(scores), np.array(tasks))
