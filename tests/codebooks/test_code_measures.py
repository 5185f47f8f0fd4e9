"""The numbers of a codebook: by theorems, by hand, and by what they must not find in noise."""

import numpy as np
import pytest
from planted_states import clusters, noise, rows
from sklearn.metrics import f1_score, jaccard_score

from probes.codebooks import controls, judging, measures, picking
from probes.codebooks.judging import Question, Sides
from probes.codebooks.kmeans import Options
from probes.contract import Progress
from probes.stats import bootstrap


def judged(fit: np.ndarray, test: np.ndarray, codes: int = 6) -> dict[str, float]:
    question, words = Question("kmeans", 1, Options(codes, 15)), np.arange(len(fit) + len(test)) % 7
    found = judging.judge(question, Sides(rows(fit), rows(test)), words, Progress())
    return judging.numbers(found, np.arange(len(test)) // 10)[0]


def test_planted_clusters_stand_far_above_the_noise_and_another_seed_finds_them() -> None:
    states, _ = clusters(1200)
    found = judged(states[:800], states[800:])
    assert found["explained"] > 0.99
    assert found["excess"] > 0.15
    assert found["stability"] > 0.95 > 0.6 > found["floor_stability"]
    assert found["dead"] == 0
    assert found["bits"] == pytest.approx(np.log2(6), abs=0.1)


def test_noise_has_no_stable_codes_and_nothing_above_its_floor() -> None:
    found = judged(noise(1500, 12), noise(500, 12, seed=1), 16)
    assert abs(found["excess"]) < 0.03
    assert found["stability"] < 0.5
    assert abs(found["stability"] - found["floor_stability"]) < 0.1
    assert found["chance"] < found["stability"]
    assert found["word"] < 0.02


def test_variance_explained_is_a_ratio_of_sums_and_its_values_resample_like_it() -> None:
    draw = np.random.default_rng(0)
    spreads = draw.gamma(2, 1, 200)
    errors = spreads * draw.uniform(0.2, 0.6, 200)
    values = measures.explained(errors, spreads)
    assert values.mean() == pytest.approx(1 - errors.sum() / spreads.sum())
    assert values.mean() != pytest.approx((1 - errors / spreads).mean(), abs=1e-4)
    _, low, high = bootstrap(values[None], seed=0)
    picks = draw.integers(200, size=(2000, 200))
    ratios = 1 - errors[picks].sum(1) / spreads[picks].sum(1)
    assert [low, high] == pytest.approx(np.percentile(ratios, [2.5, 97.5]), abs=0.004)


def test_entropy_and_code_length_by_hand() -> None:
    ids = np.array([[0, 3]] * 2 + [[1, 3]] * 2)
    assert measures.entropy(ids, 4) == pytest.approx(1)  # one bit for the first choice, none for the second
    even = np.arange(400)[:, None] % 4
    assert measures.bits(even, even, 4) == pytest.approx(2)
    assert measures.bits(np.zeros((9, 1), int), np.zeros((99, 1), int), 2) == pytest.approx(-np.log2(99.5 / 100))
    assert np.isfinite(measures.bits(np.ones((9, 1), int), np.zeros((99, 1), int), 2))  # never seen in fitting


def test_overlap_is_the_best_jaccard_index() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.integers(5, size=300), draw.integers(4, size=300)
    found = measures.overlap(one, other, 6)
    for code in range(5):
        scores = [jaccard_score(one == code, other == k) for k in range(4)]
        assert found[code] == pytest.approx(max(scores))
    assert found[5] == 0
    assert measures.stability(one, (one + 2) % 6, 6) == pytest.approx(1)  # names do not matter
    assert measures.chance(one, one, 6) < 0.3


def test_neighbours_are_by_direction() -> None:
    near, cosine = measures.neighbours(np.array([[1.0, 0], [5, 0.1], [0, 1], [0, 0]]))
    assert near[:2].tolist() == [1, 0]
    assert cosine[0] == pytest.approx(1, abs=1e-3)
    assert np.isfinite(cosine).all()


# ---- controls --------------------------------------------------------------------------------------------------------


def test_noise_has_the_mean_and_the_covariance_of_the_states() -> None:
    states = (noise(3000) @ np.random.default_rng(2).normal(size=(8, 8)) + 5).astype(np.float32)
    made, other = controls.gaussian(rows(states), (20_000, 10))
    assert (made.shape, other.shape, made.dtype) == ((20_000, 8), (10, 8), np.float32)
    assert np.allclose(made.mean(0), states.mean(0), atol=0.15)
    assert np.allclose(np.cov(made.T), np.cov(states.T), rtol=0.1, atol=0.3)
    assert not np.array_equal(made[:10], other)


def test_a_word_is_decoded_as_the_mean_of_the_fitted_states_with_it() -> None:
    states, words = noise(60), np.arange(60) % 3
    other, theirs = noise(9, seed=1), np.array([0, 1, 2, 0, 1, 2, 3, 3, 3])  # 3 was never seen
    found = controls.by_word(rows(states), words, rows(other), theirs)
    for row, word in enumerate(theirs):
        mean = np.vstack([states[words == word], states.mean(0)]).mean(0)  # the mean of all is one more
        assert found[row] == pytest.approx(((other[row] - mean) ** 2).sum(), rel=1e-4)


# ---- which code picks out which label --------------------------------------------------------------------------------


def marked(seed: int, n: int = 400) -> tuple[picking.Marked, np.ndarray]:
    draw = np.random.default_rng(seed)
    label = draw.integers(3, size=n)
    ids = np.where(draw.random(n) < 0.9, label + 4, draw.integers(8, size=n))[:, None, None]
    return picking.Marked(label, draw.integers(5, size=n), ids, np.arange(n) // 20), label


def test_the_code_of_a_label_is_found_and_its_f1_is_that_of_the_held_out_tokens() -> None:
    fit, _ = marked(0)
    test, label = marked(1)
    table = picking.table(fit, test, (["a", "b", "c"], list("vwxyz")), seed=0).set_index("label")
    for k, name in enumerate("abc"):
        row = table.loc[name]
        assert row.code == k + 4
        assert row.f1 == pytest.approx(f1_score(label == k, test.ids[:, 0, 0] == k + 4))
        assert 0 <= row.low < row.f1 < row.high <= 1
        assert row.f1 > 0.85 > row.word_f1
        assert row.always == pytest.approx(f1_score(label == k, np.ones(len(label), bool)))


def test_labels_too_rare_to_judge_are_left_out() -> None:
    fit, _ = marked(0)
    rare = picking.Marked(np.where(np.arange(400) < 5, 3, fit.label), fit.word, fit.ids, fit.text)
    table = picking.table(rare, rare, (["a", "b", "c", "d"], list("vwxyz")), seed=0)
    assert set(table.label) == {"a", "b", "c"}


def test_the_interval_of_an_f1_stays_a_share_also_where_few_tokens_carry_it() -> None:
    label = np.repeat([0, 1], [15, 385])
    ids = label.copy()
    ids[[0, 20]] = [1, 0]  # one miss, one false alarm
    marked = picking.Marked(label, label * 0, ids[:, None, None], np.r_[np.arange(15), np.arange(385) // 40])
    table = picking.table(marked, marked, (["rare", "rest"], ["w"]), seed=0)
    assert ((table.low >= 0) & (table.low <= table.f1) & (table.f1 <= table.high) & (table.high <= 1)).all()
