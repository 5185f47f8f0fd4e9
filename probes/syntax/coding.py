"""How many bits a tree costs when it is sent with what a layer says of it (Voita & Titov, EMNLP 2020).

Online code: the functions are sent in blocks, each coded by a probe trained on those before it, so the length counts
what the probe knows and how soon it knows it. A tree costs the splits, as the normalised likelihood of `losses` has
them, the constituents and the unaries. The first block is coded knowing nothing: every gap of a span and every label
alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from probes.contract import Progress
from probes.syntax import losses
from probes.syntax.probe import Probe
from probes.syntax.series import Series
from probes.syntax.targets import Targets
from probes.syntax.training import Task, parts_of, read_batch, train_together

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Of the training functions, where a new block begins."""


@dataclass(frozen=True)
class Lengths:
    """Bits a tree, over the training functions."""

    online: np.ndarray
    """[series]: what the states of all tasks' series bring it to, one after the other."""
    blind: float
    """Without any: every block coded as the first."""


def online(tasks: Sequence[Task], sizes: tuple[int, int], progress: Progress, *, order: int) -> Lengths:
    """Return the code length of the `sizes[0]` training snippets for the states of every series of the tasks."""
    goal = tasks[0].goal
    blocks = [*sorted({max(2, int(sizes[0] * share)) for share in SHARES}), sizes[0]]
    blank = blind(goal, np.arange(sizes[0]))
    total = np.full(sum(len(task.data.arrays[task.which]) for task in tasks), blank[: blocks[0]].sum())
    for number, (seen, stop) in enumerate(zip(blocks[:-1], blocks[1:], strict=True)):
        step = progress.step(number / (len(blocks) - 1), (number + 1) / (len(blocks) - 1))
        trained = train_together(tasks, (np.arange(seen), parts_of(sizes)[1]), step, order=order)
        coded = np.arange(seen, stop)
        total += np.concatenate(
            [lengths(f.probe, t.data.part(t.which), goal, coded).sum(1) for t, f in zip(tasks, trained, strict=True)]
        )
    return Lengths(total / sizes[0], float(blank.sum() / sizes[0]))


def blind(goal: Targets, snippets: np.ndarray) -> np.ndarray:
    """Return the bits of each snippet's tree when nothing is known."""
    labels = np.log2(len(goal.inventory.constituents)), np.log2(len(goal.inventory.unaries))
    entries = [np.arange(goal.starts[s], goal.starts[s + 1]) for s in snippets]
    spans = (goal.before + goal.beyond).clip(1)
    return np.array([np.log2(spans[e]).sum() + labels[0] * (len(e) - 1) + labels[1] * len(e) for e in entries])


def lengths(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray) -> np.ndarray:
    """Return the bits [series, snippet] of each tree under the series' probes; labels must be known."""
    bits = []
    for snippet in snippets:
        batch = read_batch(data, goal, np.array([snippet]))
        with torch.no_grad():
            z = batch.states @ probe.basis
            split = probe.code_lengths(z, batch).sum(1)
            named = probe.constituents(z, batch.left, batch.around), probe.unaries(z)
            gaps = losses.labelling(named[0], batch.constituent) * len(batch.constituent)
            words = losses.labelling(named[1], batch.unary) * len(batch.unary)
        bits.append((split + gaps + words).double().cpu().numpy() / np.log(2))
    return np.stack(bits, axis=1)
