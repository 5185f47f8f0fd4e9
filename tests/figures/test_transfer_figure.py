"""Figures of several runs together: every reader and run is drawn, chance stands beside, hostile names stay text."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from probes.figures.cloud import LAYER, constituents
from probes.figures.transfer import f1_of_transfer, matrix, shared_directions, subspace_overlap

LAYERS = ("0", "1", "2 + norm")


def result(names: tuple[str, ...] = ("python", "c"), *, same: bool = False) -> Any:
    scores = pd.DataFrame(
        [
            (probe, read, order, layer, 0.5, 0.4, 0.6, 0.7)
            for read in names
            for probe in (*names, "control task")
            for order, layer in enumerate(LAYERS)
        ],
        columns=["probe", "read", "order", "layer", "f1", "low", "high", "f1_spans"],
    )
    angles = pd.DataFrame(
        [(names[0], name, layer, 0.3, 60.0, 0.2, 65.0, same) for name in names[1:] for layer in LAYERS],
        columns=["one", "other", "layer", "overlap", "angle", "chance_overlap", "chance_angle", "same_start"],
    )
    shared = pd.DataFrame({"direction": [1, 2, 3], "share": [0.95, 0.5, 0.4], "chance": [0.5, 0.5, 0.4]})
    parts = {"scores": scores, "angles": angles, "shared": shared}
    return SimpleNamespace(**parts, names=names, layers=LAYERS, layer="1", headline=lambda: "H.")


def drawn(chart: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    spec = chart.to_dict()
    return spec, [row for rows in spec["datasets"].values() for row in rows]


def test_the_matrix_has_a_tile_a_reader_and_run_at_one_layer_baselines_last() -> None:
    spec, rows = drawn(matrix(result(("python", "c", "go"))))
    assert len(rows) == 3 * 4
    assert {row["layer"] for row in rows} == {"1"}
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["python", "c", "go", "control task"]
    assert spec["description"] == "H."


@pytest.mark.parametrize("names", [("python", "c"), ("a", "b", "c", "d", "e", "f", "g", "h")])
def test_a_panel_a_run_with_every_probe_in_it(names: tuple[str, ...]) -> None:
    spec, rows = drawn(f1_of_transfer(result(names)))
    assert spec["facet"]["sort"] == list(names)
    domain = spec["spec"]["layer"][1]["encoding"]["color"]["scale"]
    assert domain["domain"][: len(names)] == list(names)
    assert len(domain["range"]) == len(domain["domain"]) == len(set(domain["range"]))
    assert {row["probe"] for row in rows} == set(domain["domain"])


def test_overlaps_stand_beside_chance_and_equal_starts_are_said() -> None:
    spec, rows = drawn(subspace_overlap(result()))
    assert {row["pair"] for row in rows if "pair" in row} == {"python and c"}
    assert len(spec["title"]["subtitle"]) == 1
    assert "began at the same projection" in str(drawn(subspace_overlap(result(same=True)))[0]["title"])
    many, _ = drawn(subspace_overlap(result(tuple(f"l{i}" for i in range(12)))))
    assert len(many["layer"]) == 3


def test_shared_directions_are_counted_beside_unrelated_subspaces() -> None:
    spec, rows = drawn(shared_directions(result()))
    assert {row["kind"] for row in rows} == {"these runs", "unrelated subspaces"}
    assert "1 of 3 directions" in spec["title"]["subtitle"][0]
    assert "no direction" in str(shared_directions(SimpleNamespace(shared=pd.DataFrame())).to_dict())


def cloud(labels: tuple[str, ...] = ("block", "call"), text: str = "a ( b )") -> Any:
    draw = np.random.default_rng(0)
    rows = [
        (order, layer, kind, label, *draw.normal(size=2), "m.py:1", text)
        for order, layer in enumerate(LAYERS)
        for kind in ("constituent", "label")
        for label in labels
    ]
    table = pd.DataFrame(rows, columns=["order", "layer", "kind", "label", "x", "y", "origin", "text"])
    return SimpleNamespace(cloud=table, layers=LAYERS, best="1")


def test_the_slider_starts_at_the_best_layer_and_reaches_them_all() -> None:
    spec, rows = drawn(constituents(cloud()))
    slider = next(param for param in spec["params"] if param["name"] == LAYER)
    assert slider["value"] == 1
    assert (slider["bind"]["min"], slider["bind"]["max"]) == (0, 2)
    assert {row["order"] for row in rows} == {0, 1, 2}
    assert {row["text"] for row in rows if str(row["text"]).startswith("layer")} == {f"layer {name}" for name in LAYERS}


def test_hostile_words_are_shown_not_obeyed() -> None:
    _, rows = drawn(constituents(cloud(text="\u202e<script>alert(1)</script>\x00" + "x" * 200)))
    texts = {row["text"] for row in rows if row.get("kind") == "constituent"}
    assert all("\u202e" not in text and "\x00" not in text and len(text) <= 80 for text in texts)


def test_without_a_constituent_it_says_so() -> None:
    assert "no constituent" in str(constituents(SimpleNamespace(cloud=pd.DataFrame())).to_dict())
