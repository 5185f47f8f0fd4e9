"""Bad input of maps: too few points, equal points, constant columns, one dimension, many kinds, one text."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from probes import corpora
from probes.contract import Progress
from probes.errors import StrataError
from probes.figures import maps as figures
from probes.figures import points as drawn
from probes.geometry import MapResult, MapSpec, maps
from probes.geometry.points import distinct

ROWS = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)


def mapped(folder: Path, rows: np.ndarray, about: str = "", **fields: Any) -> MapResult:
    np.save(folder / "m.npy", rows)
    corpus = f"matrix:{folder / 'm.npy'}"
    if about:
        (folder / "a.csv").write_text(about)
        corpus += f"?about={folder / 'a.csv'}"
    return maps.run(MapSpec(**{"corpus": corpus, "n": max(24, len(rows)), **fields}).pinned(), Progress())


@pytest.mark.parametrize(("n", "code"), [(0, "E-MATRIX-SHAPE"), (1, "E-MATRIX-FEW"), (2, "E-MATRIX-FEW")])
def test_fewer_points_than_a_cloud_needs_are_refused(tmp_path: Path, n: int, code: str) -> None:
    with pytest.raises(StrataError) as found:
        mapped(tmp_path, ROWS[:n])
    assert found.value.code == code


@pytest.mark.parametrize("rows", [np.ones((60, 8), np.float32), np.repeat(ROWS[:2], 30, axis=0)])
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_points_that_are_all_the_same_or_two_are_no_map(tmp_path: Path, rows: np.ndarray, method: str) -> None:
    with pytest.raises(StrataError, match="of which (none differs from another|2 differ); a map needs 3") as found:
        mapped(tmp_path, rows, method=method)
    assert found.value.code == "E-CLOUD-POINT"


def test_a_layer_of_one_state_is_left_out_and_named(tiny_bert: Path) -> None:
    spec = MapSpec(model=str(tiny_bert), corpus="homonyms", unit="text", pooling="first", n=40)
    result = maps.run(spec.pinned(), Progress())
    assert result.layers == ("1", "2")
    assert result.quality.layer.tolist() == ["1", "2"]
    assert result.quality.order.tolist() == [0, 1]
    assert len(result.xy) == len(result.clusters) == 2
    assert "Left out, as fewer than 3 points differ there: layer 0." in result.source.notes
    assert result.cluster_names("2")


def test_different_points_are_counted_no_further_than_needed() -> None:
    assert distinct(np.repeat(ROWS[:2], 5000, axis=0), 3) == 2
    assert distinct(np.concatenate([np.repeat(ROWS[:2], 5000, axis=0), ROWS[2:3]]), 3) == 3
    assert distinct(ROWS, 3) == 3
    assert distinct(ROWS[:0], 3) == 0


def test_constant_columns_change_no_place(tmp_path: Path) -> None:
    plain = mapped(tmp_path, ROWS, metric="euclidean")
    wider = mapped(tmp_path, np.concatenate([ROWS, np.full((60, 3), 7, np.float32)], axis=1), metric="euclidean")
    np.testing.assert_allclose(np.abs(plain.xy), np.abs(wider.xy), atol=1e-5)
    assert plain.quality.trustworthiness.tolist() == pytest.approx(wider.quality.trustworthiness.tolist(), abs=1e-9)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_one_dimension_is_mapped(tmp_path: Path, method: str) -> None:
    result = mapped(tmp_path, ROWS[:, :1], method=method, metric="euclidean", neighbours=5)
    assert np.isfinite(result.xy).all()
    assert result.quality.neighbours[0] > 0.5


def test_copies_of_a_few_points_are_mapped_together(tmp_path: Path) -> None:
    result = mapped(tmp_path, np.repeat(ROWS[:12], 5, axis=0))
    places = result.xy[0].reshape(12, 5, 2)
    np.testing.assert_allclose(places, places[:, :1].repeat(5, 1), atol=1e-6)


def test_an_array_without_a_table_is_mapped_and_one_of_another_length_refused(tmp_path: Path) -> None:
    result = mapped(tmp_path, ROWS)
    assert result.points.word.tolist() == [f"row {i + 1}" for i in range(60)]
    assert len(corpora.matrix(f"matrix:{tmp_path / 'm.npy'}").columns) == 60
    with pytest.raises(StrataError, match="has 60 rows, and the table about them 59"):
        mapped(tmp_path, ROWS, "kind\n" + "a\n" * 59)


def test_ten_thousand_kinds_are_seven_and_the_others(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(10_000, 3)).astype(np.float32)
    result = mapped(tmp_path, rows, "kind\n" + "\n".join(f"k{i}" for i in range(10_000)))
    assert result.count == len(set(result.points.kind)) == 10_000
    kinds = figures.shown(result, "kind")[1]
    assert len(kinds) == figures.MOST_KINDS + 1
    option = drawn.options(result, "values", "kind")
    assert len(option["series"]) == figures.MOST_KINDS + 1
    assert sum(len(one["source"]["x"]) for one in option["dataset"]) == 10_000


def test_one_text_is_enough_when_it_may_give_all_the_points(tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(" ".join(f"name value{i}" for i in range(30)) + "\n")
    fields: dict[str, Any] = {"model": str(tiny_bert), "corpus": f"table:{tmp_path / 't.txt'}", "unit": "word"}
    with pytest.raises(StrataError, match="too few points: word by word"):
        maps.run(MapSpec(**fields, per_text=16), Progress())
    result = maps.run(MapSpec(**fields, per_text=60, n=60), Progress())
    assert (result.count, result.points.text.nunique()) == (60, 1)
