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


SIZES = (3, 4)
LEFT = torch.tensor([0, 1, 3, 4, 5])
"""Two snippets, of three and four words."""
AROUND = torch.tensor([[7, 0, 7, 3, 3], [2, 7, 7, 7, 6]])
"""The words around some span of each gap; the seventh is none."""


def drawn(*, published: bool) -> tuple[Probe, torch.Tensor, torch.Tensor]:
    """Return a probe of random numbers, what the published one lacks aside, with states and what they project to."""
    rng = torch.Generator().manual_seed(0)
    begun = begin(published=published).parameters
    count = 5 if published else len(begun)
    probe = Probe(*(torch.randn(part.shape, generator=rng) for part in begun[:count]), *begun[count:])
    states = torch.randn(3, 7, 10, generator=rng)
    return probe, states, states @ probe.basis


def test_reading_is_the_published_formula_word_by_word() -> None:
    probe, states, projected = drawn(published=True)
    distance, constituent = probe.distance(projected, LEFT), probe.constituents(projected, LEFT, AROUND)
    for s in range(3):
        z = states[s] @ probe.basis[s]
        for gap, word in enumerate(LEFT):
            step = z[word + 1] - z[word]
            assert distance[s, gap] == pytest.approx((step**2).sum().item(), rel=1e-5)
            scores = step @ probe.constituent[s] + probe.constituent_bias[s, 0]
            assert torch.allclose(constituent[s, gap], scores, atol=1e-5)
        for word in range(7):
            scores = z[word] @ probe.unary[s] + probe.unary_bias[s, 0]
            assert torch.allclose(probe.unaries(projected)[s, word], scores, atol=1e-5)
    for part in projected.split(SIZES, 1):  # where a span begins changes nothing
        alone = probe.distance(part, torch.arange(part.shape[1] - 1))
        assert torch.equal(probe.splits(part), alone[:, None].expand(-1, part.shape[1], -1))


def test_ours_adds_what_each_word_says_and_how_much_each_axis_counts() -> None:
    probe, states, projected = drawn(published=False)
    distance, constituent = probe.distance(projected, LEFT), probe.constituents(projected, LEFT, AROUND)
    for s in range(3):
        z = states[s] @ probe.basis[s]
        walled = torch.cat([z, torch.zeros(1, 4)])
        for gap, word in enumerate(LEFT):
            step, both = (z[word + 1] - z[word]) * probe.stretch[s, 0].exp(), torch.cat([z[word], z[word + 1]])
            assert distance[s, gap] == pytest.approx(((step**2).sum() + both @ probe.lean[s, :, 0]).item(), rel=1e-4)
            four = torch.cat([both, walled[AROUND[0, gap]], walled[AROUND[1, gap]]])
            scores = four @ probe.constituent[s] + probe.constituent_bias[s, 0]
            assert torch.allclose(constituent[s, gap], scores, atol=1e-4)


def test_a_span_is_split_before_a_word_like_its_first() -> None:
    """Scores of one snippet, span by span: the distance, less how unlike the two parts begin, and the first word's."""
    probe, states, projected = drawn(published=False)
    distance, found = probe.distance(projected, torch.arange(6)), probe.splits(projected)
    assert found.shape == (3, 7, 6)
    for s in range(3):
        z = states[s] @ probe.basis[s]
        for word in range(7):
            for gap in range(6):
                unlike = ((z[word] - z[gap + 1]) * probe.kin[s, 0]).square().sum()
                score = distance[s, gap] - unlike + (probe.head[s, 0, 0] if gap == word else 0)
                assert found[s, word, gap] == pytest.approx(score.item(), rel=1e-3, abs=1e-3)


def test_every_series_may_have_its_own_spans() -> None:
    probe, _, projected = drawn(published=False)
    same = AROUND[:, None].expand(-1, 3, -1)
    assert torch.equal(probe.constituents(projected, LEFT, same), probe.constituents(projected, LEFT, AROUND))
    moved = same.clone()
    moved[1, 2, 0] = 5
    differ = (probe.constituents(projected, LEFT, moved) != probe.constituents(projected, LEFT, AROUND)).any(-1)
    assert torch.nonzero(differ).tolist() == [[2, 0]]


def test_the_published_reading_is_one_of_ours() -> None:
    """Labels off a difference are labels off both words; D of one and no lean leave the squared distance."""
    theirs, _, z = drawn(published=True)
    nothing = torch.zeros_like(theirs.constituent)
    ours = replace(theirs, constituent=torch.cat([-theirs.constituent, theirs.constituent, nothing, nothing], 1))
    assert torch.equal(theirs.splits(z), ours.splits(z))
    assert torch.allclose(theirs.constituents(z, LEFT, AROUND), ours.constituents(z, LEFT, AROUND), atol=1e-4)


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
    assert not theirs.kin.any()
    for probe in (ours, theirs):
        assert not probe.lean.any()
        assert not probe.head.any()
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
    assert batch.sizes == (3, 1, 4)
    assert batch.around.tolist() == [[8, 0, 8, 4, 8], [8, 8, 7, 7, 8]]  # 8 tops the third tree, 7 what is before it
    assert batch.row.tolist() == [0, 0, 1, 2, 2, 3, 4, 4, 4]
    assert batch.cells == (3, 0, 6)
    assert batch.cell.tolist() == [0, 1, 3, 0, 1, 4, 0, 1, 2]  # word times gaps plus gap, in its own snippet
    assert batch.own.tolist() == [0, 2, 3, 5, 8]


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


def test_our_loss_is_a_code_length_and_two_cross_entropies() -> None:
    data = dataset((5, 2, 2))
    goal = goal_of(data)
    series = series_of([nothing(goal, 10, s) for s in range(2)], goal.starts[:6], recipe="strata", device="cpu")
    begun = start((2, 10, 4), goal.inventory, seed=0, published=False, device="cpu").parameters
    rng = torch.Generator().manual_seed(3)
    probe = Probe(*(torch.randn(part.shape, generator=rng) for part in begun))
    chosen = np.array([0, 2, 3])
    batch = read_batch(series, goal, chosen)
    nats = []
    for snippet in chosen:
        rows = np.arange(*goal.starts[snippet : snippet + 2])
        scores = probe.splits(
            torch.from_numpy(np.stack([series.part(slice(s, s + 1)).mapped(rows) for s in range(2)])) @ probe.basis
        )
        for gap in range(len(rows) - 1):
            word, stop = gap - goal.before[rows[gap]], gap + goal.beyond[rows[gap]]
            nats.append(-scores[:, word, word:stop].log_softmax(-1)[:, gap - word])
    z = batch.states @ probe.basis
    assert torch.allclose(probe.code_lengths(z, batch), torch.stack(nats, 1), rtol=1e-3, atol=1e-2)
    named = losses.labelling(probe.constituents(z, batch.left, batch.around), batch.constituent)
    single = losses.labelling(probe.unaries(z), batch.unary)
    total = torch.stack(nats, 1).mean(1) + named + single
    assert torch.allclose(probe.loss(batch, published=False), total, rtol=1e-3)
