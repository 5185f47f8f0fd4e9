"""The probe's four losses, each with one value a series: [series, ...] in, [series] out (AST-Probe, section 3.2)."""

import torch
from torch.nn import functional


def ranking(predicted: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Pairwise hinge: mean over a batch's gap pairs with gold_i > gold_j of max(0, 1 - (predicted_i - predicted_j)).

    `predicted` is [series, snippet, gap]; `gold` [snippet, gap], -1 where a snippet has no such gap. Pairs are of one
    snippet, and every pair of the batch weighs the same, as published.
    """
    higher = (gold[:, :, None] > gold[:, None, :]) & (gold >= 0)[:, None, :]
    short = (1 - predicted[..., :, None] + predicted[..., None, :]).clamp_(min=0)
    return (short * higher).sum((1, 2, 3)) / higher.sum().clamp(min=1)


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
