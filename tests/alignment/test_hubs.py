import numpy as np
import pytest
from parallel_vectors import paired
from scipy.stats import skew

from probes.alignment.grams import similarities
from probes.alignment.hubs import csls, hubness, occurrences
from probes.alignment.mexa import hits, mexa
from probes.alignment.retrieval import both_ranks, median_rank, precision_at, reciprocal_rank, target_ranks
from probes.alignment.separation import dprime, margin, pair_cosines


def test_csls_by_hand() -> None:
    s = similarities(*paired(1.0, n=12)).astype(np.float64)
    got = csls(s, k=3)
    for i in range(12):
        for j in range(12):
            of_x, of_y = np.mean(sorted(s[i])[-3:]), np.mean(sorted(s[:, j])[-3:])
            assert got[i, j] == pytest.approx(2 * s[i, j] - of_x - of_y, abs=1e-12)
    np.testing.assert_allclose(csls(s, k=50), csls(s, k=12))


def test_a_hub_takes_translations_and_csls_gives_them_back() -> None:
    x, y = paired(0.9, n=100, width=64)
    y[7] = x.mean(0) + 0.2 * y[7]  # one sentence in the middle of everything
    s = similarities(x, y)
    assert hubness(s) > 2 * abs(hubness(similarities(*paired(0.9, n=100, width=64))))
    assert mexa(s) < mexa(csls(s))


def test_equal_sentences_tie_under_csls_too() -> None:
    x, y = paired(0.3, n=30, width=64)
    y[21], x[21] = y[4], x[4]
    found = hits(csls(similarities(x, y)))
    assert not found[[4, 21]].any()
    assert np.delete(found, [4, 21]).all()


def test_hubness_is_the_skewness_of_how_often_a_sentence_is_near() -> None:
    s = similarities(*paired(2.0, n=50, layers=3))
    counts = np.stack([[sum(j in np.argsort(-row)[:10] for row in layer) for j in range(50)] for layer in s])
    np.testing.assert_array_equal(occurrences(s), counts)
    np.testing.assert_allclose(hubness(s), skew(counts, axis=-1), rtol=1e-12)
    assert hubness(np.eye(5), k=5) == 0


def test_ranks_both_ways_by_hand() -> None:
    s = np.array([[0.9, 0.1, 0.2], [0.3, 0.5, 0.5], [0.95, 0.2, 0.6]])
    assert target_ranks(s).tolist() == [1, 2, 2]
    assert both_ranks(s)[1].tolist() == [2, 1, 1]
    assert precision_at(s) == pytest.approx(3 / 6)
    assert precision_at(s, 2) == 1
    assert reciprocal_rank(s) == pytest.approx((1 + 0.5 + 0.5 + 0.5 + 1 + 1) / 6)
    assert median_rank(s) == 1.5


def test_a_translation_retrieved_both_ways_is_a_hit_and_the_other_way_round() -> None:
    s = similarities(*paired(1.3, n=80, layers=4))
    np.testing.assert_array_equal((both_ranks(s) == 1).all(-2), hits(s))
    assert (mexa(s) <= precision_at(s)).all()


def test_distances_by_hand() -> None:
    s = similarities(*paired(1.0, n=9, layers=2)).astype(np.float64)
    for layer, got_margin, got_d in zip(s, margin(s), dprime(s), strict=True):
        right = [layer[i, i] for i in range(9)]
        wrong = [layer[i, j] for i in range(9) for j in range(9) if i != j]
        rival = [max(max(layer[i, j], layer[j, i]) for j in range(9) if j != i) for i in range(9)]
        assert got_margin == pytest.approx(np.mean(right) - np.mean(rival))
        assert got_d == pytest.approx((np.mean(right) - np.mean(wrong)) / np.sqrt((np.var(right) + np.var(wrong)) / 2))
    right_mean, wrong_mean = pair_cosines(s)
    assert right_mean[0] == pytest.approx(np.trace(s[0]) / 9)
    assert wrong_mean[0] == pytest.approx((s[0].sum() - np.trace(s[0])) / 72)


def test_distances_keep_moving_where_the_share_of_hits_is_full() -> None:
    near, nearer = (similarities(*paired(noise, n=50, width=256)) for noise in (0.4, 0.1))
    assert mexa(near) == mexa(nearer) == 1
    assert margin(nearer) > margin(near) + 0.05
    assert dprime(nearer) > 1.1 * dprime(near)


def test_without_any_spread_there_is_no_d_prime() -> None:
    assert np.isnan(dprime(np.ones((5, 5))))
    assert np.isnan(dprime(np.eye(5)))
