"""Subspaces of different starts: the same, unrelated, and what chance gives."""

import numpy as np
import pytest

from probes.syntax.agree import COLUMNS, agreement


def test_a_shared_subspace_is_told_from_one_that_is_only_begun_alike() -> None:
    """Layer a is the same space whatever the start; layer b is wherever its start put it."""
    draw = np.random.default_rng(0)
    shared = np.linalg.qr(draw.normal(size=(60, 6))).Q
    starts = [np.linalg.qr(draw.normal(size=(60, 6))).Q for _ in range(3)]
    turned = [shared @ np.linalg.qr(draw.normal(size=(6, 6))).Q for _ in range(3)]
    table = agreement(["a", "b"], [np.stack(pair) for pair in zip(turned, starts, strict=True)])
    found = table.set_index(["layer", "other"])
    assert found.overlap["a", "a"] == pytest.approx(1)
    assert found.angle["a", "a"] == pytest.approx(0, abs=1e-6)
    chance = found.chance_overlap["a", "b"]
    assert chance == pytest.approx(6 / 60)
    for pair in (("a", "b"), ("b", "a"), ("b", "b")):
        assert found.overlap[pair] == pytest.approx(chance, abs=0.06)
        assert found.angle[pair] == pytest.approx(found.chance_angle[pair], abs=5)
    assert found.overlap["a", "b"] == pytest.approx(found.overlap["b", "a"])


def test_one_start_compares_nothing() -> None:
    table = agreement(["a"], [np.eye(4)[None, :, :2]])
    assert table.empty
    assert list(table) == COLUMNS
