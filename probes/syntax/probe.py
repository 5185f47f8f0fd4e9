"""The structural probe, for many series of states at once (AST-Probe, section 3.1), and ours beside it.

For word vectors h, one projection B [width, rank] and z = h B:

                            published                        ours
    distance of gap i       || z_{i+1} - z_i ||²             || D (z_{i+1} - z_i) ||² + z_i a + z_{i+1} b
    constituent of gap i    argmax (z_{i+1} - z_i) C         argmax [z_i, z_{i+1}] C + c
    unary of word i         argmax z_i U                     argmax z_i U + u

D is diagonal and B kept orthonormal (Limisiewicz & Mareček, ACL 2021), so that D shows how much each axis of the
subspace counts; a and b are what a word says by itself: that it opens or ends something.

A *series* is one layer of one model. All series of a run share the batches, and every tensor has them as its first
axis, so that one matrix product serves them all; no term mixes two series.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch

from probes.syntax import losses
from probes.syntax.targets import Inventory, Targets

STRETCH = -1.3
"""Where the logarithm of D's diagonal starts: squared distances about a fourteenth of what they are."""


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
    first: torch.Tensor
    """[gap]: the first gap of each gap's own span in the true tree, and the one after its last."""
    after: torch.Tensor


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
    """The parameters of one probe per series; what the published one lacks stays as it starts, and changes nothing."""

    basis: torch.Tensor
    """[series, width, rank]"""
    constituent: torch.Tensor
    """[series, rank, label], read off the difference of two words, or [series, 2 rank, label], off both."""
    unary: torch.Tensor
    """[series, rank, label]"""
    constituent_bias: torch.Tensor
    """[series, 1, label]"""
    unary_bias: torch.Tensor
    """[series, 1, label]"""
    stretch: torch.Tensor
    """[series, 1, rank]: the logarithm of D's diagonal."""
    lean: torch.Tensor
    """[series, 2 rank, 1]: a above b."""

    @property
    def parameters(self) -> list[torch.Tensor]:
        """Everything there is to learn, the projection first."""
        return [getattr(self, part.name) for part in fields(self)]

    def take(self, series: torch.Tensor) -> "Probe":
        """Return copies of some series' probes."""
        return Probe(*(part.detach()[series].clone() for part in self.parameters))

    def read(self, states: torch.Tensor, left: torch.Tensor) -> Reading:
        """Read distances and label scores off states [series, word, width]."""
        z = states @ self.basis
        one, two = z[:, left], z[:, left + 1]
        step, both = two - one, torch.cat([one, two], -1)
        seen = step if self.constituent.shape[1] == z.shape[-1] else both
        return Reading(
            (step * self.stretch.exp()).square().sum(-1) + (both @ self.lean)[..., 0],
            seen @ self.constituent + self.constituent_bias,
            z @ self.unary + self.unary_bias,
        )

    def loss(self, batch: Batch, *, published: bool) -> torch.Tensor:
        """Return what orders the gaps + both cross-entropies, [series]; the orthogonality term is the trainer's."""
        reading = self.read(batch.states, batch.left)
        if published:
            slot = batch.slot.clamp(min=0)
            order = losses.ranking(reading.distance[:, slot], torch.where(batch.slot >= 0, batch.distance[slot], -1.0))
        else:
            order = losses.splitting(reading.distance, batch.first, batch.after)
        return (
            order
            + losses.labelling(reading.constituent, batch.constituent)
            + losses.labelling(reading.unary, batch.unary)
        )


def start(shape: tuple[int, int, int], inventory: Inventory, *, seed: int, published: bool, device: str) -> Probe:
    """Return an untrained probe for (series, width, rank).

    Published: everything uniform in ±0.05. Ours: an orthonormal projection, which the penalty asks for anyway, so that
    no epoch is spent on reaching it, and D such that neighbouring words are some units apart, as a softmax wants them.
    Every series starts from the same numbers.
    """
    series, width, rank = shape
    draw = torch.Generator().manual_seed(seed)

    def uniform(*sizes: int) -> torch.Tensor:
        return torch.rand(*sizes, generator=draw) * 0.1 - 0.05

    basis = uniform(width, rank) if published else torch.linalg.qr(torch.randn(width, rank, generator=draw)).Q
    parts = [
        basis,
        uniform(rank if published else 2 * rank, len(inventory.constituents)),
        uniform(rank, len(inventory.unaries)),
        torch.zeros(1, len(inventory.constituents)),
        torch.zeros(1, len(inventory.unaries)),
        torch.full((1, rank), 0.0 if published else STRETCH),
        torch.zeros(2 * rank, 1),
    ]
    return Probe(*(part.expand(series, -1, -1).to(device, copy=True).contiguous() for part in parts))


def batch_of(states: torch.Tensor, goal: Targets, snippets: np.ndarray) -> Batch:
    """Lay out some snippets' targets beside their states, which lie end to end."""
    rows, sizes = goal.rows(snippets), np.diff(goal.starts)[snippets]
    last = np.zeros(len(rows), bool)
    last[np.cumsum(sizes) - 1] = True
    left, gaps = np.flatnonzero(~last), sizes - 1
    slot = np.arange(gaps.max(initial=1))[None, :] + (np.cumsum(gaps) - gaps)[:, None]
    slot[np.arange(slot.shape[1])[None, :] >= gaps[:, None]] = -1
    put, gap, number = states.device, rows[left], np.arange(len(left))

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(put)

    return Batch(
        states,
        tensor(left),
        tensor(slot),
        tensor(goal.distance[gap]),
        tensor(goal.constituent[gap]),
        tensor(goal.unary[rows]),
        tensor(number - goal.before[gap]),
        tensor(number + goal.beyond[gap]),
    )
