"""Rows of a matrix as points: both questions answer without a model; clusters of planted groups and their words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.manifold import trustworthiness

from probes.contract import Progress
from probes.errors import StrataError
from probes.geometry import GeometrySpec, MapResult, MapSpec, analysis, maps, projection
from probes.geometry.clusters import NOISE, clusters, named, terms, weights
from probes.geometry.faithful import kept, sample
from probes.geometry.mapping import judged
from probes.geometry.methods import mapped as methods
from probes.geometry.projection import Directed

TOPICS = ("river water bank", "music song dance", "tax money law")


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Three planted groups of 40 rows in two layers, each row with a text of its group's words."""
    monkeypatch.setenv("STRATA_ROOTS", str(tmp_path))
    draw = np.random.default_rng(0)
    group = np.arange(120) % 3
    layer = draw.normal(size=(120, 8)) + np.eye(8)[group] * 30
    np.save(tmp_path / "m.npy", np.stack([layer, layer[:, ::-1]]).astype(np.float32))
    texts = [f"the {draw.choice(TOPICS[g].split())} {draw.choice(TOPICS[g].split())}" for g in group]
    facts = pd.DataFrame({"text": texts, "topic": [f"t{g}" for g in group], "kind": "k", "length": range(120)})
    facts.to_csv(tmp_path / "about.csv", index=False)
    return f"matrix:{tmp_path / 'm.npy'}?kind=topic&about={tmp_path / 'about.csv'}"


def test_a_map_of_a_matrix_finds_its_groups_and_names_them(brought: str) -> None:
    spec = MapSpec(corpus=brought, model="e5-small", metric="euclidean").pinned()
    assert spec.model == ""
    result: MapResult = maps.run(spec, Progress())
    assert (result.count, result.layers, result.unit) == (120, ("0", "1"), "row")
    assert result.headline().startswith("PCA of 120 rows of a matrix keeps most at layer")
    assert result.points.kind.tolist() == [f"t{i % 3}" for i in range(120)]
    assert result.points["kind_"].unique().tolist() == ["k"]
    assert result.points["length"].tolist() == list(range(120))
    for layer in range(2):
        assert len({(a, b) for a, b in zip(result.clusters[layer], result.points.kind, strict=True)}) == 3
    first = result.named[result.named.order == 0]
    assert first["size"].tolist() == [40, 40, 40]
    found = {frozenset(label.split(" · ")) for label in first.label}
    assert found == {frozenset(topic.split()) for topic in TOPICS}
    assert "rows of a matrix, drawn with seed 0" in methods(spec, result)[0]
    with pytest.raises(StrataError, match="no column 'nothing'"):
        maps.run(MapSpec(corpus=brought + "&text=nothing"), Progress())


def test_the_shape_of_a_matrix_is_measured_without_a_model(brought: str) -> None:
    result = analysis.run(GeometrySpec(corpus=brought, n=120, draws=1).pinned(), Progress())
    assert result.unit == "row"
    assert "random weights" not in result.headline()
    assert set(result.scores.layer) == {"0", "1"}


def test_rows_that_are_no_points_are_named(brought: str, tmp_path: Path) -> None:
    array = np.load(tmp_path / "m.npy")
    array[1, 17, 2] = np.nan
    np.save(tmp_path / "m.npy", array)
    with pytest.raises(StrataError, match=r"Layer 1 of m.npy holds NaN") as found:
        maps.run(MapSpec(corpus=brought), Progress())
    assert found.value.why == "Row 18 is the first."
    np.save(tmp_path / "few.npy", array[0, :20])
    with pytest.raises(StrataError, match="'few.npy' has 20 rows; a cloud needs at least 24"):
        maps.run(MapSpec(corpus=f"matrix:{tmp_path / 'few.npy'}"), Progress())


def test_too_many_points_for_a_method_are_refused_with_one_that_takes_them() -> None:
    assert MapSpec(n=1_000_000).n == 1_000_000
    with pytest.raises(ValidationError, match="t-SNE maps at most 20,000 points; PCA maps a million"):
        MapSpec(n=30_000, method="tsne")


def test_noise_has_no_clusters_and_few_points_join_the_nearest() -> None:
    draw = np.random.default_rng(0)
    for noise in (draw.uniform(size=(500, 2)), draw.normal(size=(500, 2)), np.ones((50, 2))):
        assert (clusters(noise) == NOISE).all()
    two = np.concatenate([draw.normal(size=(9_000, 2)), draw.normal(size=(4_000, 2)) + 40])
    found = clusters(two)  # more than are clustered at once
    assert (found[:9_000] <= 0).all()
    assert set(found[9_000:]) <= {NOISE, 1}
    assert (found != NOISE).mean() > 0.9


def test_weights_of_terms_agree_with_the_formula() -> None:
    groups = [["a", "a", "b"], ["b", "c", "c", "c", "c"]]
    found = weights(groups)
    assert found[0]["a"] == pytest.approx(2 / 3 * np.log(1 + 4 / 2))
    assert found[0]["b"] == pytest.approx(1 / 3 * np.log(1 + 4 / 2))
    assert found[1]["c"] == pytest.approx(4 / 5 * np.log(1 + 4 / 4))
    assert terms(["The Cat", "+", ""]) == [["the", "cat"], ["+"], [""]]
    table = named(np.array([0, 0, 1, NOISE]), np.zeros((4, 2)), [["x"], ["x", "y"], ["y"], ["z"]])
    assert table.label.tolist() == ["x · y", "y"]
    assert named(np.array([NOISE]), np.zeros((1, 2)), [["z"]]).empty


def test_a_sample_of_points_judges_a_map_as_all_would() -> None:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(1040, 9)) * np.linspace(3, 0.2, 9)
    xy, _ = projection.pca(rows)
    some = sample(1040)
    assert (len(some), len(sample(10**6)), len(sample(10**5))) == (1000, 100, 200)
    found = kept(rows, xy, 10, some)
    assert found.trustworthiness == pytest.approx(trustworthiness(rows, xy, n_neighbors=10), abs=0.01)
    every = kept(rows, xy, 10)
    assert every.trustworthiness == pytest.approx(trustworthiness(rows, xy, n_neighbors=10), abs=1e-9)
    assert found.neighbours == pytest.approx(every.neighbours, abs=0.02)
    # in blocks, each point among all: the mean over two parts is the whole
    parts = [kept(rows, xy, 10, part) for part in (np.arange(700), np.arange(700, 1040))]
    mean = (700 * parts[0].continuity + 340 * parts[1].continuity) / 1040
    assert mean == pytest.approx(every.continuity, abs=1e-12)
    assert judged(Directed(rows, "euclidean"), xy, xy, 10, some)[0] == found.trustworthiness


def test_pca_of_a_file_reads_it_in_parts(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(20_000, 5)).astype(np.float32) * np.arange(1, 6) + 7
    np.save(tmp_path / "m.npy", rows)
    mapped = np.lib.format.open_memmap(tmp_path / "m.npy", mode="r")
    asked: list[int] = []

    class Counted(Directed):
        def __getitem__(self, some: slice | np.ndarray) -> np.ndarray:
            found = super().__getitem__(some)
            asked.append(len(found))
            return found

    xy, share = projection.pca(Counted(mapped, "euclidean"))
    assert max(asked) <= 8192
    centred = rows.astype(np.float64) - rows.mean(0, dtype=np.float64)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    assert share == pytest.approx(values[:2].sum() / values.sum())
    assert np.square(xy).sum() == pytest.approx(values[:2].sum())
