"""The four losses against the loops they stand for."""

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


@pytest.mark.parametrize("name", ["ranking", "labelling", "orthogonality"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    rng = torch.Generator().manual_seed(1)
    gold = torch.tensor([[3.0, 1.0, 2.0, 1.0], [1.0, 2.0, -1.0, -1.0]])
    labels = torch.tensor([0, 2, -1, 1])
    of = {
        "ranking": (torch.randn(2, 2, 4, generator=rng), lambda x: losses.ranking(x, gold)),
        "labelling": (torch.randn(2, 4, 3, generator=rng), lambda x: losses.labelling(x, labels)),
        "orthogonality": (torch.randn(2, 5, 3, generator=rng), losses.orthogonality),
    }
    at, function = of[name]
    assert torch.autograd.gradcheck(function, (at.double().requires_grad_(),))
