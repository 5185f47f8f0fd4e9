"""The structural probe, for many series of states at once (AST-Probe, section 3.1).

For word vectors h, one projection B [width, rank] and z = h B:

    distance of gap i     = || z_{i+1} - z_i ||²
    constituent of gap i  = argmax (z_{i+1} - z_i) C + c
    unary of word i       = argmax z_i U + u

A *series* is one layer of one model. All series of a run share the batches, and every tensor has them as its first
axis, so that one matrix product serves them all; no term mixes two series.
"""

from dataclasses import dataclass

import numpy as np
import torch

from probes.syntax import losses
from probes.syntax.targets import Inventory


@dataclass(frozen=True)
class Batch:
    """Snippets end to end: states [series, word, width] and their targets.

    `left` [gap] is the word before each gap; `slot` [snippet, longest] the gap numbers, -1 beyond a snippet's end.
    """

    states: torch.Tensor
    left: torch.Tensor
    slot: torch.Tensor
    distance: torch.Tensor
    constituent: torch.Tensor
    unary: torch.Tensor


@dataclass(frozen=True)
class Reading:
    """What a probe says of a batch, before any decision."""

    distance: torch.Tensor
    """[series, gap]"""
    constituent: torch.Tensor
    """[series, gap, label]"""
    unary: torch.Tensor
    """[series, word, label]"""


@dataclass(frozen=True)
class Probe:
    """The parameters of one probe per series. The published probe has no biases: there they stay zero."""

    basis: torch.Tensor
    """[series, width, rank]"""
    constituent: torch.Tensor
    """[series, rank, label]"""
    unary: torch.Tensor
    """[series, rank, label]"""
    constituent_bias: torch.Tensor
    """[series, 1, label]"""
    unary_bias: torch.Tensor
    """[series, 1, label]"""

    @property
    def parameters(self) -> list[torch.Tensor]:
        """Everything that is learned, the projection first."""
        return [self.basis, self.constituent, self.unary, self.constituent_bias, self.unary_bias]

    def read(self, states: torch.Tensor, left: torch.Tensor) -> Reading:
        """Read distances and label scores off states [series, word, width]."""
        z = states @ self.basis
        step = z[:, left + 1] - z[:, left]
        return Reading(
            step.square().sum(-1), step @ self.constituent + self.constituent_bias, z @ self.unary + self.unary_bias
        )

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return ranking loss + both cross-entropies, [series]; the orthogonality term is the trainer's."""
        reading = self.read(batch.states, batch.left)
        inside = batch.slot >= 0
        slot = batch.slot.clamp(min=0)
        gold = torch.where(inside, batch.distance[slot], -1.0)
        return (
            losses.ranking(reading.distance[:, slot], gold)
            + losses.labelling(reading.constituent, batch.constituent)
            + losses.labelling(reading.unary, batch.unary)
        )


def start(shape: tuple[int, int, int], inventory: Inventory, *, seed: int, published: bool, device: str) -> Probe:
    """Return an untrained probe for (series, width, rank).

    Published: everything uniform in ±0.05. Ours: an orthonormal projection, which the penalty asks for anyway, so that
    no epoch is spent on reaching it. Every series starts from the same numbers.
    """
    series, width, rank = shape
    draw = torch.Generator().manual_seed(seed)

    def uniform(*sizes: int) -> torch.Tensor:
        return torch.rand(*sizes, generator=draw) * 0.1 - 0.05

    basis = uniform(width, rank) if published else torch.linalg.qr(torch.randn(width, rank, generator=draw)).Q
    parts = [
        basis,
        uniform(rank, len(inventory.constituents)),
        uniform(rank, len(inventory.unaries)),
        torch.zeros(1, len(inventory.constituents)),
        torch.zeros(1, len(inventory.unaries)),
    ]
    return Probe(*(part.expand(series, -1, -1).to(device, copy=True).contiguous() for part in parts))


def batch_of(states: torch.Tensor, sizes: np.ndarray, rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Batch:
    """Lay out snippets of `sizes` words whose flat (distance, constituent, unary) targets are `rows`."""
    distance, constituent, unary = rows
    ends = np.cumsum(sizes)
    last = np.zeros(len(unary), bool)
    last[ends - 1] = True
    left = np.flatnonzero(~last)
    gaps = sizes - 1
    slot = np.arange(gaps.max(initial=1))[None, :] + (np.cumsum(gaps) - gaps)[:, None]
    slot[np.arange(slot.shape[1])[None, :] >= gaps[:, None]] = -1
    put = states.device

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(put)

    return Batch(states, tensor(left), tensor(slot), tensor(distance[left]), tensor(constituent[left]), tensor(unary))
