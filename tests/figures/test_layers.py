from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fakes import syntax_result
from marks import checked, rows_of, text, units

from probes.figures.layers import LAYER_ZERO, SERIES, f1_by_layer, recall_by_label


def ticks(spec: dict) -> list[str]:
    return next(v["encoding"]["x"]["axis"]["values"] for v, _ in units(spec) if "axis" in v["encoding"].get("x", {}))


def test_every_series_and_layer_is_drawn_from_zero_with_its_interval() -> None:
    result = syntax_result()
    spec = checked(f1_by_layer(result))
    points = rows_of(spec, "point", "f1")
    assert {(row["series"], row["layer"]) for row in points} == set(
        zip(result.scores["series"], result.scores["layer"], strict=True)
    )
    view = next(v for v, _ in units(spec) if v["mark"]["type"] == "point")
    assert view["encoding"]["y"]["scale"]["domain"][0] == 0
    assert view["encoding"]["y"]["scale"]["domain"][1] >= result.scores["high"].max()
    assert view["encoding"]["x"]["sort"] == [str(i) for i in range(7)]
    assert {"low", "high", "precision", "recall"} <= {t["field"] for t in view["encoding"]["tooltip"]}


def test_series_are_told_apart_by_colour_dash_and_shape() -> None:
    for kind in zip(*SERIES.values(), strict=True):
        assert len({str(look) for look in kind}) == len(SERIES)


def test_layer_zero_of_the_trained_model_crosses_the_figure() -> None:
    result = syntax_result()
    rows = next(r for _, r in units(f1_by_layer(result).to_dict()) if r and r[0].get("series") == LAYER_ZERO)
    assert [(row["layer"], row["f1"]) for row in rows] == [("0", 0.35), ("6", 0.35)]


def test_without_layer_zero_there_is_no_reference() -> None:
    result = syntax_result()
    spec = checked(f1_by_layer(replace(result, scores=result.scores[result.scores["order"] > 0])))
    assert not any(row.get("series") == LAYER_ZERO for _, rows in units(spec) for row in rows)


def test_the_best_layer_is_the_one_chosen_on_validation_not_the_highest() -> None:
    spec = f1_by_layer(replace(syntax_result(), best="2")).to_dict()
    assert [row["note"] for row in rows_of(spec, "text", "note")] == ["best: layer 2, F1 0.46"]


@pytest.mark.parametrize("depth", [1, 2, 7, 13, 14, 15, 32, 33, 81, 200])
def test_layer_labels_never_crowd(depth: int) -> None:
    result = syntax_result(tuple(0.3 + 0.2 * np.sin(i / 9) for i in range(depth)), last=f"{depth - 2} + norm")
    shown = ticks(checked(f1_by_layer(result)))
    layers = result.scores.drop_duplicates("layer")["layer"].tolist()
    places = [layers.index(name) for name in shown]
    assert len(shown) <= 16
    assert {layers[0], layers[-1]} <= set(shown) or depth == 1
    near = min(layers.index(result.best), depth - 1 - layers.index(result.best))
    assert result.best in shown or near < -(-depth // 14)  # the note beside the ring names it in any case
    assert depth <= 14 or min(np.diff(places)) >= 2


def test_a_layer_without_a_number_is_not_drawn() -> None:
    result = syntax_result()
    scores = result.scores.copy()
    scores.loc[scores["layer"] == "5", "f1"] = float("nan")
    spec = checked(f1_by_layer(replace(result, scores=scores)))
    assert "5" not in {row["layer"] for row in rows_of(spec, "point", "f1")}


def test_nothing_at_all_is_said_in_words() -> None:
    result = syntax_result()
    empty = replace(result, scores=result.scores.iloc[:0], recall=result.recall.iloc[:0])
    assert "No layer has a score" in text(f1_by_layer(empty).to_dict())
    assert "No constituent was found" in text(recall_by_label(empty).to_dict())


def test_recall_shows_the_most_frequent_labels_with_their_number() -> None:
    result = syntax_result()
    spec = checked(recall_by_label(result))
    rows = rows_of(spec, "point", "recall")
    assert len(rows) == 20
    assert rows[0]["shown"] == "module  (4,000)"
    assert [row["n"] for row in rows] == sorted((row["n"] for row in rows), reverse=True)
    assert "the 20 most frequent labels of 30" in text(spec)


def test_a_label_is_text() -> None:
    recall = pd.DataFrame({"label": ["<script>\u202e", "b"], "layer": "3", "recall": [0.5, 0.1], "n": [2, 1]})
    rows = rows_of(recall_by_label(replace(syntax_result(), recall=recall)).to_dict(), "point", "recall")
    assert rows[0]["shown"] == "<script>‹U+202E›  (2)"
