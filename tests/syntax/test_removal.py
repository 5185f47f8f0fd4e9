"""What is removed, as theorems: all of it, none of it, what the probe sees, and what the controls are matched in."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from probes.models.edits import editor
from probes.subspaces import Moments, of_equal_rank, of_equal_variance
from probes.syntax.subspace import syntactic

WIDTH = 24


def states(seed: int = 0, n: int = 600) -> np.ndarray:
    """Rows whose variance falls off by direction, away from zero."""
    draw = np.random.default_rng(seed)
    turn = np.linalg.qr(draw.normal(size=(WIDTH, WIDTH))).Q
    return draw.normal(size=(n, WIDTH)) * np.geomspace(30, 0.1, WIDTH) @ turn + 5 * draw.normal(size=WIDTH)


def moments_of(rows: np.ndarray) -> Moments:
    return Moments(rows.mean(0), np.cov(rows.T, bias=True))


def edited(rows: np.ndarray, basis: np.ndarray, mean: np.ndarray, *, keep: bool = False) -> np.ndarray:
    given = torch.from_numpy(rows.astype(np.float32))[None]
    where = torch.ones(given.shape[:2], dtype=torch.bool)
    return editor(basis, mean, keep=keep)(where)(given)[0].numpy()


def test_removing_the_whole_space_leaves_the_mean_and_removing_nothing_leaves_every_bit() -> None:
    rows = states()
    mean, whole, none = rows.mean(0), np.eye(WIDTH), np.zeros((WIDTH, 0))
    assert np.allclose(edited(rows, whole, mean), mean, atol=1e-4)
    assert np.array_equal(edited(rows, none, mean), rows.astype(np.float32))
    assert np.allclose(edited(rows, whole, mean, keep=True), rows, atol=1e-4)
    assert np.allclose(edited(rows, none, mean, keep=True), mean, atol=1e-6)


def test_the_mean_stays_the_subspace_goes_and_the_rest_is_as_it_was() -> None:
    rows, draw = states(), np.random.default_rng(1)
    stats = moments_of(rows)
    basis = of_equal_rank(stats, 5, draw)
    out, kept = edited(rows, basis, stats.mean), edited(rows, basis, stats.mean, keep=True)
    assert np.allclose(out.mean(0), stats.mean, atol=1e-3)
    assert np.allclose(out @ basis, stats.mean @ basis, atol=1e-3)
    others = np.linalg.svd(basis, full_matrices=True)[0][:, 5:]
    assert np.allclose(out @ others, rows @ others, atol=1e-3)
    assert np.allclose(kept @ basis, rows @ basis, atol=1e-3)
    assert np.allclose(out + kept, rows + stats.mean, atol=1e-3)  # what one takes the other leaves
    assert np.allclose(edited(out, basis, stats.mean), out, atol=1e-4)  # twice is once


def test_only_the_places_asked_for_are_edited_in_any_type_and_on_no_device() -> None:
    rows = torch.randn(2, 3, WIDTH, dtype=torch.bfloat16)
    where = torch.tensor([[False, True, True], [False, True, False]])
    at = editor(np.eye(WIDTH), np.zeros(WIDTH), keep=False)
    found = at(where)(rows)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found[~where], rows[~where])
    assert not found[where].any()
    assert at(where)(rows.to("meta")).is_meta


def run_of(rank: int = 6, *, stretch: float = 0.0) -> Any:
    draw = np.random.default_rng(3)
    return SimpleNamespace(
        basis=draw.normal(size=(2, WIDTH, rank)).astype(np.float32),
        center=draw.normal(size=(2, WIDTH)).astype(np.float32),
        scale=draw.uniform(0.5, 2, size=(2, WIDTH)).astype(np.float32),
        stretch=stretch * draw.normal(size=(2, 1, rank)).astype(np.float32),
    )


def test_after_removal_the_probe_sees_one_and_the_same_word() -> None:
    rows, run = states(), run_of()
    basis = syntactic(run, 1, 6)
    assert np.allclose(basis.T @ basis, np.eye(6), atol=1e-6)

    def seen(some: np.ndarray) -> np.ndarray:
        return (some - run.center[1]) * run.scale[1] @ run.basis[1]

    assert seen(rows).std(0).min() > 1
    assert seen(edited(rows, basis, rows.mean(0))).std(0).max() < 1e-3
    assert np.allclose(seen(edited(rows, basis, rows.mean(0), keep=True)), seen(rows), atol=1e-2)


def test_of_a_lower_rank_the_directions_that_weigh_most_are_removed() -> None:
    run = run_of(stretch=2.0)
    whole, two = syntactic(run, 0, 6), syntactic(run, 0, 2)
    assert two.shape == (WIDTH, 2)
    assert np.allclose(whole[:, :2], two)
    weighed = run.scale[0][:, None] * run.basis[0] * np.exp(run.stretch[0])
    held = [np.linalg.norm(np.linalg.qr(weighed[:, pair]).Q.T @ weighed) for pair in ([0, 1], [2, 3], [4, 5])]
    assert np.linalg.norm(two.T @ weighed) >= max(held) - 1e-6


@pytest.mark.parametrize("rank", [1, 4, 12])
@pytest.mark.parametrize("kind", ["high", "low", "random"])
def test_a_control_of_equal_variance_has_the_rank_and_the_variance(rank: int, kind: str) -> None:
    stats = moments_of(states())
    axes = np.linalg.eigh(stats.spread)[1]
    draw = np.random.default_rng(7)
    middle = of_equal_rank(stats, rank, draw)
    basis = {"high": axes[:, -rank - 1 : -1], "low": axes[:, 1 : rank + 1], "random": middle}[kind]
    share = stats.share(basis)
    drawn = [of_equal_variance(stats, rank, share, np.random.default_rng([7, n])) for n in range(5)]
    for q in drawn:
        assert q.shape == (WIDTH, rank)
        assert np.allclose(q.T @ q, np.eye(rank), atol=1e-8)
        assert stats.share(q) == pytest.approx(share, rel=0.02)
    assert not np.allclose(drawn[0] @ drawn[0].T, drawn[1] @ drawn[1].T)
    again = of_equal_variance(stats, rank, share, np.random.default_rng([7, 0]))
    assert np.array_equal(again, drawn[0])


def test_random_subspaces_of_equal_rank_hold_their_share_on_average() -> None:
    stats = moments_of(states())
    shares = [stats.share(of_equal_rank(stats, 6, np.random.default_rng(n))) for n in range(400)]
    assert np.mean(shares) == pytest.approx(6 / WIDTH, rel=0.05)
    assert stats.share(np.eye(WIDTH)) == pytest.approx(1)
    assert Moments(np.zeros(3), np.zeros((3, 3))).share(np.eye(3)) == 0.0
