from dataclasses import replace

import numpy as np
import pytest
from fakes import LONGER, FakeSnippet, add, parsed, snippet_of
from marks import checked, rows_of, text, units

from probes.figures.subspace import subspace


def domains(spec: dict) -> tuple[list[float], list[float]]:
    view = next(v for v, _ in units(spec) if v["mark"]["type"] == "point")
    x, y = view["encoding"]["x"], view["encoding"]["y"]
    return x["scale"]["domain"], y["scale"]["domain"]


@pytest.mark.parametrize("result", [add(), parsed(LONGER)], ids=["add", "forty words"])
def test_every_word_has_a_point_inside_and_one_unit_is_as_long_on_both_axes(result: FakeSnippet) -> None:
    spec = checked(subspace(result))
    rows = rows_of(spec, "point", "category")
    assert [row["position"] for row in rows] == list(range(len(result.words)))
    x, y = domains(spec)
    assert all(x[0] < row["x"] < x[1] and y[0] < row["y"] < y[1] for row in rows)
    assert (x[1] - x[0]) / spec["width"] == pytest.approx((y[1] - y[0]) / spec["height"])
    assert len(rows_of(spec, "rule", "x")) == len(result.subspace_edges)


def test_every_word_has_one_label_and_no_two_at_the_same_place() -> None:
    result = parsed(LONGER)
    spec = checked(subspace(result))
    labels = [row for v, rows in units(spec) if v["mark"].get("fill") and v["mark"]["type"] == "text" for row in rows]
    assert sorted(row["position"] for row in labels) == list(range(len(result.words)))
    same = replace(result, words=result.words.assign(x=0.0, y=0.0))
    places = [row["place"] for row in rows_of(checked(subspace(same)), "point", "category")]
    assert places.count("hover") >= len(places) - 4


def test_the_axes_say_how_much_of_the_variance_they_hold() -> None:
    view = next(v for v, _ in units(subspace(add()).to_dict()) if v["mark"]["type"] == "point")
    assert view["encoding"]["x"]["title"] == "main axis 1 (42% of variance)"
    assert view["encoding"]["y"]["title"] == "main axis 2 (17% of variance)"


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_words_are_said_in_words(n: int) -> None:
    result = snippet_of(["a"] * n, ["identifier"] * n, None, None)
    assert "at least two words" in text(checked(subspace(result)))


def test_a_word_without_a_place_is_left_out_and_it_is_said() -> None:
    result = add()
    words = result.words.copy()
    words.loc[2, "x"] = np.nan
    assert "11 of 12 words" in text(checked(subspace(replace(result, words=words))))


@pytest.mark.parametrize("scale", [1e-300, 1e-6, 1e6, 1e200])
def test_scale_does_not_matter(scale: float) -> None:
    result = add()
    words = result.words.assign(x=result.words["x"] * scale, y=result.words["y"] * scale)
    x, y = domains(checked(subspace(replace(result, words=words))))
    assert np.isfinite([*x, *y]).all()
    assert x[0] < x[1]
    assert y[0] < y[1]
