"""The probe's formulas one word at a time, its start, and the layout of a batch."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from planted import dataset, goal_of, nothing

from probes.syntax import losses
from probes.syntax.probe import Probe, batch_of, start
from probes.syntax.series import series_of
from probes.syntax.targets import Inventory, targets
from probes.syntax.training import read_batch
from probes.syntax.tuples import SyntaxTuple

INVENTORY = Inventory(("<empty>", "a", "b"), ("<empty>", "x"))


def begin(seed: int = 0, *, published: bool = False, shape: tuple[int, int, int] = (3, 10, 4)) -> Probe:
    return start(shape, INVENTORY, seed=seed, published=published, device="cpu")


def test_reading_is_the_published_formula_word_by_word() -> None:
    rng = torch.Generator().manual_seed(0)
    begun = begin(published=True)
    probe = Probe(*(torch.randn(part.shape, generator=rng) for part in begun.parameters[:5]), *begun.parameters[5:])
    states, left = torch.randn(3, 7, 10, generator=rng), torch.tensor([0, 1, 3, 4, 5])  # two snippets: 3 and 4 words
    reading = probe.read(states, left)
    for s in range(3):
        z = states[s] @ probe.basis[s]
        for gap, word in enumerate(left):
            step = z[word + 1] - z[word]
            assert reading.distance[s, gap] == pytest.approx((step**2).sum().item(), rel=1e-5)
            scores = step @ probe.constituent[s] + probe.constituent_bias[s, 0]
            assert torch.allclose(reading.constituent[s, gap], scores, atol=1e-5)
        for word in range(7):
            scores = z[word] @ probe.unary[s] + probe.unary_bias[s, 0]
            assert torch.allclose(reading.unary[s, word], scores, atol=1e-5)


def test_ours_adds_what_each_word_says_and_how_much_each_axis_counts() -> None:
    rng = torch.Generator().manual_seed(0)
    probe = Probe(*(torch.randn(part.shape, generator=rng) for part in begin().parameters))
    states, left = torch.randn(3, 7, 10, generator=rng), torch.tensor([0, 1, 3, 4, 5])
    reading = probe.read(states, left)
    for s in range(3):
        z = states[s] @ probe.basis[s]
        for gap, word in enumerate(left):
            step, both = (z[word + 1] - z[word]) * probe.stretch[s, 0].exp(), torch.cat([z[word], z[word + 1]])
            distance = (step**2).sum() + both @ probe.lean[s, :, 0]
            assert reading.distance[s, gap] == pytest.approx(distance.item(), rel=1e-4)
            scores = both @ probe.constituent[s] + probe.constituent_bias[s, 0]
            assert torch.allclose(reading.constituent[s, gap], scores, atol=1e-4)


def test_the_published_reading_is_one_of_ours() -> None:
    """Labels off a difference are labels off both words; D of one and no lean leave the squared distance."""
    rng = torch.Generator().manual_seed(0)
    begun = begin(published=True)
    theirs = Probe(*(torch.randn(part.shape, generator=rng) for part in begun.parameters[:5]), *begun.parameters[5:])
    ours = replace(theirs, constituent=torch.cat([-theirs.constituent, theirs.constituent], 1))
    states, left = torch.randn(3, 7, 10, generator=rng), torch.tensor([0, 1, 3, 4, 5])
    one, other = theirs.read(states, left), ours.read(states, left)
    assert torch.equal(one.distance, other.distance)
    assert torch.allclose(one.constituent, other.constituent, atol=1e-4)


def test_ours_starts_orthonormal_and_the_published_one_uniform() -> None:
    ours, theirs = begin(), begin(published=True)
    assert losses.orthogonality(ours.basis).max() < 1e-10
    assert losses.orthogonality(theirs.basis).min() > 1
    for part in (theirs.basis, theirs.constituent, theirs.unary, ours.constituent, ours.unary):
        assert part.abs().max() <= 0.05
        assert len(part.unique()) > part[0].numel() / 2
    wide = begin(published=True, shape=(1, 200, 50)).basis
    assert wide.std().item() == pytest.approx(0.1 / 12**0.5, rel=0.02)
    assert wide.mean().abs() < 0.002
    assert not theirs.stretch.any()
    for probe in (ours, theirs):
        assert not probe.lean.any()
        assert not probe.constituent_bias.any()
        assert not probe.unary_bias.any()


@pytest.mark.parametrize("published", [True, False])
def test_every_series_starts_alike_and_seeds_differ(published: bool) -> None:
    one, same, other = (begin(seed, published=published) for seed in (0, 0, 1))
    for a, b, c in zip(one.parameters[:3], same.parameters[:3], other.parameters[:3], strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
        assert torch.equal(a[0], a[2])
        assert a.data_ptr() != a[0].clone().data_ptr()
        a[0] += 1  # its own memory: moving one series leaves the others
        assert not torch.equal(a[0], a[1])


def test_a_batch_never_reads_over_a_snippets_end() -> None:
    heights = ((5, 4), (), (7, 6, 8))
    trees = [
        SyntaxTuple(("w",) * (len(h) + 1), h, ("a",) * len(h), ("x",) * (len(h) + 1), "", (), (), ()) for h in heights
    ]
    batch = batch_of(torch.zeros(1, 8, 2), targets(trees, INVENTORY), np.arange(3))
    assert batch.left.tolist() == [0, 1, 4, 5, 6]
    assert batch.distance.tolist() == [5, 4, 7, 6, 8]
    assert batch.constituent.tolist() == [1] * 5
    assert batch.unary.tolist() == [1] * 8
    assert batch.slot.tolist() == [[0, 1, -1], [-1, -1, -1], [2, 3, 4]]
    assert batch.first.tolist() == [0, 1, 2, 3, 2]  # 8 is the highest of the third tree, 7 of what is left of it
    assert batch.after.tolist() == [2, 2, 4, 4, 5]


def test_the_loss_of_a_batch_is_the_three_losses_snippet_by_snippet() -> None:
    data = dataset((5, 2, 2))
    goal = goal_of(data)
    series = series_of([nothing(goal, 10, s) for s in range(2)], goal.starts[:6], recipe="published", device="cpu")
    probe = start((2, 10, 4), goal.inventory, seed=0, published=True, device="cpu")
    chosen = np.array([0, 2, 3])
    found = probe.loss(read_batch(series, goal, chosen), published=True)
    for s in range(2):
        hinge, pairs, gaps, words = 0.0, 0, [], []
        gap_gold: list[int] = []
        word_gold: list[int] = []
        for snippet in chosen:
            rows = slice(*goal.starts[snippet : snippet + 2])
            z = torch.from_numpy(series.arrays[s][rows]) @ probe.basis[s]
            step, height = z[1:] - z[:-1], goal.distance[rows][:-1]
            guess = step.square().sum(1)
            above = [(i, j) for i in range(len(height)) for j in range(len(height)) if height[i] > height[j]]
            hinge += sum(max(0.0, 1 - (guess[i] - guess[j]).item()) for i, j in above)
            pairs += len(above)
            gaps.append(step @ probe.constituent[s])
            words.append(z @ probe.unary[s])
            gap_gold += goal.constituent[rows][:-1].tolist()
            word_gold += goal.unary[rows].tolist()
        entropy: Callable[..., torch.Tensor] = torch.nn.functional.cross_entropy
        total = hinge / pairs
        total += entropy(torch.cat(gaps), torch.tensor(gap_gold), ignore_index=-1).item()
        total += entropy(torch.cat(words), torch.tensor(word_gold), ignore_index=-1).item()
        assert found[s].item() == pytest.approx(total, rel=1e-5)


def test_shapes_need_no_numbers() -> None:
    probe = start((3, 10, 4), INVENTORY, seed=0, published=False, device="meta")
    reading = probe.read(torch.zeros(3, 7, 10, device="meta"), torch.tensor([0, 1, 3], device="meta"))
    assert tuple(reading.distance.shape) == (3, 3)
    assert tuple(reading.constituent.shape) == (3, 3, 3)
    assert tuple(reading.unary.shape) == (3, 7, 2)
