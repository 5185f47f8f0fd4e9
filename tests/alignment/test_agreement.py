import numpy as np
import pytest
from parallel_vectors import sides
from scipy.stats import spearmanr

from probes.alignment import MEASURES, measure
from probes.alignment.agreement import agreement, every

THREE = [measure(name) for name in ("cka-unbiased", "procrustes", "mutual-knn")]


def test_measures_that_rank_alike_agree_also_where_one_is_a_distance() -> None:
    values = np.array([every(*sides(noise), THREE)[0] for noise in (0.1, 0.3, 0.6, 1.0, 2.0, 4.0)]).T
    got = agreement(values, THREE)
    assert (np.diff(values[0]) < 0).all()
    assert (np.diff(values[1]) > 0).all()
    assert got[0, 1] == pytest.approx(1)
    assert got.min() > 0.9


def test_agreement_is_spearman_over_the_places_both_have() -> None:
    values = np.random.default_rng(0).normal(size=(3, 9))
    values[1, 4] = np.nan
    got, kept = agreement(values, THREE), np.delete(np.arange(9), 4)
    assert got[0, 2] == pytest.approx(spearmanr(values[0], values[2]).statistic)
    assert got[1, 0] == got[0, 1] == pytest.approx(-spearmanr(values[0, kept], values[1, kept]).statistic)
    values[1, :7] = np.nan
    assert np.isnan(agreement(values, THREE)[1]).all()


def test_what_a_measure_refuses_is_said_and_the_others_are_there() -> None:
    x, y = sides(n=20, width=30, other=30)
    values, refused = every(x, y)
    names = [row.name for row in MEASURES]
    assert set(refused) == {"cca", "pwcca"}
    assert refused["cca"].code == "E-ALIGN-FEW"
    assert [names[i] for i in np.flatnonzero(np.isnan(values))] == ["cca", "pwcca"]
