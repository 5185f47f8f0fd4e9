"""What a decoder makes of texts, with codebooks in it or without: its loss, and which codes are used."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from probes.codebooks.fired import each_once, firing
from probes.codebooks.trained.model import Codebooks

BATCH = 64
Z = 1.959964
"""Of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Heard:
    """What a model makes of new texts, a token: loss in nats with the half-width of its interval, accuracy."""

    loss: float
    half: float
    accuracy: float
    used: dict[str, np.ndarray]
    """By codebook, int64 [part, code]: tokens that chose each code."""


@torch.no_grad()
def heard(net: Any, books: Codebooks | None, texts: np.ndarray, size: int = BATCH) -> Heard:
    """Return loss, accuracy and the use of codes on texts [text, token], `size` of them at a time."""
    named, device = books.named() if books is not None else {}, next(net.parameters()).device
    used = {n: np.zeros(b.codes.shape[:2], np.int64) for n, b in named.items()}
    losses, right = [], 0.0
    for part in batches(texts, size):
        part = part.to(device)
        logits = net(input_ids=part).logits[:, :-1].float()
        losses.append(F.cross_entropy(logits.transpose(1, 2), part[:, 1:], reduction="none").mean(1).cpu())
        right += float((logits.argmax(-1) == part[:, 1:]).sum())
        for name, book in named.items():
            for group, taken in enumerate(book.ids.cpu().numpy().swapaxes(0, 1)):
                used[name][group] += np.bincount(firing(each_once(taken)), minlength=book.codes.shape[1])
    each = torch.cat(losses).double()
    half = Z * float(each.std()) / len(each) ** 0.5 if len(each) > 1 else float("inf")
    return Heard(float(each.mean()), half, right / (texts.shape[0] * (texts.shape[1] - 1)), used)


def batches(texts: np.ndarray, size: int = BATCH) -> Iterator[torch.Tensor]:
    """Yield texts a few at a time, as tensors."""
    for first in range(0, len(texts), size):
        yield torch.from_numpy(texts[first : first + size])


def dead(used: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return one row a codebook: book, codes, dead (share), bits (entropy of what fires), a mean over its parts."""
    rows = []
    for name, counts in used.items():
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        bits = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(1)
        rows.append((name, counts.size, float((counts == 0).mean()), float(bits.mean())))
    return pd.DataFrame(rows, columns=["book", "codes", "dead", "bits"])
