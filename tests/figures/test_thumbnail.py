"""A thumbnail is the figure's own first view with the same numbers, and it is valid."""

from typing import Any

import altair as alt
import pytest
from fakes import add, syntax_result

from probes.figures.layers import f1_by_layer, recall_by_label
from probes.figures.snippet import snippet
from probes.figures.thumbnail import thumbnail
from probes.figures.trees import gold_and_predicted

CHARTS = {
    "layers": lambda: f1_by_layer(syntax_result()),
    "recall": lambda: recall_by_label(syntax_result()),
    "snippet": lambda: snippet(add()),
    "trees": lambda: gold_and_predicted(add()),
}


def views(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [v for layer in spec["layer"] for v in views(layer)] if "layer" in spec else [spec]


@pytest.mark.parametrize("name", CHARTS)
def test_it_is_valid_small_and_has_no_words(name: str) -> None:
    small = thumbnail(CHARTS[name]())
    alt.Chart.from_dict({**small, "width": 200}).to_dict()
    assert small["height"] <= 120
    assert small["width"] == "container"
    assert not {"title", "params", "description", "hconcat", "vconcat"} & set(small)
    for view in views(small):
        assert "tooltip" not in view["encoding"]
        assert all(
            c.get("title", None) is None for c in view["encoding"].values() if isinstance(c, dict) and "field" in c
        )


def test_rows_without_room_have_no_names_and_colours_no_legend() -> None:
    cells = alt.Chart({"values": [{"a": "x", "b": 1, "c": 0.5}]}).mark_rect()
    chart = cells.encode(
        x="b:O", y=alt.Y("a:N", axis=alt.Axis(labelLimit=9)), color=alt.Color("c:Q", legend=alt.Legend())
    )
    encoding = thumbnail(chart)["encoding"]
    assert encoding["color"]["legend"] is None
    assert encoding["y"]["axis"] == {"labelLimit": 9, "labels": False, "ticks": False}
    assert "axis" not in encoding["x"]


def test_the_numbers_are_the_figures() -> None:
    chart = f1_by_layer(syntax_result())
    assert thumbnail(chart)["datasets"] == chart.to_dict()["datasets"]


def test_of_two_views_the_first_is_shown() -> None:
    one, two = f1_by_layer(syntax_result()), recall_by_label(syntax_result())
    one.config = two.config = alt.Undefined  # only the outermost chart may wear a dress
    for chart in (alt.vconcat(one, two), alt.hconcat(one, two)):
        marks = {view["mark"]["type"] for view in views(thumbnail(chart))}
        assert "line" in marks
        assert "text" not in marks
