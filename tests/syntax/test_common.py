"""Planted common directions of subspaces, and unrelated ones at chance."""

import numpy as np
import pytest

from probes.syntax.common import ANGLES, angles, shared


def planted(common: int, rank: int = 8, n: int = 3, width: int = 400) -> list[np.ndarray]:
    """Return bases of which `common` directions are the same, each turned within itself."""
    draw = np.random.default_rng(0)
    q = np.linalg.qr(draw.normal(size=(width, common + n * (rank - common)))).Q
    parts = [q[:, common + i * (rank - common) :][:, : rank - common] for i in range(n)]
    turns = [np.linalg.qr(draw.normal(size=(rank, rank))).Q for _ in range(n)]
    return [np.hstack([q[:, :common], part]) @ turn for part, turn in zip(parts, turns, strict=True)]


@pytest.mark.parametrize("common", [0, 3, 8])
def test_the_directions_in_all_subspaces_are_counted(common: int) -> None:
    found = shared(planted(common))
    assert found["direction"].tolist() == list(range(1, 9))
    assert found["share"][:common].to_numpy() == pytest.approx(np.ones(common))
    assert found["share"][common:].to_numpy() == pytest.approx(np.full(8 - common, 1 / 3))
    assert (found["chance"] < 0.6).all()
    assert found["chance"].is_monotonic_decreasing


def test_the_share_is_the_eigenvalue_of_the_mean_projector() -> None:
    bases = [np.random.default_rng(i).normal(size=(20, 4)) for i in range(3)]
    projectors = [b @ np.linalg.inv(b.T @ b) @ b.T for b in bases]
    values = np.linalg.eigvalsh(np.mean(projectors, axis=0))[::-1][:4]
    assert shared(bases)["share"].to_numpy() == pytest.approx(values)


def test_a_pair_overlaps_by_its_common_directions() -> None:
    one, other, third = planted(2)
    table = angles("abc", ["0"], [b[None] for b in (one, other, third)], [0, 0, 1])
    assert list(table) == ANGLES
    assert table["overlap"].to_numpy() == pytest.approx(np.full(3, 2 / 8))
    assert table["chance_overlap"].to_numpy() == pytest.approx(np.full(3, 8 / 400))
    assert table["same_start"].tolist() == [True, False, False]
    assert table["angle"].to_numpy() == pytest.approx(np.full(3, 90 * 6 / 8))
