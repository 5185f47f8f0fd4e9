from itertools import combinations
from typing import Any

import numpy as np
import pytest
from parallel_vectors import paired, published_mexa

from probes.alignment.best import best_layer
from probes.alignment.grams import similarities
from probes.alignment.mexa import (
    adjusted,
    beaten,
    hits,
    mexa,
    mexa_at,
    mexa_at_interval,
    mexa_interval,
    nearest_rival,
    over_layers,
)
from probes.errors import StrataError
from probes.stats import wilson


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0, 2.0, 8.0])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_published_score(noise: float, seed: int) -> None:
    s = similarities(*paired(noise, layers=3, seed=seed))
    assert mexa(s).tolist() == [published_mexa(layer) for layer in s]


def test_a_worked_example() -> None:
    """Row 0 hits; row 1 ties within its row; row 2 is beaten in its column; row 3 hits."""
    s = np.array([[0.9, 0.1, 0.2, 0.0], [0.3, 0.5, 0.5, 0.1], [0.4, 0.2, 0.6, 0.3], [0.1, 0.0, 0.7, 0.8]])
    assert hits(s).tolist() == [True, False, False, True]
    assert beaten(s).tolist() == [0, 1, 1, 0]
    assert nearest_rival(s).tolist() == [2, 2, 3, 2]
    assert mexa(s) == 0.5
    assert adjusted(over_layers(np.array([0.25, 0.75])), 0.6) == pytest.approx(0.3)
    assert over_layers(np.array([[0.25, 0.75], [1, 0]]), "max").tolist() == [0.75, 1]


def test_a_language_is_aligned_with_itself_and_strangers_are_not() -> None:
    x, _ = paired(1.0, n=200)
    stranger = np.random.default_rng(9).normal(size=x.shape)
    assert mexa(similarities(x, x)) == 1
    assert mexa(similarities(x, stranger)) < 0.03
    assert mexa(similarities(x, np.roll(x, 1, axis=0))) == 0


@pytest.mark.parametrize("m", [2, 3, 5, 7])
def test_at_m_sentences_is_the_mean_over_every_choice(m: int) -> None:
    s = similarities(*paired(1.5, n=9, width=5, layers=2))
    by_hand = [
        np.mean([published_mexa(layer[np.ix_(chosen, chosen)]) for chosen in combinations(range(9), m)]) for layer in s
    ]
    np.testing.assert_allclose(mexa_at(s, m), by_hand, rtol=1e-12)


def test_at_all_sentences_it_is_mexa_itself_and_it_falls_with_m() -> None:
    s = similarities(*paired(1.5, n=60, width=8))
    assert mexa_at(s, 60) == pytest.approx(float(mexa(s)), abs=1e-12)
    curve = [float(mexa_at(s, m)) for m in range(2, 61)]
    assert (np.diff(curve) < 0).all()


def test_the_interval_at_m_is_that_of_leaving_out_each_sentence() -> None:
    s = similarities(*paired(1.5, n=12, width=6, layers=2))
    got = mexa_at_interval(s, 5)
    for layer in range(2):
        keep = [np.delete(np.arange(12), k) for k in range(12)]
        values = [float(mexa_at(s[layer][np.ix_(rest, rest)], 5)) for rest in keep]
        value = float(mexa_at(s[layer], 5))
        worth = value * (1 - value) / (11 * np.var(values))
        np.testing.assert_allclose(got[layer], wilson(np.array(value * worth), worth), rtol=1e-10)


def _coverage(interval: Any, *, n: int, m: int, noise: float) -> tuple[float, float]:
    """Return how often intervals from n sentences hold the true MEXA at m, and their mean width."""
    truth = np.mean([mexa(similarities(*paired(noise, n=m, width=10, seed=10_000 + i))) for i in range(600)])
    made = [interval(similarities(*paired(noise, n=n, width=10, seed=i))) for i in range(200)]
    return float(np.mean([low <= truth <= high for _, low, high in made])), float(np.mean([h - w for _, w, h in made]))


@pytest.mark.parametrize("noise", [0.35, 0.6, 1.2])
def test_intervals_cover_the_truth_and_more_sentences_narrow_them(noise: float) -> None:
    """The truth: what MEXA at 30 sentences is over new draws of sentences."""
    alone = _coverage(mexa_interval, n=30, m=30, noise=noise)
    all_of_them = _coverage(lambda s: mexa_at_interval(s, 30), n=90, m=30, noise=noise)
    assert alone[0] >= 0.9
    assert all_of_them[0] >= 0.9
    assert all_of_them[1] < 0.7 * alone[1]


def test_full_and_empty_scores_keep_an_interval() -> None:
    full, none = np.eye(100), np.ones((100, 100)) - np.eye(100)
    np.testing.assert_allclose(mexa_interval(full), [1, 0.963, 1], atol=1e-3)
    np.testing.assert_allclose(mexa_interval(none), [0, 0, 0.037], atol=1e-3)
    np.testing.assert_allclose(mexa_at_interval(full, 30), [1, 0.963, 1], atol=1e-3)
    np.testing.assert_allclose(mexa_at_interval(-full, 30), [0, 0, 0.037], atol=1e-3)


@pytest.mark.parametrize(
    ("s", "message"),
    [
        (np.ones((1, 1)), r"needs at least 2 rows; came 1.*\[E-ALIGN-FEW\]"),
        (np.ones((3, 4)), r"One side has 3 rows, the other 4.*\[E-ALIGN-COUNTS\]"),
        (np.ones(3), r"came shape \(3,\).*\[E-ALIGN-SHAPE\]"),
        (np.full((3, 3), np.nan), r"3 of 3 rows of the similarities.*\[E-ALIGN-NAN\]"),
    ],
)
def test_what_is_no_square_of_similarities_is_refused(s: np.ndarray, message: str) -> None:
    for function in (hits, beaten, mexa, nearest_rival):
        with pytest.raises(StrataError, match=message):
            function(s)


def test_scores_at_more_sentences_than_there_are_are_refused() -> None:
    with pytest.raises(StrataError, match=r"MEXA@41 needs at least 41 rows; came 40.*\[E-ALIGN-FEW\]"):
        mexa_at(similarities(*paired(1.0)), 41)
    with pytest.raises(StrataError, match=r"MEXA@m needs at least 2 rows; came 1"):
        mexa_at(similarities(*paired(1.0)), 1)


def test_the_best_layer_of_noise_is_not_scored_by_its_luck() -> None:
    """Forty layers of coin flips: the highest share of all is far above a half, the held-out one is not."""
    lucky, honest = [], []
    for seed in range(60):
        found = np.random.default_rng(seed).random((40, 60)) < 0.5
        lucky.append(found.mean(-1).max())
        honest.append(best_layer(found, seed=seed).score)
    assert np.mean(lucky) > 0.62
    assert np.mean(honest) == pytest.approx(0.5, abs=0.03)


def test_the_best_layer_is_found_where_it_was_planted() -> None:
    x, y = paired(2.0, layers=5, n=100)
    y[3] = x[3]
    best = best_layer(hits(similarities(x, y)))
    assert (best.layer, best.score, best.sentences, best.high) == (3, 1.0, 50, 1.0)
    assert 0.9 < best.low < 1
