"""Muon (Jordan, 2024): momentum, made orthogonal before it is taken as a step, for the matrices of a network.

The polynomial a x + b x³ + c x⁵ of the singular values is applied five times, which takes all of them near 1. PyTorch's
own Muon does so in bfloat16 whatever the machine: on a CPU without it that is most of a step. Here it is done in the
weights' own precision, all matrices of a shape at once.
"""

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import nn

A, B, C = 3.4445, -4.7750, 2.0315
TIMES = 5
LEAST = 1e-7
"""The least length that a matrix is divided by."""


class Muon(torch.optim.Optimizer):
    """Steps of `lr` x 0.2 x the root of the longer side (Liu et al., 2025), which is AdamW's usual size; Nesterov."""

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float, decay: float = 0.1, momentum: float = 0.95) -> None:
        given = list(matrices)
        if odd := [tuple(m.shape) for m in given if m.ndim != 2]:
            raise ValueError(f"Muon steps along matrices; got a weight of shape {odd[0]}.")
        super().__init__(given, {"lr": lr, "decay": decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # no closure is ever given
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            alike: dict[tuple[torch.Size, torch.device], list[nn.Parameter]] = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    alike.setdefault((weight.shape, weight.device), []).append(weight)
            for weights in alike.values():
                self._move(weights, group)

    def _move(self, weights: list[nn.Parameter], group: dict[str, Any]) -> None:
        keep, pushed = group["momentum"], []
        for weight in weights:
            grad = cast(torch.Tensor, weight.grad)
            held = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
            held.lerp_(grad, 1 - keep)
            pushed.append(grad.lerp(held, keep))
        length = 0.2 * max(weights[0].shape) ** 0.5
        for weight, turned in zip(weights, orthogonal(torch.stack(pushed)), strict=True):
            weight.mul_(1 - group["lr"] * group["decay"]).add_(turned, alpha=-group["lr"] * length)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Return matrices [matrix, row, column] with their singular vectors and all singular values under 1.25.

    Most are above 0.7; one under about a hundredth of its matrix's length stays smaller.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    now = matrices.transpose(1, 2) if tall else matrices
    now = now / now.flatten(1).norm(dim=1).clamp(min=LEAST)[:, None, None]
    for _ in range(TIMES):
        gram = now @ now.transpose(1, 2)
        now = torch.baddbmm(now, torch.baddbmm(gram, gram, gram, beta=B, alpha=C), now, beta=A)
    return now.transpose(1, 2) if tall else now
