"""Erasers: nothing is left to a linear probe, LEACE moves states least, INLP needs its rounds; with the negatives."""

import numpy as np
import pytest
import torch

from probes.intervention.erasers import Eraser, Probe, balanced, between_means, crossed, inlp, leace
from probes.models.edits import steered, taken

WIDTH = 12


def clouds(classes: int = 3, n: int = 900, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Correlated states whose mean depends on the class."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, n)
    mix = draw.normal(size=(WIDTH, WIDTH)) * np.linspace(0.2, 3, WIDTH)
    return draw.normal(size=(n, WIDTH)) @ mix + draw.normal(size=(classes, WIDTH))[labels] * 2 + 5, labels


def accuracy(rows: np.ndarray, labels: np.ndarray, classes: int) -> float:
    return balanced(Probe.fit(rows, labels, classes).right(rows, labels), labels, classes)


@pytest.mark.parametrize("classes", [2, 3])
def test_leace_leaves_no_covariance_with_the_label_and_no_probe_above_guessing(classes: int) -> None:
    rows, labels = clouds(classes)
    eraser = leace(rows, labels, classes)
    after = eraser(rows)
    assert eraser.rank == classes - 1
    assert np.abs(crossed(after, labels, classes)).max() < 1e-9
    assert after.mean(0) == pytest.approx(rows.mean(0))
    assert accuracy(rows, labels, classes) > 0.85
    # every class gets the same scores, up to rounding: only the majority, or nothing, can be told
    weights = Probe.fit(after, labels, classes).weights
    scores = (after - after.mean(0)) @ weights
    assert np.abs([scores[labels == k].mean(0) for k in range(classes)]).max() < 0.02


def test_leace_is_the_least_edit_that_does_it() -> None:
    rows, labels = clouds()
    moved = np.square(leace(rows, labels, 3)(rows) - rows).sum(1).mean()
    other = np.square(between_means(rows, labels, 3)(rows) - rows).sum(1).mean()
    assert moved < 0.9 * other  # the orthogonal projection does it too, and moves states more
    # any other affine edit with no covariance left moves them more: its matrix differs by something that C is not in
    cross, centred = crossed(rows, labels, 3), rows - rows.mean(0)
    q = np.linalg.svd(cross)[0][:, :2]
    away, draw = np.eye(WIDTH) - q @ q.T, np.random.default_rng(1)
    ours = leace(rows, labels, 3)
    for size in (1e-3, -1e-3, 0.1):
        change = size * draw.normal(size=(WIDTH, WIDTH)) @ away
        matrix = np.eye(WIDTH) - ours.left @ ours.right.T + change
        assert np.abs(matrix @ cross).max() < 1e-9
        assert np.square(centred @ matrix.T - centred).sum(1).mean() > moved


def test_states_without_variance_in_some_direction_are_erased_too() -> None:
    rows, labels = clouds()
    flat = np.concatenate([rows, np.full((len(rows), 2), 7.0)], 1)
    after = leace(flat, labels, 3)(flat)
    assert np.isfinite(after).all()
    assert np.abs(crossed(after, labels, 3)).max() < 1e-9
    assert after[:, -1] == pytest.approx(7)


def test_inlp_is_at_chance_after_its_rounds_and_not_after_one() -> None:
    draw = np.random.default_rng(2)
    labels = np.repeat([0, 1], 400)
    rows = draw.normal(size=(800, WIDTH))
    rows[:, :4] *= 0.3
    rows[:, 0] += labels * 2.0
    rows[labels == 1, 1] += 1.0
    one, many = (inlp(rows, labels, 2, rounds) for rounds in (1, 6))
    assert np.allclose(many.left.T @ many.left, np.eye(many.rank), atol=1e-9)
    assert accuracy(rows, labels, 2) > 0.99
    assert accuracy(many(rows), labels, 2) < 0.56
    assert one.rank == 1
    assert accuracy(one(rows), labels, 2) > accuracy(many(rows), labels, 2) + 0.1
    assert inlp(rows, labels, 2, 50).rank == WIDTH - 1
    fresh = draw.normal(size=(800, WIDTH))
    assert accuracy(fresh, labels, 2) < 0.62  # what a probe of so few rows finds in nothing


def test_the_mean_difference_is_taken_and_nothing_else() -> None:
    rows, labels = clouds(2)
    eraser = between_means(rows, labels, 2)
    gap = rows[labels == 1].mean(0) - rows[labels == 0].mean(0)
    after = eraser(rows)
    assert after[labels == 1].mean(0) == pytest.approx(after[labels == 0].mean(0))
    assert abs(eraser.left[:, 0] @ gap) == pytest.approx(np.linalg.norm(gap))
    across = np.linalg.svd(gap[None])[2][1:]  # what is orthogonal to it stays
    assert after @ across.T == pytest.approx(rows @ across.T)


def test_a_probe_weighs_its_classes_alike() -> None:
    draw = np.random.default_rng(3)
    labels = np.array([0] * 1000 + [1] * 50)
    rows = draw.normal(size=(1050, 2)) + labels[:, None] * 3
    assert accuracy(rows, labels, 2) > 0.95
    assert balanced(labels == 0, labels, 2) == 0.5  # always the majority


def test_the_edit_in_the_model_is_the_eraser_and_leaves_other_places_alone() -> None:
    rows, labels = clouds()
    eraser = leace(rows, labels, 3)
    states = torch.from_numpy(rows[:20].reshape(2, 10, WIDTH)).float()
    where = torch.zeros(2, 10, dtype=torch.bool)
    where[:, 1:] = True
    found = taken(eraser.left, eraser.right, eraser.mean)(where)(states)
    assert torch.equal(found[:, 0], states[:, 0])
    assert found[:, 1:].numpy() == pytest.approx(eraser(states.numpy())[:, 1:], abs=1e-4)
    nothing = Eraser(np.zeros((WIDTH, 0)), np.zeros((WIDTH, 0)), rows.mean(0))
    assert np.array_equal(nothing(rows), rows)


def test_steering_keeps_lengths_and_is_nothing_at_strength_zero() -> None:
    draw = torch.Generator().manual_seed(0)
    states, vector = torch.randn(2, 5, WIDTH, generator=draw), torch.randn(WIDTH, generator=draw).numpy()
    where = torch.ones(2, 5, dtype=torch.bool)
    where[0, 0] = False
    for keep in (True, False):
        assert steered(vector, 0.0, keep_norm=keep)(where)(states) is states
        found = steered(vector, 2.0, keep_norm=keep)(where)(states)
        assert torch.equal(found[0, 0], states[0, 0])
        assert torch.allclose(found[where].norm(dim=-1), states[where].norm(dim=-1), atol=1e-4) == keep
        ahead = torch.cosine_similarity(found, torch.from_numpy(vector), -1)[where]
        assert (ahead > torch.cosine_similarity(states, torch.from_numpy(vector), -1)[where]).all()
