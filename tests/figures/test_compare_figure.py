"""The comparison's figure: every run told apart, its numbers drawn as they are, hostile labels literal."""

import json
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pandas as pd
import pytest

from probes import export
from probes.compare import MOST, Comparison, compare
from probes.contract import Comparable
from probes.figures.compare import DASHES, SHAPES, side_by_side
from probes.figures.dress import OKABE_ITO

HOSTILE = '\u202e\x00<script>alert(1)</script>"><img src=x onerror=a()>$x$'


def run(shift: float, places: int = 4, texts: int = 20) -> Comparable:
    draw = np.random.default_rng(int(shift * 1000))
    rows = [
        {"order": k, "place": str(k), "text": str(i), "value": 0.4 + shift + draw.normal(0, 0.02)}
        for k in range(places)
        for i in range(texts)
    ]
    return Comparable("F1 of constituents", "layer", str(places // 2), pd.DataFrame(rows))


def made(*names: str, places: tuple[int, ...] = ()) -> Comparison:
    depths = places or (4,) * len(names)
    return compare({name: run(0.02 * i, depths[i]) for i, name in enumerate(names)})


def marks(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer for view in spec["vconcat"] for layer in view["layer"]]


@pytest.mark.parametrize(
    "shown", [made("a", "b"), made("a", "b", "c", places=(4, 9, 31)), made("a", "b", places=(1, 1))]
)
def test_every_field_drawn_exists_and_the_numbers_are_the_comparisons(shown: Comparison) -> None:
    spec = side_by_side(shown).to_dict()
    assert spec == side_by_side(shown).to_dict()
    assert spec["description"] == shown.headline()
    for layer in marks(spec):
        rows = spec["datasets"][layer["data"]["name"]]
        for channel in layer["encoding"].values():
            for one in channel if isinstance(channel, list) else [channel]:
                assert all(one["field"] in row for row in rows if "field" in one)
    drawn = spec["datasets"][marks(spec)[0]["data"]["name"]]
    assert [row["value"] for row in drawn] == shown.values.value.tolist()
    below = spec["datasets"][spec["vconcat"][1]["layer"][1]["data"]["name"]]
    assert {row["difference"] for row in below} <= set(shown.differences.difference)
    assert len(below) == (len(shown.differences) if shown.aligned else shown.values.run.nunique() - 1)


def test_as_many_runs_as_may_be_compared_are_told_apart_three_ways() -> None:
    assert MOST == len(SHAPES) == len(DASHES) == len(OKABE_ITO)
    assert len(set(SHAPES)) == len({tuple(d) for d in DASHES}) == MOST
    spec = side_by_side(made(*"abcdefgh")).to_dict()
    line = next(m for m in marks(spec) if m["mark"]["type"] == "line")
    assert line["encoding"]["color"]["scale"]["domain"] == list("abcdefgh")


def test_the_zero_line_is_drawn() -> None:
    spec = side_by_side(made("a", "b")).to_dict()
    zero = spec["vconcat"][1]["layer"][0]
    assert zero["mark"]["type"] == "rule"
    assert spec["datasets"][zero["data"]["name"]] == [{"zero": 0.0}]


def test_hostile_labels_are_literal_and_controls_are_spelt_out() -> None:
    """Case 40: in the chart and in the exported SVG."""
    shown = made("plain", HOSTILE)
    text = json.dumps(side_by_side(shown).to_dict()["datasets"], ensure_ascii=False)
    assert "\u202e" not in text
    assert "‹U+202E›" in text
    svg = export.figure_bytes(side_by_side(shown), "svg").decode()
    ET.fromstring(svg)
    assert "<script>alert" not in svg
    assert "&lt;script&gt;" in svg


@pytest.mark.parametrize("fmt", ["pdf", "png"])
def test_it_leaves_as_a_file(fmt: str) -> None:
    assert len(export.figure_bytes(side_by_side(made("a", "b", places=(4, 7))), fmt)) > 3_000
