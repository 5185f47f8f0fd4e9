"""The published recipe is plain PyTorch's, step by step, and stops where the paper's does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from planted import OPTIONS, dataset, goal_of, nothing
from torch.nn import functional

from probes.contract import Progress
from probes.syntax.series import Series, series_of
from probes.syntax.targets import Targets
from probes.syntax.training import Options, Trained, train

SIZES = (24, 8, 8)
PUBLISHED = replace(OPTIONS, recipe="published", rate=0.01, epochs=30)
GOAL = goal_of(dataset(SIZES))
ARRAYS = [scale * nothing(GOAL, 16, seed) + seed for seed, scale in enumerate((1.0, 0.2, 5.0))]


def fitted(array: np.ndarray, options: Options) -> tuple[Trained, Series]:
    series = series_of([array], GOAL.starts[: SIZES[0] + 1], recipe="published", device="cpu")
    return train(series, GOAL, SIZES[:2], options, Progress()), series


def plain(
    array: np.ndarray, goal: Targets, sizes: tuple[int, int], options: Options
) -> tuple[list[torch.Tensor], list]:
    """AST-Probe's loop (reference notes, 1.6 to 1.8) with torch's own optimiser and schedule."""
    draw = torch.Generator().manual_seed(options.seed)
    labels = (len(goal.inventory.constituents), len(goal.inventory.unaries))
    shapes = [(array.shape[1], options.rank), (options.rank, labels[0]), (options.rank, labels[1])]
    parts = [(torch.rand(*shape, generator=draw) * 0.1 - 0.05).requires_grad_() for shape in shapes]
    adam = torch.optim.Adam(parts, lr=options.rate)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(adam, mode="min", factor=0.1, patience=0)
    shuffle = np.random.default_rng(options.seed)
    best, kept, waited, curve = np.inf, [p.detach().clone() for p in parts], 0, []
    states = torch.from_numpy(array)
    for _ in range(options.epochs):
        for batch in np.array_split(shuffle.permutation(sizes[0]), -(-sizes[0] // options.batch)):
            adam.zero_grad()
            gram = parts[0].T @ parts[0] - torch.eye(options.rank)
            (plain_loss(parts, states, goal, batch) + options.orthogonality * gram.square().sum()).backward()
            adam.step()
        with torch.no_grad():
            valid = np.array_split(np.arange(sizes[0], sum(sizes)), -(-sizes[1] // options.batch))
            curve.append(np.mean([plain_loss(parts, states, goal, batch).item() for batch in valid]))
        plateau.step(curve[-1])
        waited += 1
        if curve[-1] < best:
            best, kept, waited = curve[-1], [p.detach().clone() for p in parts], 0
        if waited == 5:
            break
    return kept, curve


def plain_loss(parts: list[torch.Tensor], states: torch.Tensor, goal: Targets, batch: np.ndarray) -> torch.Tensor:
    hinges, scores, words, gap_gold, word_gold = [], [], [], [], []
    for snippet in batch:
        rows = slice(*goal.starts[snippet : snippet + 2])
        z = states[rows] @ parts[0]
        step, gold = z[1:] - z[:-1], torch.from_numpy(goal.distance[rows][:-1])
        guess = step.square().sum(1)
        hinges.append((1 - (guess[:, None] - guess[None, :])).clamp(min=0)[gold[:, None] > gold[None, :]])
        scores.append(step @ parts[1])
        words.append(z @ parts[2])
        gap_gold.append(torch.from_numpy(goal.constituent[rows][:-1]))
        word_gold.append(torch.from_numpy(goal.unary[rows]))
    entropy = functional.cross_entropy(torch.cat(scores), torch.cat(gap_gold), ignore_index=-1)
    entropy = entropy + functional.cross_entropy(torch.cat(words), torch.cat(word_gold), ignore_index=-1)
    return torch.cat(hinges).mean() + entropy


@pytest.mark.parametrize("rate", [0.001, 0.02])
def test_the_published_recipe_is_plain_pytorch(rate: float) -> None:
    goal = GOAL
    options = replace(PUBLISHED, rate=rate, epochs=12)
    for array in ARRAYS[1:3]:
        trained, series = fitted(array, options)
        kept, curve = plain(array, goal, SIZES[:2], options)
        assert not series.center.any()
        assert series.scale.tolist() == [1.0]
        assert len(trained.validation) == len(curve)
        assert np.allclose(trained.validation[:, 0], curve, rtol=1e-4)
        for ours, theirs in zip(trained.probe.parameters[:3], kept, strict=True):
            assert (ours[0] - theirs).abs().max() < 1e-4
        assert not trained.probe.constituent_bias.any()
        assert not trained.probe.unary_bias.any()


def test_the_published_recipe_stops_after_five_epochs_without_a_best() -> None:
    options = replace(PUBLISHED, epochs=60, rate=0.05)
    trained, _ = fitted(ARRAYS[0], options)
    curve = trained.validation[:, 0]
    assert len(curve) < 60
    assert len(curve) == curve.argmin() + 6
