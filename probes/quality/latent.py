"""Latent attention pooling (NV-Embed; Lee et al., 2025), trained on texts that judge nothing.

Every token asks a small array of learnt latents (softmax(Q K' / sqrt(width)) V), then passes a layer of its own, both
added to what it was; the tokens are averaged afterwards. Both additions start at zero, so that training starts at mean
pooling. The loss is InfoNCE: two texts that belong together, or two halves of one text's tokens, find each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu, normalize

BATCH, TEMPERATURE, RATE = 32, 0.05, 1e-3
TOKENS = 24
"""Tokens of a text that a step of training sees at most, drawn anew each time: the whole is read when it is judged."""


class LatentAttention(nn.Module):
    """Tokens [text, token, width] with a mask → [text, width]; as it is made, the mean."""

    def __init__(self, width: int, latents: int) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(latents, width))
        self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(2))  # queries: tokens as they are
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)
        for zero in (self.value.weight, self.outer.weight, self.outer.bias):
            nn.init.zeros_(zero)

    def forward(self, tokens: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Return the mean over the tokens that are there."""
        asked = tokens @ self.key(self.latents).T / math.sqrt(tokens.shape[-1])
        tokens = tokens + asked.softmax(-1) @ self.value(self.latents)
        tokens = tokens + self.outer(gelu(self.inner(tokens)))
        weight = there[..., None].to(tokens.dtype)
        return (tokens * weight).sum(1) / weight.sum(1)


@dataclass(frozen=True)
class Trained:
    """A trained pooler with the one number its tokens are divided by."""

    net: LatentAttention
    scale: float

    def __call__(self, states: Sequence[np.ndarray]) -> np.ndarray:
        """Return float64 [text, width] of texts' tokens, each [token, width]."""
        with torch.inference_mode():
            parts = [self.net(*padded(states[i : i + BATCH], self.scale)) for i in range(0, len(states), BATCH)]
        found: np.ndarray = torch.cat(parts).double().numpy()
        return found


def padded(states: Sequence[np.ndarray], scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return float32 [text, token, width] divided by `scale`, and bool [text, token]: which are no padding."""
    tokens = nn.utils.rnn.pad_sequence([torch.from_numpy(rows) for rows in states], batch_first=True) / scale
    lengths = torch.tensor([len(rows) for rows in states])
    return tokens, torch.arange(tokens.shape[1])[None] < lengths[:, None]


def train(states: Sequence[np.ndarray], *, pairs: bool, latents: int, steps: int, seed: int) -> Trained:
    """Return a pooler trained on texts' tokens [token, width]; with `pairs`, texts 0 and 1, 2 and 3, … belong together.

    Same seed, same machine: the same bits. Global random numbers stay as they were.
    """
    scale = float(np.sqrt(np.mean([np.square(rows).mean() for rows in states]))) or 1.0
    draw = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = LatentAttention(states[0].shape[1], latents)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    for _ in range(steps):
        one, other = _views(states, draw, pairs=pairs)
        left, right = (normalize(net(*padded(side, scale)), dim=-1) for side in (one, other))
        near, right_one = left @ right.T / TEMPERATURE, torch.arange(len(left))
        loss = cross_entropy(near, right_one) + cross_entropy(near.T, right_one)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return Trained(net.eval(), scale)


def _views(
    states: Sequence[np.ndarray], draw: np.random.Generator, *, pairs: bool
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return a batch of two sides that belong together, row by row."""
    if pairs:
        which = 2 * draw.permutation(len(states) // 2)[:BATCH]
        return [_some(states[i], draw) for i in which], [_some(states[i + 1], draw) for i in which]
    which = draw.permutation(len(states))[:BATCH]
    halves = [_halves(states[i], draw) for i in which]
    return [one for one, _ in halves], [other for _, other in halves]


def _halves(rows: np.ndarray, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if len(rows) < 2:
        return rows, rows
    order = draw.permutation(len(rows))
    one, other = np.split(order, [len(rows) // 2])
    return rows[one[:TOKENS]], rows[other[:TOKENS]]


def _some(rows: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return rows[draw.permutation(len(rows))[:TOKENS]]
