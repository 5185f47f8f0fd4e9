"""Trains one probe per series, all series in the same pass over stored states.

Two recipes. `published` is the paper's: Adam at 1e-3, learning rate × 0.1 whenever validation stops falling, stop
after five epochs without a best. `strata` starts from an orthonormal projection, adds biases, uses a ten times higher
rate with a cosine, and higher still for the read-outs, which the paper's budget leaves far from converged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from probes.contract import Progress
from probes.syntax import losses
from probes.syntax.probe import Batch, Probe, batch_of, start
from probes.syntax.targets import Targets

Recipe = Literal["strata", "published"]

GAP = 14.0
"""Root mean square distance of neighbouring words after scaling, so that the hinge's unit margin means the same
everywhere; all-MiniLM-L6-v2 is near it as it is."""


@dataclass(frozen=True)
class Options:
    """How to train."""

    rank: int
    epochs: int
    batch: int
    rate: float
    orthogonality: float
    recipe: Recipe
    seed: int


@dataclass(frozen=True)
class Series:
    """States of all series, float32 [row, width] each, and the affine map applied when a batch is read."""

    arrays: tuple[np.ndarray, ...]
    center: np.ndarray
    """[series, width]"""
    scale: np.ndarray
    """[series]"""
    device: str

    def take(self, rows: np.ndarray) -> torch.Tensor:
        """Return the rows of every series on the device: [series, row, width]."""
        block = torch.from_numpy(np.stack([array[rows] for array in self.arrays])).to(self.device)
        center = torch.from_numpy(self.center).to(self.device)
        scale = torch.from_numpy(self.scale).to(self.device)
        return (block - center[:, None]).mul_(scale[:, None, None])


def series_of(arrays: Sequence[np.ndarray], starts: np.ndarray, *, recipe: Recipe, device: str) -> Series:
    """Return the states with the map of the recipe: none, or centred with one scale a series, both of training rows.

    `starts` are those of the training snippets, which come first. One scale a series cannot favour a direction, so the
    subspace found is one of the model's own states. States are taken as finite: `study.states_of` refuses others.
    """
    width, rows = arrays[0].shape[1], int(starts[-1])
    if recipe == "published":
        return Series(
            tuple(arrays), np.zeros((len(arrays), width), np.float32), np.ones(len(arrays), np.float32), device
        )
    inside = np.ones(rows - 1, bool)
    inside[starts[1:-1] - 1] = False  # not from one snippet to the next
    center, scale = [], []
    for array in arrays:
        part = np.asarray(array[:rows])
        step = np.sqrt(np.square(part[1:][inside] - part[:-1][inside]).sum(1, dtype=np.float64).mean())
        center.append(part.mean(0, dtype=np.float64))
        scale.append(GAP / step if step > 0 else 1.0)  # a constant series stays as it is, and scores what it deserves
    return Series(tuple(arrays), np.array(center, np.float32), np.array(scale, np.float32), device)


class Trainer:
    """Adam with its own learning rate for every series, so that series trained together equal series trained alone."""

    def __init__(self, probe: Probe, options: Options) -> None:
        self.probe, self.options = probe, options
        learned = probe.parameters if options.recipe == "strata" else probe.parameters[:3]
        self.learned = [part.requires_grad_() for part in learned]
        self.first = [torch.zeros_like(part) for part in self.learned]
        self.second = [torch.zeros_like(part) for part in self.learned]
        readout = 3.0 if options.recipe == "strata" else 1.0
        self.factors = [1.0] + [readout] * (len(self.learned) - 1)
        self.rate = torch.full((len(probe.basis), 1, 1), options.rate, device=probe.basis.device)
        self.steps = 0

    def step(self, batch: Batch) -> None:
        """Follow the gradient of one batch; series do not share a term, so the sum over them trains each alone."""
        penalty = self.options.orthogonality * losses.orthogonality(self.probe.basis)
        (self.probe.loss(batch) + penalty).sum().backward()
        self.steps += 1
        one, two = 1 - 0.9**self.steps, 1 - 0.999**self.steps
        with torch.no_grad():
            for part, first, second, factor in zip(self.learned, self.first, self.second, self.factors, strict=True):
                grad = part.grad
                assert grad is not None
                first.lerp_(grad, 0.1)
                second.lerp_(grad.square(), 0.001)
                part -= self.rate * factor * (first / one) / ((second / two).sqrt() + 1e-8)
                part.grad = None


@dataclass(frozen=True)
class Trained:
    """The probe of each series at its own best epoch, and the validation loss [epoch, series] that chose it."""

    probe: Probe
    validation: np.ndarray


def train(data: Series, goal: Targets, sizes: tuple[int, int], options: Options, progress: Progress) -> Trained:
    """Train on the first `sizes[0]` snippets of `goal` and select on the next `sizes[1]`."""
    shape = (len(data.arrays), data.arrays[0].shape[1], options.rank)
    published = options.recipe == "published"
    trainer = Trainer(start(shape, goal.inventory, seed=options.seed, published=published, device=data.device), options)
    shuffle = np.random.default_rng(options.seed)
    best, history = _Best(trainer), []
    per_epoch = -(-sizes[0] // options.batch)
    for epoch in range(options.epochs):
        for number, chosen in enumerate(np.array_split(shuffle.permutation(sizes[0]), per_epoch)):
            if not published:
                trainer.rate.fill_(options.rate * _cosine(trainer.steps, per_epoch * options.epochs))
            trainer.step(read_batch(data, goal, np.sort(chosen)))
            progress.report(epoch + (number + 1) / per_epoch, options.epochs, "training probes")
        history.append(_validate(trainer.probe, data, goal, np.arange(sizes[0], sum(sizes)), options.batch))
        best.see(history[-1])
        if published and best.stopped.all():
            break
    return Trained(best.probe(), np.stack([loss.cpu().numpy() for loss in history]))


def read_batch(data: Series, goal: Targets, snippets: np.ndarray) -> Batch:
    """Gather the states and targets of some snippets."""
    starts, ends = goal.starts[snippets], goal.starts[snippets + 1]
    rows = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])
    return batch_of(data.take(rows), ends - starts, (goal.distance[rows], goal.constituent[rows], goal.unary[rows]))


def _cosine(step: int, total: int) -> float:
    """Warm up over a tenth of the steps, then fall to nothing."""
    return min(1.0, (step + 1) / (0.1 * total + 1)) * 0.5 * (1 + float(np.cos(np.pi * step / total)))


def _validate(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray, batch: int) -> torch.Tensor:
    with torch.no_grad():
        parts = [
            probe.loss(read_batch(data, goal, chosen))
            for chosen in np.array_split(snippets, -(-len(snippets) // batch))
        ]
    return torch.stack(parts).mean(0)


class _Best:
    """Remembers each series at its own best epoch; for the published recipe also lowers its rate and stops it."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.loss = torch.full((len(trainer.probe.basis),), torch.inf, device=trainer.probe.basis.device)
        self.plateau = self.loss.clone()
        self.kept = [part.detach().clone() for part in trainer.probe.parameters]
        self.waited = torch.zeros_like(self.loss, dtype=torch.long)
        self.stopped = torch.zeros_like(self.loss, dtype=torch.bool)

    def see(self, loss: torch.Tensor) -> None:
        better = (loss < self.loss) & ~self.stopped
        fell = loss < self.plateau * (1 - 1e-4)  # smaller steps down count as none, for the rate alone
        self.plateau = torch.where(fell, loss, self.plateau)
        self.waited = torch.where(better, 0, self.waited + 1)
        self.loss = torch.where(better, loss, self.loss)
        for kept, part in zip(self.kept, self.trainer.probe.parameters, strict=True):
            kept[better] = part.detach()[better]
        if self.trainer.options.recipe == "published":
            self.trainer.rate[~fell] *= 0.1
            self.stopped |= self.waited >= 5

    def probe(self) -> Probe:
        return replace(self.trainer.probe, **dict(zip(Probe.__dataclass_fields__, self.kept, strict=True)))
