"""Figures of alignment: every language in its row, floors in every panel, alike languages side by side."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import line_folder, small_alignment

from probes import analyses
from probes.alignment.analysis import AlignmentResult
from probes.alignment.tasks import against
from probes.contract import Progress
from probes.figures import alignment as at
from probes.figures import dendrogram as tree
from probes.figures import languages as points


@pytest.fixture(scope="module")
def result(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> AlignmentResult:
    folder = line_folder(tmp_path_factory.mktemp("sentences"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(tmp_path_factory.mktemp("home")))
        spec = small_alignment(tiny_bert, folder)
        found: AlignmentResult = analyses.of(spec).run(spec, Progress())
        return found


NAMES = {"eng_Latn": "English", "deu_Latn": "German", "tur_Latn": "Turkish", "xxx_Latn": "xxx_Latn"}


def rows(chart: Any) -> list[dict[str, Any]]:
    return [row for data in chart.to_dict()["datasets"].values() for row in data]


def test_the_map_has_a_cell_for_every_language_and_layer(result: AlignmentResult) -> None:
    cells = [row for row in rows(at.by_language(result)) if "score" in row]
    assert len(cells) == len(result.scores)
    drawn = {(row["shown"], row["layer"]): row["score"] for row in cells}
    for row in result.scores.itertuples():
        assert drawn[NAMES[row.language], row.layer] == row.score
    assert {row["language"] for row in cells} == set(result.languages.language)  # the code is in the tooltip
    dots = [row for row in rows(at.by_language(result)) if "score" not in row]
    named = [NAMES[code] for code in result.languages.language]
    assert {(d["shown"], d["layer"]) for d in dots} == set(zip(named, result.languages.best, strict=True))


def scripted(result: AlignmentResult, **scripts: str) -> AlignmentResult:
    return dataclasses.replace(result, languages=result.languages.assign(script=result.languages.language.map(scripts)))


def test_scripts_stand_together_under_their_name(result: AlignmentResult) -> None:
    changed = scripted(result, deu_Latn="Latn", tur_Latn="Cyrl", xxx_Latn="Latn")
    names, _ = at._rows(changed)
    labels, order = at._grouped(changed, names)
    assert labels == NAMES
    assert order[0] == "▾ Latin"
    assert set(order[1:3]) == {"German", "xxx_Latn"}
    assert order[3:] == ["▾ other scripts", "Turkish"]
    assert at.by_language(changed).to_dict()["layer"][0]["encoding"]["y"]["scale"]["domain"] == order


def test_one_script_needs_no_name(result: AlignmentResult) -> None:
    names, _ = at._rows(result)
    assert at._grouped(result, names)[1] == [NAMES[name] for name in names]
    alone = scripted(result, deu_Latn="Latn", tur_Latn="Cyrl", xxx_Latn="Grek")
    assert len(at._grouped(alone, names)[1]) == 3


def test_more_languages_than_fit_are_an_even_choice_and_said(
    result: AlignmentResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at, "MOST", 2)
    names, note = at._rows(result)
    order = result.languages.sort_values(["mean", "language"], ascending=[False, True]).language.tolist()
    assert set(names) == {order[0], order[-1]}
    assert note == "; 2 of 3 languages are shown"


def test_every_panel_stands_over_its_floors(result: AlignmentResult) -> None:
    drawn = rows(at.over_the_floors(result))
    assert {row["code"] for row in drawn} == set(result.languages.language)
    assert {row["language"] for row in drawn} == {NAMES[code] for code in result.languages.language}
    for language in result.languages.language:
        for series, column in zip(at.SERIES, ("score", "lexical", "length", "null"), strict=True):
            mine = [row["score"] for row in drawn if (row["code"], row["series"]) == (language, series)]
            assert mine == result.scores[result.scores.language == language][column].tolist()
    assert all(row["low"] <= row["score"] <= row["high"] for row in drawn)


def test_one_language_is_one_plain_panel(result: AlignmentResult) -> None:
    spec = at.curves(result, ["deu_Latn"]).to_dict()
    assert "facet" not in spec
    assert spec["description"].startswith("Share of sentences that meet their translation by layer: German.")


def test_without_similarities_the_map_says_so(result: AlignmentResult) -> None:
    without = dataclasses.replace(result, near=np.empty((0, 0, 0), np.float32))
    assert "kept no similarities" in str(rows(at.between_languages(without)))


def test_alike_languages_stand_side_by_side() -> None:
    rng = np.random.default_rng(0)
    groups = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    near = np.where(groups[:, None] == groups[None], 0.8, 0.2) + 0.02 * rng.random((9, 9))
    order = at.seriated((near + near.T) / 2)
    assert sorted(order) == list(range(9))
    assert sum(groups[a] != groups[b] for a, b in zip(order, order[1:], strict=False)) == 2
    assert at.seriated(np.ones((1, 1))) == [0]
    assert at.seriated(np.ones((2, 2))) == [0, 1]


# ---- languages as points ---------------------------------------------------------------------------------------------


def test_places_keep_the_distances_of_points_in_a_plane() -> None:
    at_home = np.random.default_rng(1).normal(size=(12, 2)) * 0.2
    apart = np.linalg.norm(at_home[:, None] - at_home[None], axis=-1)
    found, share = points.placed(1 - apart)
    assert np.linalg.norm(found[:, None] - found[None], axis=-1) == pytest.approx(apart, abs=1e-9)
    assert share == pytest.approx(1)
    assert points.placed(np.ones((3, 3)))[0] == pytest.approx(np.zeros((3, 2)))


def test_the_map_shows_every_language_and_the_pivot(result: AlignmentResult) -> None:
    for layer in result.layers:
        drawn = rows(points.language_map(result, layer, "deu_Latn"))
        assert [row["code"] for row in drawn] == ["eng_Latn", *result.languages.language]
        assert [row["language"] for row in drawn] == [NAMES[row["code"]] for row in drawn]
        assert [row["size"] for row in drawn] == [220, 220, 70, 70]
    without = dataclasses.replace(result, near=np.empty((0, 0, 0), np.float32))
    assert "kept no similarities" in str(rows(points.language_map(without, "0")))


def test_the_line_through_task_scores_is_drawn_where_it_is_fitted() -> None:
    x, y = np.array([0.1, 0.4, 0.5, 0.9]), np.array([0.3, 0.45, 0.5, 0.7])
    fit = against(x, y)
    drawn = rows(points.task_line(list("abcd"), x, y, fit))
    line = [row for row in drawn if row.get("line") == "all languages"]
    out = "abcd"[fit.decisive]
    kept = [i for i in range(4) if "abcd"[i] != out]
    slope, intercept = np.polyfit(x[kept], y[kept], 1)
    without = [row["task"] for row in drawn if row.get("line") == f"without {out}"]
    assert without == pytest.approx([slope * end + intercept for end in (0.1, 0.9)])
    assert [(r["alignment"], pytest.approx(r["task"])) for r in line] == [(0.1, 0.3), (0.9, 0.7)]


def test_the_tree_joins_the_nearest_first_and_at_their_distance() -> None:
    near = np.array([[1, 0.9, 0.2, 0.1], [0.9, 1, 0.2, 0.3], [0.2, 0.2, 1, 0.6], [0.1, 0.3, 0.6, 1]])
    lines, leaves = tree.joined(near)
    assert {frozenset(leaves[:2]), frozenset(leaves[2:])} == {frozenset({0, 1}), frozenset({2, 3})}
    joins = sorted(set(lines[lines.x == lines.x2].x.round(9)))
    assert joins == pytest.approx([1 - 0.9, 1 - 0.6, 1 - np.mean([0.2, 0.1, 0.2, 0.3])])
    assert tree.joined(np.eye(2))[0].x.max() == 1
    assert len(tree.joined(np.full((3, 3), np.nan))[1]) == 3


def test_the_tree_names_every_language(result: AlignmentResult) -> None:
    drawn = [row for row in rows(tree.dendrogram(result, "1", "deu_Latn")) if "language" in row]
    assert sorted(row["code"] for row in drawn) == sorted(NAMES)
    assert {row["language"]: row["look"] for row in drawn}["German"] == "chosen"
    without = dataclasses.replace(result, near=np.empty((0, 0, 0), np.float32))
    assert "kept no similarities" in str(rows(tree.dendrogram(without, "0")))


def test_names_on_the_map_do_not_cover_each_other() -> None:
    near = pd.DataFrame({"x": [0, 0.001, 1], "y": [0, 0.001, 1], "size": [70, 220, 70], "language": ["aa", "bb", "cc"]})
    assert points._legible(near) == [False, True, True]
    assert points._legible(near.assign(y=[0, 0.5, 1])) == [True, True, True]
    assert points._legible(near.assign(x=0, y=0)) == [False, True, False]
