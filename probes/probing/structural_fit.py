"""Fits many structural probes in one batch: every layer, model, kind of tree and rank a series of its own.

For a projection B, distances are || (h_i - h_j) B ||² and depths || h_i B ||². The loss of a sentence of l words is
that of Hewitt & Manning (2019): the sum of absolute errors over its pairs divided by l², or over its words divided by
l. The states are taken about their mean, which changes no distance. Features that spread far beyond the others (massive
activations of decoders; Sun et al., 2024) are scaled down: B could do so too, but Adam would not get there. No term
mixes two series, and Adam goes number by number, so that each step of series fitted together is that of series fitted
alone; but the fit ends when none of them does better, so that one fitted alone may end sooner.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from probes.contract import Progress
from probes.probing.dependencies import Tree

BATCH = 20
"""Sentences of a step, as in the paper."""
RATE = 0.002
"""Adam's rate at the start, for projections whose columns start with length one; it falls to zero as a cosine does."""
ENOUGH = 1000
"""Training sentences that the mean is taken from, at most."""
FAR = 3.0
"""Times the median feature's standard deviation that a feature may spread."""
LOOKS, PATIENCE, TOLD = 20, 6, 50
"""How often validation is looked at; how often no series may do better there before the fit ends; most steps between
reports, the only place where a fit is cancelled."""


@dataclass(frozen=True)
class Batch:
    """Some sentences, padded to the longest."""

    states: torch.Tensor
    """[array, word, width], a row of zeros last."""
    slot: torch.Tensor
    """int64 [sentence, longest]: where a word is; the last row beyond a sentence's end."""
    there: torch.Tensor
    """bool [sentence, longest]"""
    distance: torch.Tensor
    """[kind, sentence, longest, longest]"""
    depth: torch.Tensor
    """[kind, sentence, longest]"""


@dataclass(frozen=True)
class Sentences:
    """States and trees of sentences."""

    arrays: tuple[Any, ...]
    """float32 [row, width] each, mapped and not read: one a layer and model."""
    rows: tuple[np.ndarray, ...]
    """int64 [word] a sentence: which row each of its words is."""
    trees: tuple[tuple[Tree, ...], ...]
    """[kind of tree][sentence]"""
    center: np.ndarray | None = None
    """[array, width]: what is subtracted."""
    factor: np.ndarray | None = None
    """[array, width]: what is multiplied with then."""

    def prepared(self, train: np.ndarray) -> "Sentences":
        """Return the same about the mean of the training words, features that spread `FAR` brought down to that."""
        some = np.unique(np.concatenate([self.rows[i] for i in train[:ENOUGH]]))
        words = [np.asarray(array[some]) for array in self.arrays]
        spreads = [one.std(0) for one in words]
        factors = [np.minimum(1, FAR * _middle(s) / np.maximum(s, 1e-30)).astype(np.float32) for s in spreads]
        return replace(self, center=np.stack([one.mean(0) for one in words]), factor=np.stack(factors))

    def batch(self, some: np.ndarray, device: str) -> Batch:
        """Return some sentences side by side."""
        rows = np.concatenate([self.rows[i] for i in some])
        states = np.stack([array[rows] for array in self.arrays])
        if self.center is not None and self.factor is not None:
            states = (states - self.center[:, None]) * self.factor[:, None]
        states = np.concatenate([states, np.zeros_like(states[:, :1])], 1)
        sizes = np.array([len(self.rows[i]) for i in some])
        there = np.arange(sizes.max())[None, :] < sizes[:, None]
        slot = np.where(there, np.cumsum(there.ravel()).reshape(there.shape) - 1, len(rows))
        distance = np.zeros((len(self.trees), *there.shape, sizes.max()), np.float32)
        depth = np.zeros((len(self.trees), *there.shape), np.float32)
        for kind, trees in enumerate(self.trees):
            for k, (i, n) in enumerate(zip(some, sizes, strict=True)):
                distance[kind, k, :n, :n], depth[kind, k, :n] = trees[i].distance, trees[i].depth
        return Batch(*(torch.from_numpy(part).to(device) for part in (states, slot, there, distance, depth)))


def _middle(spreads: np.ndarray) -> float:
    """Return the median spread of the features that vary; more than half may be constant, as after a ReLU."""
    return float(np.median(spreads[spreads > 0])) if (spreads > 0).any() else 1.0


@dataclass(frozen=True)
class Series:
    """What one probe reads and should say."""

    array: int
    kind: int
    """Which kind of tree."""
    depths: bool
    """Depths rather than distances."""
    rank: int


@dataclass(frozen=True)
class Probes:
    """One projection a series, [series, width, rank]; columns beyond a series' own rank are zero."""

    basis: torch.Tensor
    series: tuple[Series, ...]
    data: Sentences

    def of(self, depths: bool) -> list[int]:
        """Return which series say depths, or distances."""
        return [i for i, one in enumerate(self.series) if one.depths == depths]

    def take(self, which: Sequence[int]) -> "Probes":
        """Return some of the probes."""
        return Probes(self.basis[list(which)], tuple(self.series[i] for i in which), self.data)

    def said(self, batch: Batch, depths: bool) -> torch.Tensor:
        """Return the distances [series, sentence, longest, longest], or depths [series, sentence, longest]."""
        mine = self.of(depths)
        z = batch.states[[self.series[i].array for i in mine]] @ self.basis[mine]
        z = z[:, batch.slot]
        length = z.square().sum(-1)
        if depths:
            return length
        apart = length[..., :, None] + length[..., None, :] - 2 * z @ z.transpose(-1, -2)
        return apart.clamp(min=0)

    def losses(self, batch: Batch) -> torch.Tensor:
        """Return [series]: the mean over sentences of the mean absolute error over pairs, or over words."""
        parts: dict[int, torch.Tensor] = {}
        size = batch.there.sum(1).float()
        for depths in {one.depths for one in self.series}:
            mine = self.of(depths)
            kinds = [self.series[i].kind for i in mine]
            off = (self.said(batch, depths) - (batch.depth if depths else batch.distance)[kinds]).abs()
            if depths:
                each = (off * batch.there).sum(-1) / size
            else:
                both = batch.there[:, :, None] & batch.there[:, None, :]
                each = (off * both).sum((-1, -2)) / size.square()
            parts |= dict(zip(mine, each.mean(-1), strict=True))
        return torch.stack([parts[i] for i in range(len(self.series))])


@dataclass(frozen=True)
class How:
    """How the probes are fitted."""

    steps: int
    seed: int
    device: str
    progress: Progress


def fit(data: Sentences, series: Sequence[Series], sides: tuple[np.ndarray, np.ndarray], how: How) -> Probes:
    """Return the probes as they did best on validation; `sides` are the sentences that train and that validate."""
    train, valid = sides
    data = data.prepared(train)
    probes = _start(data, tuple(series), train, how)
    learned, gain = probes.basis.clone().requires_grad_(), _gains(probes, data.batch(train[:BATCH], how.device))
    adam = torch.optim.Adam([learned], lr=RATE)
    best, kept = torch.full((len(series),), math.inf, device=how.device), learned.detach() * gain
    idle = 0
    every = max(1, how.steps // LOOKS)
    for step, some in zip(range(how.steps), _epochs(train, how.seed), strict=False):
        adam.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / how.steps)) / 2
        adam.zero_grad()
        now = Probes(learned * gain, probes.series, data)
        now.losses(data.batch(some, how.device)).sum().backward()
        assert learned.grad is not None
        learned.grad.mul_(probes.basis != 0)  # what is beyond a series' rank stays zero
        adam.step()
        if (step + 1) % min(every, TOLD) == 0:
            how.progress.report(step + 1, how.steps, "fitting structural probes")
        if (step + 1) % every == 0 or step + 1 == how.steps:
            now = Probes(learned.detach() * gain, probes.series, data)
            loss = _mean_losses(now, valid, how.device)
            better = loss < best
            best = torch.where(better, loss, best)
            kept[better] = now.basis[better]
            idle = 0 if better.any() else idle + 1
            if idle == PATIENCE:
                break
    return Probes(kept, probes.series, data)


def _start(data: Sentences, series: tuple[Series, ...], train: np.ndarray, how: How) -> Probes:
    """Return projections on orthonormal directions, the same for all series, each as wide as its rank."""
    width, rank = data.arrays[0].shape[1], max(one.rank for one in series)
    draw = torch.Generator().manual_seed(how.seed)
    basis = torch.linalg.qr(torch.randn(width, rank, generator=draw)).Q
    open_axes = torch.arange(rank) < torch.tensor([one.rank for one in series])[:, None, None]
    return Probes((basis * open_axes).to(how.device), series, data)


def pairs_of(there: torch.Tensor) -> torch.Tensor:
    """Return which two different words are both there, bool [sentence, longest, longest], of [sentence, longest]."""
    itself = torch.eye(there.shape[1], dtype=torch.bool, device=there.device)
    return there[:, :, None] & there[:, None, :] & ~itself


def _gains(probes: Probes, batch: Batch) -> torch.Tensor:
    """Return [series, 1, 1]: what makes the median of what is said, at the start, that of what should be."""
    found = []
    there = batch.there
    pairs = pairs_of(there)
    for i, one in enumerate(probes.series):
        alone = probes.take([i])
        said = alone.said(batch, one.depths)[0][there if one.depths else pairs]
        true = (batch.depth if one.depths else batch.distance)[one.kind][there if one.depths else pairs]
        found.append((true.median().clamp(min=1) / said.median().clamp(min=1e-12)).sqrt())
    return torch.stack(found)[:, None, None]


def _epochs(train: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Yield batches without end: every sentence once before any comes again."""
    draw = np.random.default_rng(seed)
    while True:
        order = draw.permutation(train)
        for first in range(0, len(order), BATCH):
            yield order[first : first + BATCH]


@torch.no_grad()
def _mean_losses(probes: Probes, sentences: np.ndarray, device: str) -> torch.Tensor:
    parts = [sentences[first : first + BATCH] for first in range(0, len(sentences), BATCH)]
    losses = [probes.losses(probes.data.batch(part, device)) * len(part) for part in parts]
    return torch.stack(losses).sum(0) / len(sentences)


@torch.no_grad()
def read_off(probes: Probes, sentences: np.ndarray, device: str) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield each sentence with what distance probes say of it [series, word, word], and depth probes [series, word]."""
    for first in range(0, len(sentences), BATCH):
        part = sentences[first : first + BATCH]
        batch = probes.data.batch(part, device)
        said = [probes.said(batch, depths).cpu().numpy() if probes.of(depths) else None for depths in (False, True)]
        for k, (i, n) in enumerate(zip(part, batch.there.sum(1).tolist(), strict=True)):
            apart = said[0][:, k, :n, :n] if said[0] is not None else np.zeros((0, n, n), np.float32)
            deep = said[1][:, k, :n] if said[1] is not None else np.zeros((0, n), np.float32)
            yield int(i), apart, deep
