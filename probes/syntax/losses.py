"""The probe's losses, each with one value a series: [series, ...] in, [series] out.

The published ranking loss asks every gap to be in order with every other one of its snippet (AST-Probe, section 3.2).
Decoding needs less: a gap must be the highest *of its own span*. Ours is the likelihood of just that, a normalised
distribution over binary trees whose negative log is a code length. With s_{l,i} for splitting at gap i what begins at
word l,

    P(tree) = Π over spans l..r, split at i, of  exp(s_{l,i}) / Σ over the span's gaps j of exp(s_{l,j})
"""

from typing import Any

import torch
from torch.nn import functional

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


def code_lengths(scores: torch.Tensor, row: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """Return -log softmax of each gap's own score among those of its span, [series, gap], in nats.

    `scores` [series, cell] has a cell for every gap of every span; `row` [cell] is the gap whose span that is, and
    `own` [gap] the cell of the gap itself. Work and memory go with the lengths of the spans.
    """
    shape = (len(scores), len(own))
    top = scores.new_zeros(shape).scatter_reduce(
        1, row.expand(shape[0], -1), scores.detach(), "amax", include_self=False
    )
    total = scores.new_zeros(shape).index_add(1, row, (scores - top[:, row]).exp())
    return total.log() + top - scores[:, own]


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
