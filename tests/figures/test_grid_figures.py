"""Figures of quality: every cell is drawn, the chosen one marked, dominated cells bare, hostile titles plain text."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from marks import checked, rows_of, text

from probes.figures import grid
from probes.quality import GridResult
from probes.values import Source

SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 0)
HOSTILE = "<script>alert(1)</script>\u202e.csv"


def result(depth: int = 2, *, untrained: bool = True) -> GridResult:
    layers = tuple(str(i) for i in range(depth + 1))
    cells = pd.DataFrame(
        [(i, n, d, i / depth, 4 * d, 0.1 * i + d / 100, 0.0, 1.0, 0.5, 0.2, 0.1, 0.3, 0.4, 0.1, d == 8, i != 1)
         for i, n in enumerate(layers) for d in (8, 16)],
        columns=["order", "layer", "dims", "compute", "bytes", "value", "low", "high", "pearson", "random",
                 "random_low", "random_high", "pca", "untrained", "diagonal", "pareto"],
    )  # fmt: skip
    if not untrained:
        cells["untrained"] = np.nan
    facts = ("2", 16, 0.36, 0.2, 0.5, "1", 8, 0.3, 0.1, 0.4, 0.2, 0.3, 0.0, 0.1, "Spearman", HOSTILE, 40, 50, depth, 16)
    return GridResult(cells, *facts, layers, {}, SOURCE)


def test_every_cell_is_drawn_and_the_best_is_framed() -> None:
    spec = checked(grid.quality_grid(result()))
    cells = rows_of(spec, "rect", "value")
    assert {(r["layer"], r["dims"], r["value"]) for r in cells} == {
        (c.layer, c.dims, c.value) for c in result().cells.itertuples()
    }
    assert {"layer": "2", "dims": 16} in [row for data in spec["datasets"].values() for row in data]
    assert "\u202e" not in text(spec)


@pytest.mark.parametrize("untrained", [True, False])
def test_the_first_stand_beside_their_nulls(untrained: bool) -> None:
    spec = checked(grid.first_or_others(result(untrained=untrained)))
    rows = rows_of(spec, "line", "value")
    assert {row["series"] for row in rows} == set(grid.SERIES) - (set() if untrained else {grid.UNTRAINED})
    assert {row["value"] for row in rows if row["series"] == grid.FIRST} == {0.2 + 0.08, 0.2 + 0.16}


def test_only_what_nothing_beats_has_a_dot() -> None:
    whole = result()
    spec = checked(grid.worth_its_price(whole))
    beaten, dots = (view for view in spec["layer"] if view["mark"]["type"] == "point")
    assert dots["transform"] == [{"filter": "datum.pareto"}]
    assert beaten["transform"] == [{"filter": "!datum.pareto"}]
    line = next(view for view in spec["layer"] if view["mark"]["type"] == "line")
    drawn = {row["bytes"]: row["value"] for row in spec["datasets"][line["data"]["name"]]}
    best = whole.cells.groupby("bytes").value.max().cummax()
    for size, value in best.items():  # between its corners the line stays as it was
        assert drawn[max(corner for corner in drawn if corner <= size)] == value
    assert max(drawn) == whole.cells.bytes.max()


def test_of_many_layers_an_even_choice_is_shown_and_said() -> None:
    many = result(80)
    for draw in (grid.quality_grid, grid.worth_its_price):
        spec = checked(draw(many))
        assert "one layer in 3 is shown" in text(spec)
        shown = {row["layer"] for data in spec["datasets"].values() for row in data}
        assert {"0", "80", many.best} <= shown
        assert len(shown) < 40


def test_the_headline_says_when_nothing_cheaper_will_do() -> None:
    whole = result()
    assert "layer 1 with 8 has 0.30" in whole.headline()
    same = dataclasses.replace(whole, cheap="2", cheap_dims=16)
    assert "nothing cheaper keeps nine tenths of it" in same.headline()
