"""Controls, the dimension curve and the heat map: what is drawn, what is left out and said, and nothing at all."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from marks import checked, rows_of, text, units

from probes.figures.worth import by_depth, controls, dimension_curve, subspace_overlap, where_it_fails


def result(**changes: Any) -> Any:
    names = ["trained model", "control task", "with layer 0", "leaf types", "nothing known"]
    f1 = [0.75, 0.32, 0.76, 0.54, np.nan]
    table = pd.DataFrame({"name": names, "layer": ["2", "2", "2 and 0", "", ""], "f1": f1})
    table = table.assign(low=table.f1 - 0.03, high=table.f1 + 0.03, gain=0.75 - table.f1, gain_low=0.0, gain_high=0.1)
    table["bits"] = [174.6, np.nan, np.nan, 131.7, 548.0]
    ranks = [1, 2, 4, 8]
    curve = pd.DataFrame({"rank": ranks, "f1": [0.3, 0.5, 0.7, 0.71], "valid_f1": [0.3, 0.5, 0.7, 0.71]})
    curve = curve.assign(low=curve.f1 - 0.05, high=curve.f1 + 0.05, smallest=[False, False, True, False])
    cells = pd.DataFrame(
        [
            ("call", "2-3", "0-1", False, 10, 9, 2, 0),
            ("call", "2-3", "2-3", False, 10, 1, 2, 2),
            ("call", "16-31", "2-3", False, 5, 0, 16, 2),
            ("module", "16-31", "0-1", True, 9, 9, 16, 0),
            ("if", "8-15", "2-3", False, 0, 0, 8, 2),
        ],
        columns=["label", "length", "depth", "whole", "gold", "hits", "length_from", "depth_from"],
    )
    fields = {"controls": table, "dimension": curve, "cells": cells, "best": "2", "headline": lambda: "It peaks."}
    return SimpleNamespace(**(fields | changes))


def test_every_control_that_has_a_score_is_drawn_in_order_with_its_interval() -> None:
    spec = checked(controls(result()))
    rows = rows_of(spec, "point", "f1")
    shown = ["trained model, layer 2", "control task, layer 2", "layer 2 with layer 0", "leaf types"]
    assert [row["shown"] for row in rows] == shown
    assert next(v["encoding"]["y"]["sort"] for v, _ in units(spec) if "y" in v.get("encoding", {})) == shown
    assert "trained model 175, leaf types 132, nothing known 548" in text(spec)
    assert {row["is"] for row in rows[:1]} == {"best layer"}


def test_the_curve_rings_the_smallest_rank_that_is_as_good() -> None:
    spec = checked(dimension_curve(result()))
    assert [row["rank"] for row in rows_of(spec, "point", "f1")][:4] == [1, 2, 4, 8]
    assert "4 dimensions: within one s.e. of the best" in str(spec["datasets"])
    assert next(v for v, _ in units(spec) if v["mark"]["type"] == "line")["encoding"]["y"]["scale"]["domain"][0] == 0


def test_the_heat_map_sums_what_it_does_not_show_and_leaves_free_spans_out() -> None:
    rows = {(row["label"], row["length"]): row for row in rows_of(checked(where_it_fails(result())), "rect", "recall")}
    assert set(rows) == {("call", "2-3"), ("call", "16-31")}  # no module, and no kind that is never true
    assert (rows["call", "2-3"]["gold"], rows["call", "2-3"]["recall"]) == (20, 0.5)
    deep = {row["depth"]: row["recall"] for row in rows_of(checked(by_depth(result())), "rect", "recall")}
    assert deep == {"0-1": 0.9, "2-3": 1 / 15}


def test_overlaps_are_told_in_times_chance() -> None:
    table = pd.DataFrame({"layer": ["0", "0", "1", "1"], "other": ["0", "1", "0", "1"]})
    table = table.assign(overlap=[0.6, 0.2, 0.2, 0.5], angle=[30.0, 65, 65, 40], chance_overlap=0.1, chance_angle=76.0)
    spec = checked(subspace_overlap(result(agreement=table, layers=("0", "1"))))
    rows = {(row["layer"], row["other"]): row["times"] for row in rows_of(spec, "rect", "times")}
    assert rows == {
        pair: pytest.approx(times) for pair, times in zip(zip("0011", "0101", strict=True), (6, 2, 2, 5), strict=True)
    }
    assert "chance is 0.10" in text(spec)
    assert "two seeds" in text(subspace_overlap(result(agreement=table.head(0))).to_dict())


def test_nothing_is_said_in_words() -> None:
    none = result(
        controls=result().controls.head(1), dimension=result().dimension.head(0), cells=result().cells.tail(1)
    )
    for draw, words in (
        (controls, "no controls"),
        (dimension_curve, "no dimension"),
        (where_it_fails, "No constituent"),
    ):
        assert words in text(draw(none).to_dict())
