"""How well a model speaks a machine's language: its loss on new texts, and whether what it says is legal."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from probes.codebooks.fsm.machine import Ints, Machine
from probes.codebooks.trained.model import Codebooks
from probes.models import toy

BATCH = 64
Z = 1.959964
"""Of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Spoken:
    """Legal transitions in what a model says, in shares: of all, with a 95 % interval over texts, and of the first."""

    legal: float
    low: float
    high: float
    first: float
    texts: int


@dataclass(frozen=True)
class Heard:
    """What a model makes of new texts, a token: loss in nats with the half-width of its interval, accuracy."""

    loss: float
    half: float
    accuracy: float
    used: dict[str, np.ndarray]
    """By codebook, int64 [part, code]: tokens that chose each code."""


def spoken(machine: Machine, said: Ints) -> Spoken:
    """Judge digits [text, token] that a model said, without the start."""
    states = machine.read(said)
    known = states < machine.states
    at = np.where(known, states, 0)
    right = machine.legal[at[:, :-1], at[:, 1:]] & known[:, :-1] & known[:, 1:]
    share = right.mean(1)
    half = Z * float(share.std(ddof=1)) / len(share) ** 0.5 if len(share) > 1 else 1.0
    mean = float(share.mean())
    return Spoken(mean, max(0.0, mean - half), min(1.0, mean + half), float(right[:, 0].mean()), len(said))


@torch.no_grad()
def say(net: Any, machine: Machine, count: int, tokens: int = 128, seed: int = 0) -> Ints:
    """Return digits [text, token - 1] that a decoder says of itself from the start, at temperature 1.

    The start token is never drawn inside a text: it takes part in no chance, as it writes no state.
    """
    draw = torch.Generator().manual_seed(seed)
    said = []
    for first in range(0, count, 256):
        now = torch.full((min(256, count - first), 1), machine.start)
        parts: list[torch.Tensor] = []
        past = None
        for _ in range(tokens - 1):
            logits, past = toy.further(net, now, past)
            chances = logits[:, : machine.base].float().softmax(-1)
            now = torch.multinomial(chances, 1, generator=draw)
            parts.append(now)
        said.append(torch.cat(parts, 1))
    return torch.cat(said).numpy()


@torch.no_grad()
def heard(net: Any, books: Codebooks | None, texts: Ints, size: int = BATCH) -> Heard:
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
            for group in range(len(book.codes)):
                ids = book.ids[:, group].reshape(-1).cpu().numpy()
                used[name][group] += np.bincount(ids, minlength=book.codes.shape[1])
    each = torch.cat(losses).double()
    half = Z * float(each.std()) / len(each) ** 0.5 if len(each) > 1 else float("inf")
    return Heard(float(each.mean()), half, right / (texts.shape[0] * (texts.shape[1] - 1)), used)


def batches(texts: Ints, size: int = BATCH) -> Iterator[torch.Tensor]:
    """Yield texts a few at a time, as tensors."""
    for first in range(0, len(texts), size):
        yield torch.from_numpy(texts[first : first + size])
