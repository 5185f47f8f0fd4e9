"""The losses against the loops they stand for."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch.nn import functional

from probes.syntax import losses


def triple_loop(predicted: np.ndarray, gold: np.ndarray) -> float:
    """AST-Probe's ranking loss, pair by pair: mean over all strict pairs of the batch."""
    total, pairs = 0.0, 0
    for guess, truth in zip(predicted, gold, strict=True):
        for i in range(len(truth)):
            for j in range(len(truth)):
                if truth[i] >= 0 and truth[j] >= 0 and truth[i] > truth[j]:
                    total += max(0.0, 1 - (guess[i] - guess[j]))
                    pairs += 1
    return total / max(pairs, 1)


@pytest.mark.parametrize("seed", range(20))
def test_ranking_is_the_published_triple_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    series, snippets, gaps = 3, int(rng.integers(1, 5)), int(rng.integers(1, 8))
    gold = rng.integers(0, 4, (snippets, gaps)).astype(np.float32)  # few heights: many ties
    for row in gold:
        row[int(rng.integers(0, gaps + 1)) :] = -1  # padding, a whole snippet of it too
    predicted = rng.normal(0, 2, (series, snippets, gaps))
    found = losses.ranking(torch.from_numpy(predicted), torch.from_numpy(gold))
    assert np.allclose(found, [triple_loop(p, gold) for p in predicted], atol=1e-6)


def test_ranking_asks_for_a_margin_of_one_and_ignores_ties() -> None:
    gold = torch.tensor([[2.0, 1.0, 1.0, -1.0]])
    for guess, loss in (([5.0, 4.0, 4.0, 99.0], 0.0), ([5.0, 4.5, 1.0, 99.0], 0.25), ([0.0, 1.0, 1.0, -9.0], 2.0)):
        assert losses.ranking(torch.tensor([[guess]]), gold).item() == pytest.approx(loss)
    assert losses.ranking(torch.tensor([[[3.0, 8.0]]]), torch.tensor([[1.0, 1.0]])).item() == 0


def test_ranking_does_not_move_with_padding_or_the_order_of_snippets() -> None:
    rng = torch.Generator().manual_seed(0)
    predicted, gold = torch.randn(2, 3, 5, generator=rng), torch.randint(0, 4, (3, 5), generator=rng).float()
    found = losses.ranking(predicted, gold)
    wider = losses.ranking(functional.pad(predicted, (0, 4), value=7.0), functional.pad(gold, (0, 4), value=-1.0))
    assert torch.allclose(wider, found)
    assert torch.allclose(losses.ranking(predicted.flip(1), gold.flip(0)), found)


@pytest.mark.parametrize("cells", [1, 7, 40, 1 << 22])
def test_ranking_does_not_move_with_the_pairs_held_at_once(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = torch.Generator().manual_seed(0)
    predicted = torch.randn(2, 3, 9, generator=rng).requires_grad_()
    gold = torch.randint(-1, 4, (3, 9), generator=rng).sort(1, descending=True).values.float()
    higher = (gold[:, :, None] > gold[:, None, :]) & (gold >= 0)[:, None, :]
    plain = ((1 - predicted[..., :, None] + predicted[..., None, :]).clamp(min=0) * higher).sum((1, 2, 3))
    plain = plain / higher.sum()
    (slope,) = torch.autograd.grad(plain.sum(), predicted)
    monkeypatch.setattr(losses, "CELLS", cells)
    found = losses.ranking(predicted, gold)
    assert torch.allclose(found, plain)
    assert torch.allclose(torch.autograd.grad(found.sum(), predicted)[0], slope, atol=1e-6)


# ---- the likelihood of a tree ----------------------------------------------------------------------------------------


def bounds(heights: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Split at the highest gap, again and again: the span of every gap."""
    first, after = [0] * len(heights), [0] * len(heights)

    def split(a: int, b: int) -> None:
        if a < b:
            top = max(range(a, b), key=lambda i: (heights[i], -i))
            first[top], after[top] = a, b
            split(a, top)
            split(top + 1, b)

    split(0, len(heights))
    return torch.tensor(first), torch.tensor(after)


def nats(distance: torch.Tensor, first: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Lay out the cells of every span, and return the code length of each split."""
    spans = [range(a, b) for a, b in zip(first.tolist(), after.tolist(), strict=True)]
    row = torch.tensor([gap for gap, span in enumerate(spans) for _ in span], dtype=torch.long)
    gaps = torch.tensor([at for span in spans for at in span], dtype=torch.long)
    own = [sum(map(len, spans[:gap])) + gap - span.start for gap, span in enumerate(spans)]
    return losses.code_lengths(distance[:, gaps], row, torch.tensor(own, dtype=torch.long))


def test_probabilities_of_all_trees_sum_to_one() -> None:
    """Every binary tree over six words once: 42 of them, found as the orders of five heights."""
    distance = torch.randn(2, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    trees = {tuple(map(tuple, torch.stack(bounds(list(order))).tolist())) for order in permutations(range(5))}
    assert len(trees) == 42
    total = sum(torch.exp(-nats(distance, torch.tensor(first), torch.tensor(after)).sum(1)) for first, after in trees)
    assert torch.allclose(total, torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 33, 64, 100])
def test_a_code_length_is_the_softmax_of_each_span(n: int) -> None:
    rng = np.random.default_rng(n)
    first, after = bounds(rng.integers(0, 6, n).tolist())
    distance = torch.from_numpy(rng.normal(0, 200, (3, n)))  # far beyond what exp can hold
    found = nats(distance, first, after)
    for i in range(n):
        span = distance[:, first[i] : after[i]].log_softmax(1)
        assert torch.allclose(found[:, i], -span[:, i - first[i]])


def test_a_gap_beyond_its_span_does_not_count() -> None:
    """The paper's ranking asks for more than decoding needs; this does not."""
    apart = nats(torch.tensor([[1.0, 9.0, 4.0]]), *bounds([2, 5, 3]))
    assert apart[0, 0] == apart[0, 2] == 0  # each alone in its span, whatever its height
    assert apart[0, 1] > 0


def test_no_gap_is_no_loss() -> None:
    none = torch.zeros(0, dtype=torch.long)
    assert nats(torch.zeros(2, 0), none, none).shape == (2, 0)


def test_labelling_is_torchs_own_series_by_series() -> None:
    rng = torch.Generator().manual_seed(0)
    logits, gold = torch.randn(4, 9, 5, generator=rng), torch.tensor([0, -1, 4, 2, -1, 1, 1, 3, 0])
    found = losses.labelling(logits, gold)
    for row, value in zip(logits, found, strict=True):
        assert torch.allclose(value, functional.cross_entropy(row, gold, ignore_index=-1))


def test_labels_that_are_all_unknown_cost_nothing() -> None:
    assert losses.labelling(torch.randn(2, 3, 4), torch.full((3,), -1)).tolist() == [0.0, 0.0]


def test_orthogonality_is_zero_for_orthonormal_axes_only() -> None:
    basis = torch.linalg.qr(torch.randn(7, 3, generator=torch.Generator().manual_seed(0))).Q
    found = losses.orthogonality(torch.stack([basis, 2 * basis, basis * 0]))
    assert found[0].item() == pytest.approx(0, abs=1e-10)
    assert found[1].item() == pytest.approx(27)  # three times (4 - 1) squared
    assert found[2].item() == pytest.approx(3)


@pytest.mark.parametrize("name", ["ranking", "code_lengths", "labelling", "orthogonality"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    rng = torch.Generator().manual_seed(1)
    gold = torch.tensor([[3.0, 1.0, 2.0, 1.0], [1.0, 2.0, -1.0, -1.0]])
    labels = torch.tensor([0, 2, -1, 1])
    of = {
        "ranking": (torch.randn(2, 2, 4, generator=rng), lambda x: losses.ranking(x, gold)),
        "code_lengths": (torch.randn(2, 5, generator=rng), lambda x: nats(x, *bounds([2, 1, 4, 3, 1]))),
        "labelling": (torch.randn(2, 4, 3, generator=rng), lambda x: losses.labelling(x, labels)),
        "orthogonality": (torch.randn(2, 5, 3, generator=rng), losses.orthogonality),
    }
    at, function = of[name]
    assert torch.autograd.gradcheck(function, (at.double().requires_grad_(),))
