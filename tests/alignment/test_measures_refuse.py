"""What no measure can measure: refused, with the rows named and counted, by every measure alike."""

import numpy as np
import pytest
from parallel_vectors import sides

from probes.alignment import MEASURES, Measure, measure
from probes.errors import StrataError

each = pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.name)
UNBIASED = ("cka-unbiased", "cka-unbiased-standardised", "cka-minibatch", "distance-correlation-unbiased")


@each
def test_different_counts_are_refused(row: Measure) -> None:
    x, y = sides()
    with pytest.raises(StrataError, match=r"One side has 70 rows, the other 69\..*\[E-ALIGN-COUNTS\]"):
        row.call(x, y[:-1])


@each
def test_rows_that_are_no_numbers_are_named(row: Measure) -> None:
    x, y = sides()
    y[[2, 8], 1] = np.nan
    with pytest.raises(StrataError, match=r"2 of 70 rows of y hold values .* \(rows 2, 8\).*\[E-ALIGN-NAN\]"):
        row.call(x, y)


@each
def test_one_sentence_is_too_few(row: Measure) -> None:
    x, y = sides()
    with pytest.raises(StrataError, match=r"needs at least \d+ rows; came 1.*\[E-ALIGN-FEW\]"):
        row.call(x[:1], y[:1])


@pytest.mark.parametrize("name", UNBIASED)
def test_unbiased_estimates_need_four_sentences(name: str) -> None:
    x, y = sides()
    with pytest.raises(StrataError, match=r"needs at least 4 rows; came 3.*\[E-ALIGN-FEW\]"):
        measure(name).call(x[:3], y[:3])
    assert -1 <= measure(name).call(x[:5], y[:5]) <= 1


@each
def test_equal_rows_everywhere_are_no_geometry(row: Measure) -> None:
    """All rows the same vector, as an untrained tokenizer of unknown words gives them: refused, or an honest zero."""
    x, y = sides()
    same = np.full_like(y, 0.1)
    if row.one_space and row.name != "anc":
        if row.name.startswith("xsim"):
            assert row.call(x, same) == 100
        if row.name in ("mexa", "p-at-1", "mexa-csls", "csls-p-at-1"):
            assert row.call(x, same) <= 1 / 70  # all are first for the row nearest to them
    else:
        with pytest.raises(StrataError, match="E-ALIGN-FLAT"):
            row.call(x, same)


@pytest.mark.parametrize("row", [row for row in MEASURES if row.one_space], ids=lambda row: row.name)
def test_nearness_needs_one_space(row: Measure) -> None:
    x, y = sides(other=9)
    with pytest.raises(StrataError, match=r"their widths are 12 and 9.*\[E-ALIGN-WIDTH\]"):
        row.call(x, y)


@pytest.mark.parametrize("row", [row for row in MEASURES if "shift" in row.sees], ids=lambda row: row.name)
def test_a_vector_of_zeros_has_no_direction(row: Measure) -> None:
    x, y = sides()
    x[5] = 0
    with pytest.raises(StrataError, match=r"1 of 70 rows of x are zero throughout \(row 5\).*\[E-ALIGN-ZERO\]"):
        row.call(x, y)


@pytest.mark.parametrize("shape", [(70,), (2, 70, 12), (70, 0)])
def test_a_layer_is_asked_for_and_no_stack_of_them(shape: tuple[int, ...]) -> None:
    x, _ = sides()
    for row in MEASURES:
        with pytest.raises(StrataError, match="E-ALIGN-SHAPE"):
            row.call(x, np.ones(shape))


@pytest.mark.parametrize("name", ["cca", "pwcca"])
def test_canonical_correlations_of_wide_layers_are_refused(name: str) -> None:
    x, y = sides(n=20, width=30, other=30)
    with pytest.raises(StrataError, match=r"The 20 rows of x span 19 dimensions.*\[E-ALIGN-FEW\]"):
        measure(name).call(x, y)


def test_neighbours_need_more_rows_than_neighbours() -> None:
    x, y = sides()
    with pytest.raises(StrataError, match=r"Mutual kNN of 10 neighbours needs at least 11 rows; came 10"):
        measure("mutual-knn").call(x[:10], y[:10])


def test_a_ratio_of_negative_neighbourhoods_is_refused_and_the_other_margin_is_not() -> None:
    x = np.eye(6)
    with pytest.raises(StrataError, match=r"neighbourhoods have a mean cosine of 0 or less.*\[E-ALIGN-MARGIN\]"):
        measure("xsim").call(x, -x)
    assert measure("xsim-distance").call(x, -x) == 100


def test_an_unknown_measure_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(StrataError, match=r"no measure 'cka-unbaised'.*Did you mean 'cka-unbiased'\?.*E-ALIGN-MEASURE"):
        measure("cka-unbaised")
