"""Figures of clouds and maps: what is drawn is what was found; hostile words stay words; too many points are said."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from marks import checked

from probes.figures import geometry, grouped, maps, points
from probes.geometry import GeometryResult, MapResult
from probes.geometry.analysis import RAW, TRAINED
from probes.values import Source

SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 0)
LAYERS = ("0", "1", "2 + norm")
HOSTILE = ["<script>alert(1)</script>", "\u202egnp", "\x00", "a\nb", "{b}", "'] + 1"]


def cloud(value: float = 0.5) -> GeometryResult:
    series = [(TRAINED, t) for t in geometry.TREATED] + [(s, RAW) for s in geometry.SERIES if s != TRAINED]
    names = [name for group in geometry.SHOWN for name in group]
    scores = pd.DataFrame(
        [(i, layer, s, t, m, value + i, value + i - 0.1, np.nan) for i, layer in enumerate(LAYERS)
         for s, t in series for m in names],
        columns=["order", "layer", "series", "treatment", "measure", "value", "low", "high"],
    )  # fmt: skip
    norms = pd.DataFrame([(i, n, 1.0, 2.0, 3.0, 4.0, 5.0) for i, n in enumerate(LAYERS)],
                         columns=["order", "layer", "p5", "p25", "p50", "p75", "p95"])  # fmt: skip
    rogue = pd.DataFrame([(i, n, r, 7 * r, 0.5 / r, 1.0, 0.1) for i, n in enumerate(LAYERS) for r in range(1, 6)],
                         columns=["order", "layer", "rank", "dimension", "share", "mean", "sd"])  # fmt: skip
    return GeometryResult(scores, norms, rogue, "1", "leaf", 2, 16, 50, 9, LAYERS, {}, SOURCE)


def drawn_map(n: int = 30, kinds: int = 3) -> MapResult:
    draw = np.random.default_rng(0)
    words = [HOSTILE[i % len(HOSTILE)] for i in range(n)]
    columns = {"word": words, "before": words, "after": words, "kind": [f"kind {i % kinds}" for i in range(n)]}
    frame = pd.DataFrame(columns).assign(type="t", place=0, origin=words, text=0)
    quality = pd.DataFrame({"order": range(3), "layer": LAYERS})
    quality = quality.assign(
        trustworthiness=0.9, continuity=0.8, neighbours=0.5, chance=0.1, distances=0.4, stability=1
    )
    near = np.tile(np.arange(10, dtype=np.int32), (3, n, 1))
    xy = draw.normal(size=(3, n, 2)).astype(np.float32)
    groups = np.tile(np.arange(n, dtype=np.int32) % 2, (3, 1))
    named = pd.DataFrame(
        [(k, n // 2, 0.1 * k, 0.0, HOSTILE[k], i, layer) for i, layer in enumerate(LAYERS) for k in range(2)],
        columns=["cluster", "size", "x", "y", "label", "order", "layer"],
    )
    rest = (groups, named, "pca", 5, n, "1", n, "leaf", 2, LAYERS, {}, SOURCE, "")
    return MapResult(quality, frame, xy, near, np.ones(3), *rest)


@pytest.mark.parametrize("draw", [maps.moving, maps.every_layer, grouped.named_clusters])
def test_a_column_of_any_name_is_spelt_out_and_cut_in_a_title(draw: Callable[[MapResult], Any]) -> None:
    plain = drawn_map()
    quality = plain.quality.assign(random=0.2)
    named = dataclasses.replace(plain, quality=quality, subspace="the classes of \u202e" + "x" * 5000)
    title = draw(named).to_dict()["title"]["text"]
    assert title.startswith("PCA in the classes of ‹U+202E›xxx")
    assert len(title) < 150


@pytest.mark.parametrize("name", ["by_layer", "after_treatment", "norms", "rogue_dimensions"])
def test_the_shape_is_drawn_at_every_layer(name: str) -> None:
    spec = getattr(geometry, name)(cloud()).to_dict()
    rows = [row for data in spec["datasets"].values() for row in data]
    assert {row["layer"] for row in rows} == set(LAYERS)


def test_every_measure_has_a_panel_over_its_nulls_and_missing_bounds_are_no_band() -> None:
    spec = geometry.by_layer(cloud()).to_dict()
    rows = [row for data in spec["datasets"].values() for row in data]
    assert {row["told"] for row in rows} == set(geometry.SERIES)
    assert len({row["measure"] for row in rows}) == 12
    assert all(row["high"] == row["value"] for row in rows)


def test_what_cannot_be_drawn_on_a_logarithm_is_left_out_and_nothing_at_all_is_said() -> None:
    rows = [r for data in geometry.by_layer(cloud(-1.0)).to_dict()["datasets"].values() for r in data]
    assert all(r["value"] > 0 for r in rows if r["measure"] == "stable rank")
    empty = cloud()
    empty = dataclasses.replace(empty, scores=empty.scores.assign(value=np.nan))
    assert "No measure has a value." in str(geometry.by_layer(empty).to_dict())


def test_the_moving_map_holds_every_place_of_every_point() -> None:
    result = drawn_map()
    spec = checked(maps.moving(result))
    rows = max(spec["datasets"].values(), key=len)
    for i, row in enumerate(rows):
        xs = [float(v) for v in row["xs"].split(",")]
        np.testing.assert_allclose(xs, result.xy[:, i, 0], atol=1e-3)
        assert row["x"] == pytest.approx(xs[1], abs=1e-3)
        assert not any(ord(c) < 32 or c == "\u202e" for c in row["point"])
    slider = next(p for p in spec["params"] if p["name"] == "at")
    assert (slider["bind"]["max"], slider["value"]) == (2, 1)


def test_many_kinds_are_the_most_frequent_and_others() -> None:
    result = drawn_map(n=60, kinds=20)
    told, kinds = maps.shown(result)
    assert len(kinds) == maps.MOST_KINDS + 1
    assert kinds[-1] == maps.OTHERS
    assert set(told) == set(kinds)
    many = dataclasses.replace(result, points=result.points.assign(kind=[f"k{i}" for i in range(60)]))
    assert len(checked(maps.moving(many))["datasets"]) == 2
    assert len(set(maps.looks(kinds).values())) == len(kinds)


def test_points_of_every_kind_are_seen_the_others_too() -> None:
    shapes = set(maps.SHAPES)
    assert "stroke" not in shapes  # a line has no area to fill
    assert len(shapes) == maps.MOST_KINDS + 1


def test_more_points_than_can_be_drawn_side_by_side_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MAX_ROWS", 30)
    spec = checked(maps.every_layer(drawn_map()))
    assert spec["title"]["subtitle"] == ["each layer is laid over the one before; 10 of 30 points"]
    assert sum(map(len, spec["datasets"].values())) == 30


def test_of_many_points_an_even_choice_moves_and_the_title_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MOVED", 10)
    spec = checked(maps.moving(drawn_map()))
    assert "10 of 30 points" in json.dumps(spec["title"]) or "of 30 points; 10 drawn" in json.dumps(spec["title"])
    assert max(map(len, spec["datasets"].values())) == 10


def test_pca_has_no_seed_to_be_stable_under() -> None:
    def kept(result: Any) -> set[str]:
        return {r["what"] for data in maps.what_is_kept(result).to_dict()["datasets"].values() for r in data}

    assert "stability" not in kept(drawn_map())
    assert "stability" in kept(dataclasses.replace(drawn_map(), method="umap"))


def test_axes_have_one_unit_and_hold_nearly_all() -> None:
    xy = np.random.default_rng(0).normal(size=(500, 2)) * [4, 1]
    across, up = maps.spans(xy, 600, 300)
    assert (across[1] - across[0]) / 600 == pytest.approx((up[1] - up[0]) / 300, rel=1e-3)
    assert ((xy[:, 0] > across[0]) & (xy[:, 0] < across[1])).mean() > 0.99
    assert maps.spans(np.zeros((5, 2)), 600, 300)[0][1] > 0


def test_the_browser_gets_every_point_once_and_the_chosen_one_marked() -> None:
    result = drawn_map()
    option = points.options(result, "1", "kind", marked=[4])
    *series, mark = option["series"]
    drawn = [data["source"] for data in option["dataset"]]
    assert [s["datasetIndex"] for s in series] == list(range(len(drawn)))
    assert [len(data["x"]) for data in drawn] == [len(m) for m in points.members(result, "kind")]
    assert sorted(i for m in points.members(result, "kind") for i in m) == list(range(30))
    row = points.members(result, "kind")[1][2]
    np.testing.assert_allclose([drawn[1][axis][2] for axis in ("x", "y")], result.xy[1, row], atol=1e-3)
    np.testing.assert_allclose(mark["data"][0][:2], result.xy[1, 4], atol=1e-3)
    assert len(points.options(result, "1", "kind")["series"]) == len(series)


def test_colour_and_shape_are_two_columns_and_every_point_is_drawn_once() -> None:
    result = drawn_map()
    pair = [("a", "x"), ("a", "y"), ("b", "x")]
    table = result.points.assign(left=[pair[i % 3][0] for i in range(30)], right=[pair[i % 3][1] for i in range(30)])
    result = dataclasses.replace(result, points=table)
    series = points.options(result, "1", "left", shape="right")["series"]
    groups = points.members(result, "left", "1", "right")
    assert len(series) == len(groups) == 3
    assert sorted(i for rows in groups for i in rows) == list(range(30))
    drawn = {pair[rows[0] % 3]: (s["itemStyle"]["color"], s["symbol"]) for s, rows in zip(series, groups, strict=True)}
    assert drawn["a", "x"][0] == drawn["a", "y"][0] != drawn["b", "x"][0]
    assert drawn["a", "x"][1] == drawn["b", "x"][1] != drawn["a", "y"][1]


def test_ten_thousand_categories_are_seven_shapes_and_one_for_all_others() -> None:
    small, count = drawn_map(), 10_000
    many = small.only(np.arange(count) % 30)
    many = dataclasses.replace(many, points=many.points.assign(name=[f"n{i}" for i in range(count)]))
    option = points.options(many, "1", "name", shape="name")
    known = points.shapes(many, "name", "1")
    assert len({glyph for glyph, _ in known}) == len(known) == 8
    assert known[-1][1] == maps.OTHERS
    assert len(option["series"]) == 8
    assert sum(len(data["source"]["x"]) for data in option["dataset"]) == count


def test_of_many_points_each_still_carries_its_word_with_every_character_seen() -> None:
    count = points.MANY + 1
    many = drawn_map().only(np.arange(count) % 30)
    words = ["a b", " a", "", "x" * 40, "\u202eab", "é", "a\nb"]
    many = dataclasses.replace(many, points=many.points.assign(word=[words[i % 7] for i in range(count)]))
    told = ["a b", " a", "∅", "x" * 23 + "…", "‹U+202E›ab", "é", "a⏎b"]
    assert points.said(many) == [told[i % 7] for i in range(count)]
    option = points.options(many, "1", "kind")
    assert all(series["large"] for series in option["series"])
    assert not any(series["large"] for series in points.options(drawn_map(), "1", "kind")["series"])


def test_numbers_that_are_missing_have_a_kind_of_their_own() -> None:
    result = drawn_map()
    numbers = [float("nan") if i == 3 else float(i) for i in range(30)]
    result = dataclasses.replace(result, points=result.points.assign(number=numbers))
    assert maps.shown(result, "number")[0][3] == "unknown"
