import numpy as np
import pytest
from parallel_vectors import cosines, paired, published_mexa

from probes.alignment.cka import gram_cka
from probes.alignment.grams import NEAR, gram, rivals, similarities, standardised
from probes.alignment.mexa import hits, mexa
from probes.errors import StrataError


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_similarities_are_the_cosines_of_every_layer(dtype: type) -> None:
    x, y = paired(1.0, layers=3)
    x, y = (10 * x).astype(dtype), (10 * y).astype(dtype)
    got = similarities(x, y)
    assert (got.dtype, got.shape) == (np.float32, (3, 40, 40))
    for layer in range(3):
        np.testing.assert_allclose(got[layer], cosines(x[layer], y[layer]), atol=2e-7)


def test_one_layer_needs_no_axis_of_its_own() -> None:
    x, y = paired(1.0, layers=3)
    np.testing.assert_array_equal(similarities(x[1], y[1]), similarities(x, y)[1])


@pytest.mark.parametrize("scale", [1e-30, 1e-4, 1e4, 1e18, 1e30])
def test_the_scale_of_either_side_is_no_evidence(scale: float) -> None:
    x, y = paired(0.8)
    np.testing.assert_allclose(similarities(x * np.float32(scale), y), similarities(x, y), atol=3e-7)
    np.testing.assert_allclose(similarities(x, y * np.float32(scale)), similarities(x, y), atol=3e-7)


@pytest.mark.parametrize("width", [7, 384, 4096])
@pytest.mark.parametrize("n", [5, 33, 100])
def test_equal_sentences_tie_whatever_place_they_have(n: int, width: int) -> None:
    """Rounding of a matrix product depends on the place in it; a repeated sentence must be a miss all the same."""
    x, y = paired(0.0, n=n, width=width, seed=n)
    x = x + 3  # a common offset: all cosines are near 1, as in real layers
    y = x.copy()
    assert mexa(similarities(x, y)) == 1
    for twin in range(1, n):
        y[twin] = y[0]
        x[twin] = x[0]
        got = hits(similarities(x, y))
        assert not got[: twin + 1].any(), (n, width, twin)
        assert got[twin + 1 :].all()


def test_what_float32_cannot_tell_apart_is_computed_again() -> None:
    """Two sentences apart by less than float32 cosines hold: float64 decides, then rounds, and a tie is a miss."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(6, 512)) + 700
    y = x + 1e-1 * draw.normal(size=x.shape)
    right, rival = rivals(similarities(x, y))
    assert (np.abs(right - rival) < NEAR).any()
    exact = cosines(x, y).astype(np.float32)
    np.testing.assert_array_equal(similarities(x.astype(np.float64), y), exact)
    x32, y32 = x.astype(np.float32), y.astype(np.float32)
    assert mexa(similarities(x32, y32)) == published_mexa(cosines(x32, y32).astype(np.float32))


def test_a_gram_is_taken_around_the_mean() -> None:
    x, _ = paired(1.0, layers=2)
    centred = x.astype(np.float64) - x.astype(np.float64).mean(1, keepdims=True)
    np.testing.assert_allclose(gram(x), centred @ centred.transpose(0, 2, 1), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(gram(x + 1000), gram(x), atol=0.05)
    assert gram(x).dtype == np.float32


def test_standardised_dimensions_have_one_vote_each() -> None:
    x, _ = paired(1.0, layers=2)
    x[..., 3] = x[..., 3] * 1000 + 7
    x[..., 5] = 0.1  # constant, and not exact in binary
    x[1, :, 6] = 123456.7
    got = standardised(x)
    assert not got[..., 5].any()
    assert not got[1, :, 6].any()
    np.testing.assert_allclose(got.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(np.delete(got, [5, 6], axis=-1).std(1), 1, atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_no_number_is_named(value: float) -> None:
    x, y = paired(1.0, layers=2)
    y[1, [4, 9], 3] = value
    message = r"2 of 40 rows of y hold values that are not finite numbers \(rows 4, 9\).*\[E-ALIGN-NAN\]"
    with pytest.raises(StrataError, match=message):
        similarities(x, y)
    with pytest.raises(StrataError, match=r"rows 4, 9.*\[E-ALIGN-NAN\]"):
        gram(y)
    with pytest.raises(StrataError, match=r"rows 4, 9.*\[E-ALIGN-NAN\]"):
        standardised(y)


def test_a_row_of_zeros_is_named() -> None:
    x, y = paired(1.0, layers=2)
    x[0, 7] = 0
    with pytest.raises(StrataError, match=r"1 of 40 rows of x are zero throughout \(row 7\).*\[E-ALIGN-ZERO\]"):
        similarities(x, y)


def test_sides_that_do_not_fit_are_refused() -> None:
    x, y = paired(1.0)
    with pytest.raises(StrataError, match=r"One side has 40 rows, the other 39\..*\[E-ALIGN-COUNTS\]"):
        similarities(x, y[:-1])
    with pytest.raises(StrataError, match=r"their widths are 24 and 23.*\[E-ALIGN-WIDTH\]"):
        similarities(x, y[:, :-1])


def test_a_language_that_lacks_a_layer_is_refused() -> None:
    x, y = paired(1.0, layers=3)
    with pytest.raises(StrataError, match=r"One side has 3 layers, the other 2\..*\[E-ALIGN-LAYERS\]"):
        similarities(x, y[:2])
    with pytest.raises(StrataError, match=r"One side has 3 layers, the other 1\..*\[E-ALIGN-LAYERS\]"):
        gram_cka(gram(x), gram(y[:1]))


def test_one_pivot_is_compared_with_many_languages() -> None:
    x, _ = paired(1.0)
    _, y = paired(1.0, layers=6)
    y = y.reshape(3, 2, *y.shape[1:])
    y[1, 1] = x  # and one of them repeats a sentence, so that it is computed again
    y[1, 1, 5] = y[1, 1, 4]
    got = similarities(x, y)
    assert got.shape == (3, 2, 40, 40)
    for at in np.ndindex(3, 2):
        np.testing.assert_array_equal(got[at], similarities(x, y[at]))


def test_one_sentence_has_a_cosine_and_no_rival() -> None:
    assert similarities(np.array([[3.0, 4.0]]), np.array([[4.0, 3.0]])) == pytest.approx(np.array([[0.96]]))
