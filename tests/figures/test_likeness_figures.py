"""Figures of likeness: every pair a cell, both floors in the tooltip, every step of every model, names for measures."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from small import line_folder, small_likeness

from probes import analyses
from probes.alignment.likeness import LikenessResult
from probes.contract import Progress
from probes.figures import likeness as at


@pytest.fixture(scope="module")
def results(tiny_bert: Path, tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LikenessResult]:
    folder = line_folder(tmp_path_factory.mktemp("sentences"))
    found = {}
    for name, other in (("one", "same"), ("two", tiny_bert)):
        spec = small_likeness(tiny_llama, other, folder, measures=("cka", "procrustes"), random_init=name == "two")
        found[name] = analyses.of(spec).run(spec, Progress())
    return found


def rows(chart: Any) -> list[dict[str, Any]]:
    return [row for data in chart.to_dict()["datasets"].values() for row in data]


@pytest.mark.parametrize("which", ["one", "two"])
def test_the_map_has_a_square_cell_for_every_pair_of_layers(which: str, results: dict[str, LikenessResult]) -> None:
    result = results[which]
    chart = at.all_pairs(result).to_dict()
    cells = [row for row in rows(at.all_pairs(result)) if "value" in row]
    drawn = {(row["layer"], row["other_layer"]): row["value"] for row in cells}
    wanted = {(row.layer, row.other_layer): row.value for row in result.of("cka").itertuples()}
    assert drawn == wanted
    assert chart["width"] / len(result.other_layers) == chart["height"] / len(result.layers)
    y = chart["layer"][0]["encoding"]["y"]
    assert y["sort"][0] == "0"  # from layer 0 down
    rings = {(row["layer"], row["other_layer"]) for row in rows(at.all_pairs(result)) if "value" not in row}
    assert rings == ({result.best, result.best[::-1]} if which == "one" else {result.best})
    told = {field["field"] for field in chart["layer"][0]["encoding"]["tooltip"]}
    assert ("random" in told) == (which == "two")


def test_distances_are_darker_the_larger(results: dict[str, LikenessResult]) -> None:
    turned = dataclasses.replace(results["one"], measures=("procrustes",), distance=True)
    scales = [at.all_pairs(r).to_dict()["layer"][0]["encoding"]["color"]["scale"] for r in (turned, results["one"])]
    assert [scale["reverse"] for scale in scales] == [True, False]


def test_too_many_layers_are_thinned_and_it_is_said(
    results: dict[str, LikenessResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at, "MAX_ROWS", 6)
    chart = at.all_pairs(results["two"])
    assert len([row for row in rows(chart) if "value" in row]) < 12
    assert "one layer in 2 is shown" in chart.to_dict()["title"]["subtitle"][0]


@pytest.mark.parametrize("which", ["one", "two"])
def test_every_step_of_every_model_is_drawn_beside_random_weights(
    which: str, results: dict[str, LikenessResult]
) -> None:
    result = results[which]
    drawn = rows(at.change_by_layer(result))
    own = [(row["before"], row["layer"], row["change"]) for row in drawn if row["series"] == "trained"]
    steps = result.change[result.change.measure == "cka"]
    assert sorted(own) == sorted(zip(steps.before, steps.layer, steps.change, strict=True))
    assert any(row["series"] == "random weights" for row in drawn) == (which == "two")


def test_agreement_names_its_measures_and_needs_two(results: dict[str, LikenessResult]) -> None:
    drawn = rows(at.agreement_of_measures(results["two"]))
    assert {row["measure"] for row in drawn} == {"CKA", "Procrustes distance"}
    lone = dataclasses.replace(results["two"], measures=("cka",))
    assert "agreement needs two" in " ".join(rows(at.agreement_of_measures(lone))[0]["message"].split())
