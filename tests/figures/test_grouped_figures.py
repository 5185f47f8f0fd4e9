"""Labels of clusters never cover each other; cells count every point once; what leaves a map is what was picked."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from marks import checked
from test_geometry_figures import HOSTILE, drawn_map

from probes import corpora
from probes.figures import grouped, maps, points
from probes.geometry.clusters import NOISE, UNNAMED
from probes.ui import taking


def test_labels_do_not_overlap_and_stay_inside() -> None:
    draw = np.random.default_rng(0)
    anchors = draw.uniform(100, 200, size=(40, 2))
    labels = ["label of a cluster"] * 40
    found = grouped.placed(anchors, labels, (640, 345))
    known = found[~np.isnan(found[:, 0])]
    wide, high = 18 * 6.2, 13.0
    assert 5 < len(known) < 40
    assert (known >= [wide / 2, high / 2]).all()
    assert (known <= [640 - wide / 2, 345 - high / 2]).all()
    for i, one in enumerate(known):
        apart = np.abs(known[i + 1 :] - one)
        assert ((apart[:, 0] >= wide - 1e-6) | (apart[:, 1] >= high - 1e-6)).all()
    np.testing.assert_allclose(found[0], anchors[0])
    assert grouped.placed(np.zeros((0, 2)), [], (640, 345)).shape == (0, 2)


def test_named_clusters_show_their_words_as_text() -> None:
    spec = checked(grouped.named_clusters(drawn_map()))
    rows = [row for data in spec["datasets"].values() for row in data]
    labels = [row["label"] for row in rows if "label" in row]
    assert labels[0] == HOSTILE[0]
    label = next(row for row in rows if "label" in row)
    ends = maps.spans(drawn_map().xy[1], *maps.SIZE)
    assert ends[0][0] < label["left"] < ends[0][1]
    assert (label["left"], label["top"]) == pytest.approx((label["px"], label["py"]))
    assert not any(ord(c) < 32 or c == "\u202e" for label in labels for c in label)
    assert "2 clusters of the map hold 100% of the points" in spec["layer"][0].get("description", "") + str(spec)
    bare = drawn_map()
    none = dataclasses.replace(bare, clusters=np.full_like(bare.clusters, NOISE), named=bare.named.iloc[:0])
    assert "0 clusters of the map hold 0% of the points" in str(checked(grouped.named_clusters(none)))
    assert set(none.cluster_names("1")) == {UNNAMED}


def test_cells_count_every_point_once() -> None:
    xy = np.random.default_rng(0).normal(size=(5000, 2))
    cells = grouped.counted(xy)
    assert cells.points.sum() == 5000
    cell = cells.iloc[cells.points.argmax()]
    inside = (xy[:, 0] >= cell.x) & (xy[:, 0] < cell.x2) & (xy[:, 1] >= cell.y) & (xy[:, 1] < cell.y2)
    assert inside.sum() == cell.points
    assert grouped.density(xy, "all").to_dict()["params"][0]["name"] == "window"


def test_bars_count_kinds_of_all_and_of_those_picked() -> None:
    result = drawn_map()
    told, kinds = maps.shown(result)
    spec = grouped.tally(result, told, kinds, [0, 3, 1]).to_dict()
    rows = next(data for data in spec["datasets"].values())
    assert {row["kind"]: (row["count"], row["of them"]) for row in rows} == {
        "kind 0": (10, 2),
        "kind 1": (10, 1),
        "kind 2": (10, 0),
    }


def test_numbers_are_fifths_and_clusters_are_those_of_the_layer() -> None:
    result = drawn_map(n=60)
    result = dataclasses.replace(result, points=result.points.assign(length=np.arange(60.0)))
    told, kinds = maps.shown(result, "length")
    assert len(kinds) == 5
    assert pd.Series(told).value_counts().tolist() == [12] * 5
    told = maps.shown(result, maps.CLUSTER, layer="1")[0]
    assert told[0] == "1: <script>alert(1)</script>"
    assert told == told[:2] * 30
    some = result.only(np.array([5, 2]))
    np.testing.assert_array_equal(some.xy[:, 0], result.xy[:, 5])
    assert (some.count, some.points.length.tolist(), some.around(0, "1").empty) == (2, [5, 2], True)
    rings = points.options(result, "1", "kind", [3, 4])["series"][-1]
    np.testing.assert_allclose([at[:2] for at in rings["data"]], result.xy[1, 3:5], atol=1e-3)


@pytest.mark.usefixtures("strata_home")
def test_picked_points_come_back_as_a_corpus_with_their_texts() -> None:
    whole = dataclasses.replace(drawn_map(), unit="row")
    texts = [f"=SUM({i}) <b>{i}</b>" for i in range(30)]
    whole = dataclasses.replace(whole, points=whole.points.assign(word=texts))
    name = taking.kept(whole, [4, 7, 9], "1")
    found = corpora.load(name, n=10)
    assert sorted(found.texts) == sorted(texts[i] for i in (4, 7, 9))
    assert set(found.labels.kind) == {"kind 1", "kind 0"}
    frame = pd.read_parquet(io.BytesIO(taking._file(whole, (4, 7), "1", "parquet")))
    np.testing.assert_allclose(frame[["map_x", "map_y"]], whole.xy[1, [4, 7]], rtol=1e-6)
