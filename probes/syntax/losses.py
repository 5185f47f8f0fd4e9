"""The probe's losses, each with one value a series: [series, ...] in, [series] out.

The published ranking loss asks every gap to be in order with every other one of its snippet (AST-Probe, section 3.2).
Decoding needs less: a gap must be the highest *of its own span*. Ours is the likelihood of just that, a normalised
distribution over binary trees whose negative log is a code length,

    P(tree) = Π over gaps i of  exp(d_i) / Σ over gaps j of i's span of exp(d_j)
"""

from typing import Any

import torch
from torch.nn import functional

NOWHERE = -1e30
"""Stands for minus infinity where a gradient must stay a number."""
CELLS = 1 << 22
"""Pairs held at once by the ranking loss, over all series."""


class _Ranking(torch.autograd.Function):
    """The sum of hinges over all pairs, and its gradient, a block of rows at a time: no pair outlives its block."""

    @staticmethod
    def forward(context: Any, predicted: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
        series, snippets, gaps = predicted.shape
        rows = max(1, CELLS // max(series * snippets * gaps, 1))
        total, slope = predicted.new_zeros(series), torch.zeros_like(predicted)
        for first in range(0, gaps, rows):
            part = slice(first, first + rows)
            higher = (gold[:, part, None] > gold[:, None, :]) & (gold >= 0)[:, None, :]
            short = (1 - predicted[:, :, part, None] + predicted[:, :, None, :]).clamp_(min=0).mul_(higher)
            total += short.sum((1, 2, 3))
            active = (short > 0).to(predicted.dtype)
            slope[:, :, part] -= active.sum(3)
            slope += active.sum(2)
        context.save_for_backward(slope)
        return total

    @staticmethod
    def backward(context: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        (slope,) = context.saved_tensors
        return grads[0][:, None, None] * slope, None


def ranking(predicted: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Pairwise hinge: mean over a batch's gap pairs with gold_i > gold_j of max(0, 1 - (predicted_i - predicted_j)).

    `predicted` is [series, snippet, gap]; `gold` [snippet, gap], -1 where a snippet has no such gap. Pairs are of one
    snippet, and every pair of the batch weighs the same, as published. Memory does not grow with the pairs.
    """
    there = gold >= 0
    ordered = gold.masked_fill(~there, torch.inf).sort(1).values
    below = torch.searchsorted(ordered, gold.contiguous())  # gaps lower than each one, ties aside
    pairs = (below * there).sum()
    total: torch.Tensor = _Ranking.apply(predicted, gold)  # type: ignore[no-untyped-call]  # torch's own is untyped
    return total / pairs.clamp(min=1)


def splitting(distance: torch.Tensor, first: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Mean over gaps of -log softmax of a distance [series, gap] among those of its span, `first` to `after` - 1.

    Times the number of gaps it is the code length of the trees, in nats. A span's sum is put together from sums over
    1, 2, 4, … gaps, so the work is n log n however deep a tree is.
    """
    return (_among(distance, first, after) - distance).sum(1) / max(distance.shape[1], 1)


def code_lengths(distance: torch.Tensor, first: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Return each gap's -log softmax among the gaps of its span, [series, gap], in nats."""
    return _among(distance, first, after) - distance


def _among(distance: torch.Tensor, first: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    length = after - first
    sums, at = distance, first
    total = torch.full_like(distance, NOWHERE)
    longest, size = int(length.max()) if len(length) else 0, 1
    while size <= longest:
        taken = (length & size) > 0
        part = sums[:, at.clamp(max=distance.shape[1] - 1)]
        total = torch.where(taken, torch.logaddexp(total, part), total)
        at = at + torch.where(taken, size, 0)
        shifted = functional.pad(sums[:, size:], (0, min(size, sums.shape[1])), value=NOWHERE)
        sums = torch.logaddexp(sums, shifted)
        size *= 2
    return total


def labelling(logits: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits [series, row, label] over the rows whose gold label [row] is not -1."""
    series, rows, labels = logits.shape
    losses = functional.cross_entropy(
        logits.reshape(series * rows, labels), gold.repeat(series), ignore_index=-1, reduction="none"
    )
    return losses.view(series, rows).sum(1) / (gold >= 0).sum().clamp(min=1)


def orthogonality(basis: torch.Tensor) -> torch.Tensor:
    """Squared Frobenius distance of BᵀB from the identity; `basis` is [series, width, rank]."""
    gram = basis.transpose(1, 2) @ basis
    return (gram - torch.eye(gram.shape[-1], device=gram.device)).square().sum((1, 2))
