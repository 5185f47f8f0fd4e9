import numpy as np
import pandas as pd
import pytest

from probes.alignment.simulation import SCORES, WORLDS, planted, simulation


@pytest.fixture(scope="module")
def ranks() -> pd.DataFrame:
    """Mean rank correlation with the planted truth, a row a world and a column a score."""
    return simulation(runs=4).groupby(["world", "score"]).spearman.mean().unstack()


def test_unbiased_cka_ranks_easy_languages_where_mexa_is_full(ranks: pd.DataFrame) -> None:
    row = ranks.loc["easy pairs, offsets vary"]
    assert row["CKA, unbiased"] >= 0.9
    assert row["MEXA"] == pytest.approx(0.5, abs=0.12)
    assert row["CKA, unbiased"] - row["MEXA"] > 0.3


def test_on_hard_pairs_they_are_equal(ranks: pd.DataFrame) -> None:
    for world in ("hard pairs", "hard pairs, offsets vary"):
        assert abs(ranks.loc[world, "CKA, unbiased"] - ranks.loc[world, "MEXA"]) < 0.05
        assert ranks.loc[world, "MEXA"] > 0.9


def test_a_cosine_looks_good_only_while_languages_have_one_mean(ranks: pd.DataFrame) -> None:
    assert ranks.loc["easy pairs", "cosine of pairs"] > 0.98
    assert ranks.loc["easy pairs, offsets vary", "cosine of pairs"] < 0.6


def test_a_massive_dimension_needs_standardising(ranks: pd.DataFrame) -> None:
    row = ranks.loc["easy pairs, a massive dimension"]
    assert row["CKA, unbiased, standardised"] > 0.98
    assert row["CKA, unbiased"] < 0.5


def test_the_frame_is_tidy_and_the_same_each_time() -> None:
    one, again = (simulation(WORLDS[:1], runs=2, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, again)
    assert len(one) == 2 * len(SCORES)
    assert one.columns.tolist() == ["world", "score", "run", "spearman"]
    assert one.spearman.between(-1, 1).all()
    assert not one.equals(simulation(WORLDS[:1], runs=2, seed=4))


def test_languages_differ_in_what_they_say_they_differ_in() -> None:
    pivot, languages, noise = planted(WORLDS[0])
    assert np.all((noise >= 2) & (noise <= 8))
    apart = (languages - pivot).std((1, 2))
    np.testing.assert_allclose(apart, np.sqrt(noise**2 + 4.0**2), rtol=0.02)
