"""The structural probe, for many series of states at once (AST-Probe, section 3.1), and ours beside it.

For word vectors h, one projection B [width, rank] and z = h B:

                            published                        ours
    distance of gap i       || z_{i+1} - z_i ||²             || D (z_{i+1} - z_i) ||² + z_i a + z_{i+1} b
    a span from word l is   the highest distance in it       the highest in it of distance of i
    split at the gap i of                                      - || K (z_l - z_{i+1}) ||² + c [i = l]
    constituent of gap i    argmax (z_{i+1} - z_i) C         argmax [z_i, z_{i+1}, z_{l-1}, z_{r+1}] C + bias
    unary of word i         argmax z_i U                     argmax z_i U + bias

D is diagonal and B kept orthonormal (Limisiewicz & Mareček, ACL 2021), so that D shows how much each axis of the
subspace counts; a and b are what a word says by itself: that it opens or ends something. K, diagonal too, lets a span
be split before a word that is like its first one: the parts of a block begin alike, and what is deeper does not. Where
the span l..r lies helps to name it: its label is read off the words around it as well.

A *series* is one layer of one model. All series of a run share the batches, and every tensor has them as its first
axis, so that one matrix product serves them all; no term mixes two series.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch.nn import functional

from probes.syntax import losses
from probes.syntax.targets import Inventory, Targets

STRETCH = -1.3
"""Where the logarithm of D's diagonal starts: squared distances about a fourteenth of what they are."""
KIN = 0.135
"""Where K's diagonal starts."""


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
    sizes: tuple[int, ...]
    """[snippet]: words."""
    cells: tuple[int, ...]
    """[snippet]: gaps in all its true spans together."""
    cell: torch.Tensor
    """[cell]: where each is among its snippet's split scores [word, gap], flat."""
    row: torch.Tensor
    """[cell]: the gap whose span it is in."""
    own: torch.Tensor
    """[gap]: its cell in its own span."""
    around: torch.Tensor
    """[2, gap]: the words before and after that span, counted in the batch; as many as all words where none is."""


@dataclass(frozen=True)
class Probe:
    """The parameters of one probe per series; what the published one lacks stays as it starts, and changes nothing."""

    basis: torch.Tensor
    """[series, width, rank]"""
    constituent: torch.Tensor
    """[series, rank, label], read off the difference of two words, or [series, 4 rank, label], off four."""
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
    kin: torch.Tensor
    """[series, 1, rank]: K's diagonal."""
    head: torch.Tensor
    """[series, 1, 1]: c, for splitting a span after its first word."""

    @property
    def parameters(self) -> list[torch.Tensor]:
        """Everything there is to learn, the projection first."""
        return [getattr(self, part.name) for part in fields(self)]

    def take(self, series: torch.Tensor) -> "Probe":
        """Return copies of some series' probes."""
        return Probe(*(part.detach()[series].clone() for part in self.parameters))

    def distance(self, z: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
        """Return the distances [series, gap] of projected words [series, word, rank]; `left` is before each gap."""
        one, two = z[:, left], z[:, left + 1]
        level = ((two - one) * self.stretch.exp()).square().sum(-1)
        return level + (torch.cat([one, two], -1) @ self.lean)[..., 0]

    def splits(self, z: torch.Tensor) -> torch.Tensor:
        """Return [series, word, gap] of one snippet: how much a span that begins with the word is split at the gap."""
        words = z.shape[1]
        near = z * self.kin
        length = near.square().sum(-1)
        apart = length[:, :, None] + length[:, None, 1:] - 2 * near @ near[:, 1:].transpose(1, 2)
        gaps = torch.arange(words - 1, device=z.device)
        return self.distance(z, gaps)[:, None] - apart + self.head * torch.eye(words, words - 1, device=z.device)

    def constituents(self, z: torch.Tensor, left: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        """Return label scores [series, gap, label]; `around` [2, gap], or [2, series, gap] where spans differ."""
        one, two = z[:, left], z[:, left + 1]
        if self.constituent.shape[1] == z.shape[-1]:
            return (two - one) @ self.constituent + self.constituent_bias
        walled = functional.pad(z, (0, 0, 0, 1))  # beyond a snippet's ends are zeros
        outer = [_rows(walled, words) for words in around]
        return torch.cat([one, two, *outer], -1) @ self.constituent + self.constituent_bias

    def unaries(self, z: torch.Tensor) -> torch.Tensor:
        """Return label scores [series, word, label]."""
        return z @ self.unary + self.unary_bias

    def loss(self, batch: Batch, *, published: bool) -> torch.Tensor:
        """Return what orders the gaps + both cross-entropies, [series]; the orthogonality term is the trainer's."""
        z = batch.states @ self.basis
        if published:
            slot, distance = batch.slot.clamp(min=0), self.distance(z, batch.left)
            order = losses.ranking(distance[:, slot], torch.where(batch.slot >= 0, batch.distance[slot], -1.0))
        else:
            order = self.code_lengths(z, batch).sum(1) / max(len(batch.left), 1)
        return (
            order
            + losses.labelling(self.constituents(z, batch.left, batch.around), batch.constituent)
            + losses.labelling(self.unaries(z), batch.unary)
        )

    def code_lengths(self, z: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the nats [series, gap] it takes to say where each true span is split."""
        parts = zip(z.split(batch.sizes, 1), batch.cell.split(batch.cells), strict=True)
        scores = [self.splits(part).flatten(1).index_select(1, cell) for part, cell in parts]
        return losses.code_lengths(torch.cat(scores, 1), batch.row, batch.own)


def _rows(z: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return the rows of some words, [word] for all series or [series, word]."""
    return z[:, words] if words.ndim == 1 else z.gather(1, words[..., None].expand(-1, -1, z.shape[-1]))


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
        uniform(rank if published else 4 * rank, len(inventory.constituents)),
        uniform(rank, len(inventory.unaries)),
        torch.zeros(1, len(inventory.constituents)),
        torch.zeros(1, len(inventory.unaries)),
        torch.full((1, rank), 0.0 if published else STRETCH),
        torch.zeros(2 * rank, 1),
        torch.full((1, rank), 0.0 if published else KIN),
        torch.zeros(1, 1),
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
    put, gap = states.device, rows[left]
    begin, end = left - goal.before[gap], left + goal.beyond[gap]
    bounds = np.repeat(np.cumsum(sizes) - sizes, gaps), np.repeat(np.cumsum(sizes) - 1, gaps)
    width, until = end - begin, np.cumsum(end - begin)
    row = np.repeat(np.arange(len(left)), width)
    split = np.arange(len(row)) - (until - width - begin + bounds[0])[row]  # the gap, counted in its snippet
    cell = ((begin - bounds[0]) * np.repeat(gaps, gaps))[row] + split
    until = np.concatenate([[0], until])[np.concatenate([[0], np.cumsum(gaps)])]

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(put)

    return Batch(
        states,
        tensor(left),
        tensor(slot),
        tensor(goal.distance[gap]),
        tensor(goal.constituent[gap]),
        tensor(goal.unary[rows]),
        tuple(sizes.tolist()),
        tuple(np.diff(until).tolist()),
        tensor(cell),
        tensor(row),
        tensor(np.cumsum(width) - width + goal.before[gap]),
        tensor(around(begin, end, bounds, len(rows))),
    )


def around(begin: np.ndarray, end: np.ndarray, bounds: tuple[np.ndarray, np.ndarray], nowhere: int) -> np.ndarray:
    """Return the words before and after spans from word `begin` to word `end`, `nowhere` beyond a snippet's bounds."""
    return np.stack(
        [np.where(begin > bounds[0], begin - 1, nowhere), np.where(end < bounds[1], end + 1, nowhere)]
    ).astype(np.int64)
