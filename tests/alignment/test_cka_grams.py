import numpy as np
import pytest
from parallel_vectors import paired

from probes.alignment import cka
from probes.alignment.grams import gram, standardised
from probes.errors import StrataError
from probes.linalg import double_centred


def test_kept_grams_give_what_the_vectors_give() -> None:
    """Float32 Grams around the mean are all that is kept; both estimators come out of them to float32."""
    x, y = paired(0.8, layers=3, n=50, width=200)
    x[..., 3] *= 500
    k, m = gram(x), gram(y)
    for layer in range(3):
        assert cka.gram_cka(k, m)[layer] == pytest.approx(cka.unbiased(x[layer], y[layer]), abs=2e-6)
        assert cka.gram_cka(k, m, double_centred)[layer] == pytest.approx(cka.linear(x[layer], y[layer]), abs=2e-6)
        ours, theirs = gram(standardised(x)), gram(standardised(y))
        expected = cka.unbiased_standardised(x[layer], y[layer])
        assert cka.gram_cka(ours, theirs)[layer] == pytest.approx(expected, abs=2e-6)


def test_every_layer_is_compared_with_every_layer_in_one_product() -> None:
    x, y = paired(0.8, layers=4, width=60)
    k, m = gram(x), gram(y[:3])
    got = cka.gram_cka_between(k, m)
    assert got.shape == (4, 3)
    for i in range(4):
        for j in range(3):
            assert got[i, j] == pytest.approx(cka.unbiased(x[i], y[j]), abs=2e-6)
    own = cka.gram_cka_between(k, k)
    np.testing.assert_allclose(np.diagonal(own), 1, atol=1e-12)
    np.testing.assert_allclose(own, own.T, atol=1e-12)


def test_two_models_of_other_widths_are_compared_on_the_same_sentences() -> None:
    x, y = paired(0.1, layers=2, width=30)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(48, 30)))[0].astype(np.float32)
    assert cka.gram_cka(gram(x), gram(x @ turn.T)).min() == pytest.approx(1, abs=1e-5)
    assert 0.5 < cka.gram_cka(gram(x), gram(y @ turn.T)).max() < 1


def test_a_layer_that_changes_nothing_is_no_change() -> None:
    x, _ = paired(1.0, layers=4, width=60)
    x[1] = 3 * x[0] + 1
    got = cka.change(gram(x))
    assert got.shape == (3,)
    assert got[0] == pytest.approx(0, abs=1e-5)
    assert got[1:].min() > 0.5


def test_rogue_dimension_decides_until_dimensions_are_standardised() -> None:
    x, y = paired(0.5, n=60, width=60)
    draw = np.random.default_rng(0)
    x[:, 0], y[:, 0] = 1000 * draw.normal(size=(2, 60))
    assert abs(cka.gram_cka(gram(x), gram(y))) < 0.2
    assert cka.gram_cka(gram(standardised(x)), gram(standardised(y))) > 0.5


@pytest.mark.parametrize("value", [0.0, 0.1, 1000.3])
def test_a_layer_of_equal_rows_has_no_geometry(value: float) -> None:
    x, y = paired(1.0, layers=2)
    x[0] = value
    for wide in (np.float32, np.float64):
        got = cka.gram_cka(gram(x.astype(wide)), gram(y.astype(wide)))
        assert np.isnan(got[0])
        assert np.isfinite(got[1])


def test_one_odd_sentence_has_no_geometry_without_its_diagonal() -> None:
    """All rows equal but one: U-centring leaves nothing, and a ratio of rounding errors would look like a number."""
    x, y = paired(1.0)
    x[:] = x[0]
    x[5] += 1
    assert np.isnan(cka.gram_cka(gram(x), gram(y)))
    with pytest.raises(StrataError, match="E-ALIGN-FLAT"):
        cka.unbiased(x, y)
    assert np.isfinite(cka.linear(x, y))


def test_too_few_sentences_and_other_counts_are_refused() -> None:
    k, m = gram(paired(1.0, n=3)[0]), gram(paired(1.0, n=4)[0])
    with pytest.raises(StrataError, match=r"Unbiased CKA needs at least 4 rows; came 3.*\[E-ALIGN-FEW\]"):
        cka.gram_cka(k, k)
    assert cka.gram_cka(k, k, double_centred) == pytest.approx(1)
    with pytest.raises(StrataError, match="One side has 3 rows, the other 4"):
        cka.gram_cka_between(k[None], m[None])
