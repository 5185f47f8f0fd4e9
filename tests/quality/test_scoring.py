"""Quality and its interval: against scipy on the resample itself, ties, chance, and pairs that share their texts."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from probes.quality.pairs import Pairs, described
from probes.quality.scoring import (
    Judge,
    bag,
    chance,
    lexical,
    limits,
    reciprocal,
    resamples,
    spearman,
    weighted_pearson,
    weighted_ranks,
)


def crossed(n: int, seed: int = 0) -> Pairs:
    first, second = np.triu_indices(n, 1)
    score = np.random.default_rng(seed).normal(size=len(first))
    return Pairs("t", tuple(f"text {i}" for i in range(n)), first, second, score)


def matched(n: int) -> Pairs:
    places = np.arange(n) * 2
    return Pairs("t", tuple(f"text {i}" for i in range(2 * n)), places, places + 1, None)


@pytest.mark.parametrize("seed", range(4))
def test_a_weighted_correlation_is_that_of_the_repeated_rows(seed: int) -> None:
    draw = np.random.default_rng(seed)
    a, b = draw.integers(0, 6, 40).astype(float), draw.normal(size=40)
    weights = draw.integers(0, 4, size=(3, 40)).astype(float)
    found = weighted_pearson(weighted_ranks(a, weights), weighted_ranks(b, weights), weights)
    for value, times in zip(found, weights.astype(int), strict=True):
        assert value == pytest.approx(spearmanr(np.repeat(a, times), np.repeat(b, times)).statistic)


def test_what_does_not_vary_correlates_with_nothing() -> None:
    ones = np.ones((2, 5))
    assert weighted_pearson(ones, np.arange(10.0).reshape(2, 5), ones).tolist() == [0, 0]
    assert spearman(np.ones(5), np.arange(5.0)) == 0


def test_pairs_are_resampled_alone_and_texts_where_they_share_pairs() -> None:
    pairs = crossed(9)
    assert pairs.crossed
    often = resamples(pairs, seed=0, draws=50)
    for line in often:
        times = np.zeros(9)
        whole = np.zeros((9, 9))
        whole[pairs.first, pairs.second] = line
        whole += whole.T
        # a pair counts as often as the product of its texts: the table is of rank one off its diagonal
        times = np.sqrt([whole[i, j] * whole[i, k] / whole[j, k] if whole[j, k] else np.nan
                         for i, j, k in ((i, (i + 1) % 9, (i + 2) % 9) for i in range(9))])  # fmt: skip
        assert np.allclose(times[np.isfinite(times)], np.round(times[np.isfinite(times)]))
    alone = resamples(matched(9), seed=0, draws=50)
    assert (alone.sum(1) == 9).all()


def test_intervals_cover_a_planted_correlation() -> None:
    inside = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        score, n = draw.normal(size=120), 120
        similarity = 0.6 * score + 0.8 * draw.normal(size=n)
        pairs = Pairs("t", tuple(map(str, range(2 * n))), np.arange(n), np.arange(n) + n, score)
        _, low, high = Judge(pairs, seed=seed, draws=200).bounds(similarity)
        inside += low <= 6 / np.pi * np.arcsin(0.3) <= high  # Spearman of two normals with correlation 0.6
    assert inside >= 34


def test_partners_that_are_nearest_have_one_and_ties_count_against_them() -> None:
    assert reciprocal(np.eye(4)).tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(reciprocal(np.ones((4, 4))), 1 / 4)
    noise = 1e-15 * np.random.default_rng(0).normal(size=(4, 4))  # equal codes, as of one bit, differ by rounding
    np.testing.assert_allclose(reciprocal(0.5 + noise), 1 / 4)
    judge = Judge(matched(4))
    assert judge.bounds(judge.items(np.eye(4))) == (1, 1, 1)
    assert judge.value(np.array([1.0, 0.5, 0, 0]), np.array([0, 1])) == 0.75


def test_chance_is_what_random_similarities_give() -> None:
    draw = np.random.default_rng(0)
    found = np.mean([reciprocal(draw.normal(size=(12, 12))) for _ in range(300)])
    assert found == pytest.approx(chance(matched(12)), abs=0.01)
    assert chance(crossed(5)) == 0


def test_words_alone_are_counted() -> None:
    rows = bag(["A cat. a CAT", "the dog", "a dog!", "?"]).toarray()
    assert rows[0] @ rows[2] == pytest.approx(1 / 2)
    assert rows[1] @ rows[2] == pytest.approx(1 / 2)
    assert not rows[3].any()
    pairs = Pairs("t", ("a cat", "a cat here", "dog", "big dog"), np.array([0, 2]), np.array([1, 3]), None)
    np.testing.assert_allclose(np.diag(lexical(pairs)), [2 / np.sqrt(6), 1 / np.sqrt(2)])
    assert lexical(crossed(5)).shape == (10,)


def test_bounds_hold_their_value() -> None:
    assert limits(0.5, np.full(10, 0.4)) == (0.5, 0.4, 0.5)


def test_halves_share_no_text_where_texts_are_in_many_pairs() -> None:
    pairs = crossed(30)
    half = pairs.half(0)
    sides = [set(pairs.first[half == s]) | set(pairs.second[half == s]) for s in (0, 1)]
    assert not sides[0] & sides[1]
    assert (half == -1).any()
    some = pairs.take(np.flatnonzero(half == 0))
    assert [some.texts[i] for i in some.first] == [pairs.texts[i] for i in pairs.first[half == 0]]


@pytest.mark.parametrize(
    "code",
    ["def f(x):\n    return x", 'def f(x): "Return what is given here."', "x = 1", "def f(:", "",
     'def f(x):\n    "Too short."\n    return x', 'class A:\n    "A class that is described here."\n    x = 1'],
)  # fmt: skip
def test_what_is_not_described_gives_no_pair(code: str) -> None:
    assert described(code) is None


def test_a_docstring_leaves_its_function() -> None:
    code = 'def f(x):\n    # why\n    """Return the thing\n    that was given.\n\n    More.\n    """\n    return x'
    assert described(code) == ("Return the thing that was given.", "def f(x):\n    # why\n    return x")
