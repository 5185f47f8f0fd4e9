"""Maps: quality against scikit-learn and loops, frames that lie over each other, planted clusters, refusals."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from probes.errors import StrataError
from probes.geometry import (
    maps,  # noqa
    projection,
)
from probes.geometry.faithful import agreement, kept
from probes.geometry.mapping import judged
from probes.geometry.projection import around, directed, nearest


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(90, 12)) * np.linspace(3, 0.1, 12)


@pytest.mark.parametrize("k", [3, 10])
def test_quality_agrees_with_other_code(rows: np.ndarray, k: int) -> None:
    xy = np.random.default_rng(1).normal(size=(90, 2)) + rows[:, :2]
    found = kept(rows, xy, k)
    assert found.trustworthiness == pytest.approx(trustworthiness(rows, xy, n_neighbors=k), abs=1e-9)
    assert found.continuity == pytest.approx(trustworthiness(xy, rows, n_neighbors=k), abs=1e-9)
    near = [NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False) for x in (rows, xy)]
    both = np.mean([len(set(a) & set(b)) / k for a, b in zip(*near, strict=True)])
    assert found.neighbours == pytest.approx(both)


def test_a_perfect_map_keeps_all_and_a_shuffled_one_only_chance() -> None:
    flat = np.random.default_rng(0).normal(size=(400, 2)) @ np.random.default_rng(1).normal(size=(2, 9))
    xy, share = projection.pca(flat)
    found = kept(flat, xy, 10)
    assert share == pytest.approx(1)
    assert (found.trustworthiness, found.continuity, found.neighbours) == (1, 1, 1)
    assert found.distances == pytest.approx(1)
    shuffled = np.random.default_rng(2).permutation(xy)
    lost = kept(flat, shuffled, 10)
    assert lost.trustworthiness == pytest.approx(0.5, abs=0.03)
    assert abs(lost.distances) < 0.05
    assert judged(flat, shuffled, xy, 10)[3] == pytest.approx(lost.neighbours, abs=0.01)
    assert agreement(xy, xy * 3 + 1, 10) == 1
    assert agreement(xy, shuffled, 10) < 0.1


def test_too_few_points_to_judge_are_counted(rows: np.ndarray) -> None:
    with pytest.raises(StrataError, match="20 points are too few to judge a map by 10 neighbours.") as found:
        kept(rows[:20], rows[:20, :2], 10)
    assert found.value.code == "E-MAP-FEW"


def test_pca_draws_the_same_whatever_the_sign_and_order(rows: np.ndarray) -> None:
    xy, _ = projection.pca(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    np.testing.assert_allclose(projection.pca(rows[order])[0], xy[order], atol=1e-9)
    theirs = np.linalg.svd(rows - rows.mean(0), full_matrices=False)[0][:, :2]
    for axis in range(2):
        assert abs(np.corrcoef(xy[:, axis], theirs[:, axis])[0, 1]) == pytest.approx(1)


@pytest.mark.parametrize("mirror", [1, -1])
def test_a_turned_frame_is_laid_back(mirror: int) -> None:
    before = projection.standard(np.random.default_rng(0).normal(size=(50, 2)))
    turn = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]]) @ np.diag([1, mirror])
    np.testing.assert_allclose(projection.laid_over(before @ turn, before), before, atol=1e-12)
    assert np.square(before).sum(1).mean() == pytest.approx(1)
    assert not projection.standard(np.ones((5, 2))).any()


def test_neighbours_are_those_of_the_cloud_nearest_first(rows: np.ndarray) -> None:
    unit = directed(rows, "cosine")
    expected = NearestNeighbors(n_neighbors=10, metric="cosine").fit(rows).kneighbors(return_distance=False)
    np.testing.assert_array_equal(nearest(unit, 10), expected)
    many = np.random.default_rng(3).normal(size=(1500, 6))  # more than one block
    expected = NearestNeighbors(n_neighbors=25).fit(many).kneighbors(return_distance=False)
    np.testing.assert_array_equal(nearest(many, 25), expected)
    assert directed(np.zeros((2, 3)), "cosine").tolist() == np.zeros((2, 3)).tolist()
    np.testing.assert_array_equal(directed(rows, "euclidean"), rows)


def test_tsne_keeps_planted_clusters_from_either_start(rows: np.ndarray) -> None:
    clusters = np.repeat(np.eye(12)[:3] * 60, 20, axis=0) + rows[:60]
    first = projection.tsne(clusters, neighbours=5, seed=0)
    again = projection.tsne(clusters, neighbours=5, seed=0, start=projection.standard(first))
    for xy in (first, again):
        near = NearestNeighbors(n_neighbors=5).fit(xy).kneighbors(return_distance=False)
        assert (near // 20 == np.arange(60)[:, None] // 20).mean() > 0.95


@pytest.mark.slow
def test_umap_keeps_planted_clusters_and_the_seed_decides() -> None:
    draw = np.random.default_rng(0)
    clusters = np.repeat(np.eye(12)[:3] * 60, 40, axis=0) + draw.normal(size=(120, 12))
    near = around(clusters, 8)
    first = projection.umap(clusters, near, apart=0.1, seed=0)
    warm = projection.umap(clusters, near, apart=0.1, seed=0, start=projection.standard(first))
    for xy in (first, warm):
        drawn = NearestNeighbors(n_neighbors=5).fit(xy).kneighbors(return_distance=False)
        assert (drawn // 40 == np.arange(120)[:, None] // 40).mean() > 0.95
    np.testing.assert_array_equal(projection.umap(clusters, near, apart=0.1, seed=0), first)


@pytest.mark.parametrize(
    ("share", "said"), [(0.5149, "0.51"), (0.01, "0.01"), (0.00314, "0.0031"), (1.5e-5, "0.000015"), (0.0, "0.00")]
)
def test_a_small_share_is_said_with_digits_that_say_something(share: float, said: str) -> None:
    assert maps._share(share) == said
