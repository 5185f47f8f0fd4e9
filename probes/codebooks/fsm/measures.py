"""How well a model speaks a machine's language: whether what it says is legal."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from probes.codebooks.fsm.machine import Ints, Machine
from probes.codebooks.trained.hearing import Z
from probes.models import toy


@dataclass(frozen=True)
class Spoken:
    """Legal transitions in what a model says, in shares: of all, with a 95 % interval over texts, and of the first."""

    legal: float
    low: float
    high: float
    first: float
    texts: int


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
