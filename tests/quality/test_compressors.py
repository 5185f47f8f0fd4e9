"""Storing vectors in fewer bytes: lossless extremes are exact, errors have their bounds, sizes are counted."""

import numpy as np
import pytest

from probes.quality.compressors import COMPRESSORS, binary, first, float16, hashed, int8, low_rank, product, pruned

DRAW = np.random.default_rng(0)
ROWS, LEARN = DRAW.normal(size=(40, 16)), DRAW.normal(size=(90, 16))


@pytest.mark.parametrize(("made", "level"), [(low_rank, 16), (first, 16), (pruned, 16)])
def test_at_full_size_nothing_is_lost(made: object, level: int) -> None:
    coded = made(ROWS, LEARN, level, 0)  # type: ignore[operator]
    np.testing.assert_allclose(coded.stored, ROWS, atol=1e-9)
    lost = made(ROWS, LEARN, 4, 0)  # type: ignore[operator]
    assert lost.bytes < coded.bytes
    assert not np.allclose(lost.stored, ROWS[:, : lost.stored.shape[1]]) or made is first


def test_a_codebook_of_all_different_parts_is_exact_and_one_of_fewer_is_not() -> None:
    few = DRAW.normal(size=(5, 16))[DRAW.integers(0, 5, 60)]
    np.testing.assert_allclose(product(few, few, 4, 0).stored, few)
    assert not np.allclose(product(few, few, 4, 0, codes=3).stored, few)
    with pytest.raises(ValueError, match="16 dimensions do not fall into 3 equal parts"):
        product(ROWS, LEARN, 3, 0)


def test_more_parts_come_nearer() -> None:
    errors = [np.square(product(ROWS, LEARN, parts, 0).stored - ROWS).mean() for parts in (2, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)


def test_int8_is_off_by_half_a_step_and_equal_numbers_stay() -> None:
    step = (ROWS.max(1) - ROWS.min(1)) / 255
    assert (np.abs(int8(ROWS, LEARN, 0, 0).stored - ROWS) <= step[:, None] / 2 + 1e-12).all()
    flat = np.full((2, 16), 0.3)
    np.testing.assert_array_equal(int8(flat, LEARN, 0, 0).stored, flat)


def test_float16_never_becomes_infinite() -> None:
    huge = ROWS * 1e6
    assert np.isfinite(float16(huge, LEARN, 0, 0).stored).all()
    np.testing.assert_allclose(float16(ROWS, LEARN, 0, 0).stored, ROWS, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("degrees", [10, 47.5, 90, 150])
def test_a_hashed_bit_differs_as_often_as_the_angle_says(degrees: float) -> None:
    angle, bits = np.radians(degrees), 20_000
    pair = np.zeros((2, 16))
    pair[0, 0], pair[1, :2] = 1, (np.cos(angle), np.sin(angle))
    one, other = hashed(pair, LEARN, bits, 1).stored
    share = angle / np.pi
    assert (one != other).mean() == pytest.approx(share, abs=3 * np.sqrt(share * (1 - share) / bits))


def test_a_binary_code_halves_what_it_learnt_from_and_ignores_growing_changes_of_scale() -> None:
    signs = binary(LEARN, LEARN, 0, 0).stored
    assert (np.abs(signs.mean(0)) < 0.02).all()
    scale = DRAW.uniform(0.1, 9, 16)
    np.testing.assert_array_equal(binary(LEARN * scale, LEARN * scale, 0, 0).stored, signs)


def test_what_is_pruned_are_the_smallest() -> None:
    stored = pruned(ROWS, LEARN, 5, 0).stored
    for row, kept in zip(ROWS, stored, strict=True):
        assert (kept != 0).sum() == 5
        assert np.abs(kept[kept != 0]).min() >= np.abs(row[kept == 0]).max()


@pytest.mark.parametrize(
    ("name", "level", "size"),
    [("float16", 0, 32), ("int8", 0, 24), ("product", 8, 4), ("low rank", 4, 16), ("first", 4, 16),
     ("pruned", 4, 18), ("hashed", 64, 8), ("binary", 0, 2)],
)  # fmt: skip
def test_bytes_are_counted_and_rows_stay_in_place(name: str, level: int, size: float) -> None:
    coded = COMPRESSORS[name](ROWS, LEARN, level, 0)
    assert coded.bytes == size
    assert len(coded.stored) == len(coded.asked) == 40
    one = COMPRESSORS[name](ROWS[:7], LEARN, level, 0)
    np.testing.assert_allclose(one.stored, coded.stored[:7])  # what is stored of a row does not hang on the others
