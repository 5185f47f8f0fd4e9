import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr

from probes.stats import bootstrap, interval, pearson, pearson_interval, ranks, spearman, wilson


def by_hand(values: np.ndarray, *, resamples: int, seed: int) -> tuple[float, float]:
    """The same interval by the book: draw seeds and texts with replacement, one by one, and average."""
    draw = np.random.default_rng(seed)
    seeds, texts = values.shape
    means = []
    for _ in range(resamples):
        rows, columns = draw.integers(seeds, size=seeds), draw.integers(texts, size=texts)
        means.append(np.mean([values[s, t] for s in rows for t in columns]))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


@pytest.mark.parametrize("shape", [(1, 40), (3, 25), (5, 1), (2, 8)])
def test_bounds_agree_with_resampling_one_by_one(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(7).gamma(2, size=shape) + np.arange(shape[0])[:, None]  # skewed; seeds differ
    got = bootstrap(values, resamples=4000, seed=1)
    low, high = by_hand(values, resamples=4000, seed=2)
    width = high - low
    assert got[0] == pytest.approx(values.mean())
    assert abs(got[1] - low) < 0.08 * width
    assert abs(got[2] - high) < 0.08 * width


def test_one_value_and_one_of_each_have_no_spread() -> None:
    np.testing.assert_allclose(bootstrap(np.array([[0.1]])), [0.1] * 3, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -2.7, 1e9])
@pytest.mark.parametrize("shape", [(1, 7), (3, 11), (4, 1)])
def test_constants_have_an_interval_of_no_width(value: float, shape: tuple[int, int]) -> None:
    got = bootstrap(np.full(shape, value))
    np.testing.assert_allclose(got, value, rtol=1e-12)


def test_the_bounds_always_enclose_the_value() -> None:
    """Interval promises low <= value <= high; rounding must not break it."""
    draw = np.random.default_rng(0)
    rows = [np.full((1, n), v) for n in range(1, 30) for v in (0.1, 0.7, 1 / 3)]
    rows += [draw.pareto(1, (1, n)) for n in range(2, 40)]
    for row in rows:
        value, low, high = bootstrap(row, resamples=200)
        assert low <= value <= high


def test_the_order_of_texts_and_seeds_is_no_evidence() -> None:
    values = np.random.default_rng(3).normal(size=(3, 50))
    base = bootstrap(values, resamples=4000)
    for other in (values[:, ::-1], values[::-1]):
        got = bootstrap(other, resamples=4000)
        assert got[0] == pytest.approx(base[0])
        assert np.abs(got[1:] - base[1:]).max() < 0.08 * (base[2] - base[1])


def test_bounds_move_and_stretch_with_the_values() -> None:
    values = np.random.default_rng(3).normal(size=(2, 50))
    np.testing.assert_allclose(bootstrap(3 * values + 5), 3 * bootstrap(values) + 5, rtol=1e-9)
    down = bootstrap(-values)
    np.testing.assert_allclose(down[[0, 2, 1]], -bootstrap(values), rtol=1e-9)


def test_a_higher_level_is_wider() -> None:
    values = np.random.default_rng(3).normal(size=(1, 50))
    narrow, wide = bootstrap(values, level=0.5), bootstrap(values, level=0.99)
    assert wide[1] < narrow[1] < narrow[2] < wide[2]


def test_rows_are_resampled_alike_so_that_differences_are_paired() -> None:
    texts = np.random.default_rng(4).normal(size=(1, 60)) * 10
    both = bootstrap(np.stack([texts, texts + 0.5]))
    np.testing.assert_allclose(both[1] - both[0], 0.5, atol=1e-9)
    np.testing.assert_allclose(bootstrap(texts + 0.5 - texts), 0.5, atol=1e-9)
    alone = np.stack([bootstrap(texts), bootstrap(texts + 0.5)])
    np.testing.assert_allclose(both, alone, rtol=1e-9)


def test_leading_axes_are_kept() -> None:
    values = np.random.default_rng(4).normal(size=(2, 5, 3, 10))
    got = bootstrap(values, resamples=50)
    assert got.shape == (2, 5, 3)
    np.testing.assert_allclose(got[1, 4], bootstrap(values[1, 4], resamples=50), rtol=1e-9)


def test_the_spread_between_seeds_counts() -> None:
    alike = np.tile(np.random.default_rng(5).normal(size=(1, 100)), (5, 1))
    apart = alike + np.arange(5)[:, None]
    assert np.diff(bootstrap(apart)[1:])[0] > 3 * np.diff(bootstrap(alike)[1:])[0]


def test_the_same_seed_gives_the_same_bits() -> None:
    values = np.random.default_rng(4).normal(size=(2, 30))
    assert (bootstrap(values, seed=9) == bootstrap(values, seed=9)).all()
    assert (bootstrap(values, seed=9) != bootstrap(values, seed=8)).any()


def test_nineteen_intervals_in_twenty_cover_the_truth() -> None:
    draw = np.random.default_rng(6)
    values = draw.normal(1.5, 2, size=(600, 1, 60))
    covered = [
        low <= 1.5 <= high for _, low, high in (bootstrap(v, resamples=400, seed=i) for i, v in enumerate(values))
    ]
    assert 0.90 <= np.mean(covered) <= 0.98  # the percentile interval is known to be a little narrow at n = 60


def test_an_interval_says_how_it_was_made() -> None:
    values = np.random.default_rng(6).normal(size=25)
    got = interval(values)
    assert got.value == pytest.approx(values.mean())
    assert got.low < got.value < got.high
    assert got.how == "95 % bootstrap over 25 texts"
    assert type(got.low) is float


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (4, 0, 2)])
def test_no_value_has_no_interval(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least one value; got none"):
        bootstrap(np.zeros(shape))


@pytest.mark.parametrize("hits", [0, 1, 37, 99, 100])
def test_wilson_bounds_are_where_the_normal_test_would_just_reject(hits: int) -> None:
    share, low, high = wilson(np.array(hits), 100)
    assert share == hits / 100
    for bound in {low, high} - {0.0, 1.0}:
        assert (hits / 100 - bound) ** 2 == pytest.approx(1.959963984540054**2 * bound * (1 - bound) / 100)
    assert wilson(np.array([[1, 2]]), 7).shape == (1, 2, 3)


def test_wilson_keeps_its_promise_for_every_count() -> None:
    for n in range(1, 60):
        share, low, high = wilson(np.arange(n + 1), n).T
        assert ((low <= share) & (share <= high) & (low >= 0) & (high <= 1)).all()
    with pytest.raises(ValueError, match="at least one value; got none"):
        wilson(np.array(0), 0)


def test_ranks_and_correlations_agree_with_scipy() -> None:
    draw = np.random.default_rng(0)
    a, b = draw.integers(0, 9, size=(4, 30)), draw.normal(size=(4, 30))
    np.testing.assert_array_equal(ranks(a), rankdata(a, axis=-1))
    for row in range(4):
        assert pearson(a[row], b[row]) == pytest.approx(pearsonr(a[row], b[row]).statistic, abs=1e-14)
        assert spearman(a[row], b[row]) == pytest.approx(spearmanr(a[row], b[row]).statistic, abs=1e-14)
    made, known = pearson_interval(a[0], b[0]), pearsonr(a[0], b[0]).confidence_interval()
    assert (made.low, made.high) == pytest.approx((known.low, known.high), abs=1e-12)
    assert made.how == "95 % Fisher over 30 pairs"


@pytest.mark.parametrize("scale", [1e-200, 1e-4, 1e150])
def test_scale_and_shift_do_not_move_a_correlation(scale: float) -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 20))
    assert pearson(scale * (a + 3), b) == pytest.approx(pearson(a, b), abs=1e-12)
    assert pearson(-a, b) == pytest.approx(-pearson(a, b), abs=1e-12)


def test_what_does_not_vary_has_no_correlation() -> None:
    b = np.arange(5.0)
    assert np.isnan(pearson(np.full(5, 0.1), b))
    assert np.isnan(spearman(np.zeros(5), b))
    assert pearson(b, b) == pytest.approx(1)
    assert pearson_interval(b, b).high <= 1


def test_a_correlation_of_three_has_no_interval() -> None:
    with pytest.raises(ValueError, match="at least 4 pairs; got 3"):
        pearson_interval(np.arange(3.0), np.arange(3.0))
