"""Muon against PyTorch's own, which works in bfloat16, and what orthogonal means."""

import pytest
import torch
from torch import nn

from probes.codebooks.trained.muon import Muon, orthogonal


def trained(kind: str, steps: int = 12) -> list[torch.Tensor]:
    torch.manual_seed(0)
    target = torch.randn(3, 24, 16)
    weights = [nn.Parameter(torch.zeros(24, 16)) for _ in target] + [nn.Parameter(torch.ones(5, 5))]
    if kind == "ours":
        optimiser: torch.optim.Optimizer = Muon(weights, 0.1, 0.01)
    else:
        optimiser = torch.optim.Muon(weights, lr=0.1, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    for _ in range(steps):
        optimiser.zero_grad()
        sum((w - t).square().sum() for w, t in zip(weights, target, strict=False)).backward()  # type: ignore[union-attr]
        optimiser.step()
    return [w.detach() for w in weights]


def test_steps_are_those_of_pytorch_up_to_its_rounding() -> None:
    for ours, theirs in zip(trained("ours"), trained("pytorch"), strict=True):
        assert (ours - theirs).abs().max() < 0.02 * max(1, float(theirs.abs().max()))
    assert trained("ours")[0].abs().max() > 0.1
    assert torch.equal(trained("ours")[3], torch.ones(5, 5))  # without a gradient nothing moves, and nothing decays


@pytest.mark.parametrize("shape", [(12, 30), (30, 12), (9, 9)])
def test_singular_vectors_stay_and_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    given = torch.randn(2, *shape).double() * torch.tensor([1e-6, 1e6])[:, None, None]
    found = orthogonal(given)
    assert found.shape == given.shape
    values = torch.linalg.svdvals(found)
    assert values.max() < 1.25
    assert values.min() > 0.3
    left, _, right = torch.linalg.svd(given, full_matrices=False)
    turned = left.transpose(1, 2) @ found @ right.transpose(1, 2)
    assert (turned - torch.diag_embed(turned.diagonal(dim1=1, dim2=2))).abs().max() < 1e-9


def test_a_zero_gradient_stays_zero_and_a_vector_is_refused() -> None:
    assert not orthogonal(torch.zeros(1, 3, 4)).any()
    with pytest.raises(ValueError, match=r"got a weight of shape \(3,\)"):
        Muon([nn.Parameter(torch.zeros(3))], 0.1)
