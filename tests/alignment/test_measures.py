from collections.abc import Callable

import numpy as np
import pytest
from by_the_book import BOOK
from parallel_vectors import paired, sides

from probes.alignment import MEASURES, Measure, measure
from probes.alignment.measures import CHANGES
from probes.alignment.nulls import shuffled

each = pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.name)


def _rotation(width: int, draw: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(draw.normal(size=(width, width)))[0]


def _changed(side: np.ndarray, change: str, draw: np.random.Generator) -> np.ndarray:
    """Make one of the CHANGES that concern one side."""
    width = side.shape[1]
    made: dict[str, Callable[[], np.ndarray]] = {
        "scale": lambda: side * 1e-4,
        "rotation": lambda: side @ _rotation(width, draw),
        "shift": lambda: side + 1.5 * draw.normal(size=width),
        "shear": lambda: side @ (_rotation(width, draw) * np.geomspace(0.1, 5, width)) @ _rotation(width, draw),
        "permutation": lambda: side[:, draw.permutation(width)],
        "shuffle": lambda: side[draw.permutation(len(side))],
    }
    return made[change]()


def variants(change: str, x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the data changed, on each side in turn where the change concerns one side."""
    draw = np.random.default_rng(5)
    if change == "swap":
        return [(y, x)]
    if change == "order":
        order = draw.permutation(len(x))
        return [(x[order], y[order])]
    return [(_changed(x, change, draw), y), (x, _changed(y, change, draw))]


def test_the_table_and_the_book_name_the_same_measures() -> None:
    assert [row.name for row in MEASURES] == list(BOOK)
    for row in MEASURES:
        assert row.ignores | row.sees == set(CHANGES), row.name
        assert not row.ignores & row.sees, row.name
        assert row.source


@each
@pytest.mark.parametrize("seed", range(3))
def test_it_is_its_formula_by_the_book(row: Measure, seed: int) -> None:
    x, y = sides(0.5 + seed, n=64 + 3 * seed + 4 * (seed > 0), seed=seed)
    assert row.call(x, y) == pytest.approx(BOOK[row.name](x, y), abs=1e-9)


@pytest.mark.parametrize("row", [row for row in MEASURES if not row.one_space], ids=lambda row: row.name)
@pytest.mark.parametrize(("width", "other"), [(12, 5), (5, 12)])
def test_sides_of_two_widths_are_compared_by_the_book(row: Measure, width: int, other: int) -> None:
    x, y = sides(width=width, other=other)
    expected = BOOK[row.name](x, y)
    assert row.call(x, y) == pytest.approx(expected, abs=1e-7)  # the book takes roots of eigenvalues that are zero


WIDE = [row for row in MEASURES if row.name not in ("cca", "pwcca", "svcca")]


@pytest.mark.parametrize("row", WIDE, ids=lambda row: row.name)
def test_more_dimensions_than_rows_are_by_the_book_too(row: Measure) -> None:
    x, y = sides(n=34 + 2, width=150, other=150)
    assert row.call(x, y) == pytest.approx(BOOK[row.name](x, y), abs=1e-6)


@each
def test_what_it_ignores_leaves_it_and_what_it_sees_moves_it(row: Measure) -> None:
    x, y = sides()
    value = row.call(x, y)
    for change in CHANGES:
        moved = [abs(row.call(*data) - value) for data in variants(change, x, y)]
        if change in row.ignores:
            assert max(moved) < 1e-9 * max(1, abs(value)), f"{row.name} moves under {change}"
        else:
            assert max(moved) > 1e-4, f"{row.name} does not see {change}"


@each
@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e-4, 1e20])
def test_the_size_of_both_sides_leaves_it(row: Measure, scale: float) -> None:
    x, y = sides()
    size = scale if "scale" in row.sees else 1
    assert row.call(x * scale, y * scale) == pytest.approx(row.call(x, y) * size, rel=1e-9)


@each
def test_a_far_offset_costs_no_digits_where_a_shift_is_ignored(row: Measure) -> None:
    x, y = sides()
    if "shift" in row.ignores:
        assert row.call(x + 1e5, y - 1e5) == pytest.approx(row.call(x, y), abs=1e-7)


@each
def test_a_side_is_identical_to_itself(row: Measure) -> None:
    x, _ = sides()
    if row.identical is not None:
        assert row.call(x, x) == pytest.approx(row.identical, abs=1e-9)
    if "rotation" in row.ignores and row.identical is not None:
        turned = x @ _rotation(12, np.random.default_rng(1))
        assert row.call(x, turned) == pytest.approx(row.identical, abs=1e-7)


UNBIASED = ("cka-unbiased", "cka-unbiased-standardised", "cka-minibatch", "distance-correlation-unbiased")


@each
def test_translations_stand_out_of_shuffled_pairs(row: Measure) -> None:
    """The pairs of a well aligned pair of sides, and the same rows paired at random."""
    if "shuffle" in row.ignores:
        return
    x, y = sides(0.4)
    value, chance = row.call(x, y), shuffled(row.call, x, y, draws=20)
    away = value - chance if row.identical != 0 else chance - value
    assert away.min() > 4 * chance.std()


@pytest.mark.parametrize("name", UNBIASED)
def test_strangers_score_nothing_where_the_bias_is_taken_out(name: str) -> None:
    draw = np.random.default_rng(3)
    made = [measure(name).call(draw.normal(size=(40, 400)), draw.normal(size=(40, 400))) for _ in range(40)]
    assert abs(np.mean(made)) < 0.02
    biased = {"distance-correlation-unbiased": "distance-correlation"}.get(name, "cka")
    assert measure(biased).call(draw.normal(size=(40, 400)), draw.normal(size=(40, 400))) > 0.85


@each
def test_rows_that_are_there_twice_are_by_the_rule_and_not_by_rounding(row: Measure) -> None:
    """Equal rows tie whatever their place: moving the rows about changes nothing where order is ignored."""
    x, y = sides(0.4, width=97, other=97) if row.name not in ("cca", "pwcca") else sides(0.4)
    x[[50, 61]], y[[50, 61]] = x[3], y[3]
    value = row.call(x, y)
    assert np.isfinite(value)
    if row.name in ("mexa", "p-at-1", "mexa-csls", "csls-p-at-1"):
        assert value == pytest.approx(67 / 70)
    if "order" in row.ignores and "knn" not in row.name and row.name not in ("cknna", "hubness"):
        draw = np.random.default_rng(1)
        for _ in range(5):
            order = draw.permutation(len(x))
            assert row.call(x[order], y[order]) == pytest.approx(value, abs=1e-9)


def test_inputs_are_left_as_they_are() -> None:
    x, y = sides()
    before = x.copy(), y.copy()
    x.flags.writeable = y.flags.writeable = False
    for row in MEASURES:
        row.call(x, y)
    assert (before[0] == x).all()
    assert (before[1] == y).all()


def test_float32_layers_are_measured_in_float64() -> None:
    x, y = paired(0.5, n=60, width=12)
    for row in MEASURES:
        assert row.call(x, y) == row.call(x.astype(np.float64), y.astype(np.float64))
