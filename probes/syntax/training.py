"""Trains every probe of a run in the same pass over stored states: layers, models, ranks, seeds and tasks.

Two recipes. `published` is the paper's: Adam at 1e-3, learning rate × 0.1 whenever validation stops falling, stop
after five epochs without a best; each probe has its own rate and its own end, and a stopped one costs nothing more.
`strata` has our probe and objective, a ten times higher rate with a cosine, and higher still for the read-outs, which
the paper's budget leaves far from converged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from probes.contract import Progress
from probes.syntax import losses
from probes.syntax.analysis import SyntaxSpec
from probes.syntax.probe import Batch, Probe, batch_of, start
from probes.syntax.series import Recipe, Series
from probes.syntax.targets import Targets

FACTORS = (1.0, 3.0, 3.0, 3.0, 3.0, 2.0, 2.0, 0.5, 3.0)
"""Our learning rates of a probe's parameters, as multiples of the projection's."""
PATIENCE = 5
"""Epochs without a best after which the published recipe stops."""


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
    """Decides where the probes start."""
    chart: bool = False
    """Whether trees are decoded as a whole."""

    @classmethod
    def of(cls, spec: SyntaxSpec, seed: int) -> "Options":
        """Return how a question wants its probes trained, from the start that a seed gives."""
        training = spec.rank, spec.epochs, spec.batch, spec.rate, spec.orthogonality, spec.recipe
        return cls(*training, seed, spec.decoding == "chart")

    @property
    def published(self) -> bool:
        """Say whether this is the paper's recipe."""
        return self.recipe == "published"


@dataclass(frozen=True)
class Task:
    """What one group of probes learns: the series it reads, what it is to say of them, and how it is trained."""

    data: Series
    goal: Targets
    options: Options
    which: slice = field(default_factory=lambda: slice(None))
    """The series of `data` that are read."""
    ranks: tuple[int, ...] = ()
    """One a series where they differ: the axes beyond it are zero and stay so."""

    def start(self) -> Probe:
        """Return the untrained probes."""
        arrays, options = self.data.arrays[self.which], self.options
        shape = (len(arrays), arrays[0].shape[1], options.rank)
        probe = start(
            shape, self.goal.inventory, seed=options.seed, published=options.published, device=self.data.device
        )
        if self.ranks:
            probe.basis.mul_(self.open_axes)
        return probe

    @property
    def open_axes(self) -> torch.Tensor:
        """Return [series, 1, rank]: 1 for the axes that each series has."""
        ranks = torch.tensor(self.ranks or (self.options.rank,), device=self.data.device)
        return (torch.arange(self.options.rank, device=self.data.device) < ranks[:, None, None]).float()


class Trainer:
    """Adam with its own learning rate for every series, so that series trained together equal series trained alone."""

    def __init__(self, probe: Probe, options: Options, open_axes: torch.Tensor | None = None) -> None:
        self.probe, self.options, self.open_axes = probe, options, open_axes
        count = 3 if options.published else len(FACTORS)
        self.factors = (1.0,) * count if options.published else FACTORS
        self.learned = [part.requires_grad_() for part in probe.parameters[:count]]
        self.first = [torch.zeros_like(part) for part in self.learned]
        self.second = [torch.zeros_like(part) for part in self.learned]
        self.rate = torch.full((len(probe.basis), 1, 1), options.rate, device=probe.basis.device)
        self.steps = 0

    def step(self, batch: Batch) -> None:
        """Follow the gradient of one batch; series do not share a term, so the sum over them trains each alone."""
        penalty = self.options.orthogonality * losses.orthogonality(self.probe.basis)
        (self.probe.loss(batch, published=self.options.published) + penalty).sum().backward()
        self.steps += 1
        one, two = 1 - 0.9**self.steps, 1 - 0.999**self.steps
        with torch.no_grad():
            for part, first, second, factor in zip(self.learned, self.first, self.second, self.factors, strict=True):
                grad = part.grad
                assert grad is not None
                if part is self.probe.basis and self.open_axes is not None:
                    grad.mul_(self.open_axes)
                first.lerp_(grad, 0.1)
                second.lerp_(grad.square(), 0.001)
                part -= self.rate * factor * (first / one) / ((second / two).sqrt() + 1e-8)
                part.grad = None

    def keep(self, series: torch.Tensor) -> "Trainer":
        """Return the trainer of some of the series, each where it stands."""
        axes = self.open_axes
        other = Trainer(self.probe.take(series), self.options, axes if axes is None else axes[series])
        other.first = [part[series] for part in self.first]
        other.second = [part[series] for part in self.second]
        other.rate, other.steps = self.rate[series], self.steps
        return other


@dataclass(frozen=True)
class Trained:
    """The probe of each series at its own best epoch, and the validation loss [epoch, series] that chose it.

    After a series has stopped its losses are NaN.
    """

    probe: Probe
    validation: np.ndarray


def train(data: Series, goal: Targets, sizes: tuple[int, int], options: Options, progress: Progress) -> Trained:
    """Train one task on the first `sizes[0]` snippets of its goal and select on the next `sizes[1]`."""
    return train_together([Task(data, goal, options)], parts_of(sizes), progress, order=options.seed)[0]


def parts_of(sizes: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return which snippets train and which select: the first ones, and those that follow."""
    return np.arange(sizes[0]), np.arange(sizes[0], sum(sizes))


def train_together(
    tasks: Sequence[Task], parts: tuple[np.ndarray, np.ndarray], progress: Progress, *, order: int = 0
) -> list[Trained]:
    """Train all tasks on the first part of the snippets and select on the second, in one pass.

    A batch's states are read once for all tasks that share them, in the order that one seed gives.
    """
    runs = [_Run(task) for task in tasks]
    shuffle = np.random.default_rng(order)
    epochs, size = tasks[0].options.epochs, tasks[0].options.batch
    per_epoch = -(-len(parts[0]) // size)
    valid = np.array_split(parts[1], -(-len(parts[1]) // size))
    for epoch in range(epochs):
        for number, chosen in enumerate(np.array_split(parts[0][shuffle.permutation(len(parts[0]))], per_epoch)):
            at = (epoch * per_epoch + number, per_epoch * epochs)
            for run, batch in _batches(runs, np.sort(chosen)):
                run.learn(batch, at)
            progress.report(epoch + (number + 1) / per_epoch, epochs, "training probes")
        for chosen in valid:
            for run, batch in _batches(runs, chosen):
                run.check(batch)
        for run in runs:
            run.end_epoch()
        if all(run.done for run in runs):
            break
    return [run.trained() for run in runs]


def _batches(runs: Sequence["_Run"], snippets: np.ndarray) -> list[tuple["_Run", Batch]]:
    """Return the batch of every task still running; tasks on the same states share their reading."""
    read: dict[int, torch.Tensor] = {}
    found = []
    for run in (run for run in runs if not run.done):
        task = run.task
        rows = task.goal.rows(snippets)
        states = read[id(task.data)] if id(task.data) in read else task.data.take(rows)
        read[id(task.data)] = states
        found.append((run, batch_of(run.seen(states[task.which]), task.goal, snippets)))
    return found


def read_batch(data: Series, goal: Targets, snippets: np.ndarray) -> Batch:
    """Gather the states and targets of some snippets."""
    return batch_of(data.take(goal.rows(snippets)), goal, snippets)


def _cosine(step: int, total: int) -> float:
    """Warm up over a tenth of the steps, then fall to nothing."""
    return min(1.0, (step + 1) / (0.1 * total + 1)) * 0.5 * (1 + float(np.cos(np.pi * step / total)))


class _Run:
    """One task under way: remembers each series at its own best epoch; the published recipe also slows and stops it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.trainer = Trainer(task.start(), task.options, task.open_axes if task.ranks else None)
        self.best = self.trainer.probe.take(torch.arange(len(self.trainer.probe.basis)))
        self.loss = torch.full((len(self.best.basis),), torch.inf, device=task.data.device)
        self.plateau = self.loss.clone()
        self.waited = torch.zeros_like(self.loss, dtype=torch.long)
        self.alive = torch.arange(len(self.loss), device=task.data.device)
        self.checked: list[torch.Tensor] = []
        self.history: list[np.ndarray] = []

    @property
    def done(self) -> bool:
        return not len(self.alive)

    def seen(self, states: torch.Tensor) -> torch.Tensor:
        return states if len(self.alive) == len(states) else states[self.alive]

    def learn(self, batch: Batch, at: tuple[int, int]) -> None:
        if not self.task.options.published:
            self.trainer.rate.fill_(self.task.options.rate * _cosine(*at))
        self.trainer.step(batch)

    def check(self, batch: Batch) -> None:
        with torch.no_grad():
            self.checked.append(self.trainer.probe.loss(batch, published=self.task.options.published))

    def end_epoch(self) -> None:
        """Keep the probes that are better than before; slow and stop those the published recipe gives up."""
        if self.done:
            return
        now, alive = torch.stack(self.checked).mean(0), self.alive
        self.checked = []
        losses_now = torch.full_like(self.loss, torch.nan)
        losses_now[alive] = now
        self.history.append(losses_now.cpu().numpy())
        better = now < self.loss[alive]
        fell = now < self.plateau[alive] * (1 - 1e-4)  # smaller steps down count as none, for the rate alone
        self.plateau[alive] = torch.where(fell, now, self.plateau[alive])
        self.waited[alive] = torch.where(better, 0, self.waited[alive] + 1)
        self.loss[alive] = torch.where(better, now, self.loss[alive])
        for kept, part in zip(self.best.parameters, self.trainer.probe.parameters, strict=True):
            kept[alive[better]] = part.detach()[better]
        if self.task.options.published:
            self.trainer.rate[~fell] *= 0.1
            going = self.waited[alive] < PATIENCE
            if not going.all():
                self.alive, self.trainer = alive[going], self.trainer.keep(torch.nonzero(going)[:, 0])

    def trained(self) -> Trained:
        return Trained(self.best, np.stack(self.history))
