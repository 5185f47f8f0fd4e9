"""A second, small pass once the best layer is known: in how many dimensions, beyond layer 0, from leaf types alone.

All its probes read a layer or two, so that they cost little beside the pass over all layers: every power of two below
the rank asked for (the dimension curve), the best layer joined with layer 0 (conditional probing, Hewitt et al., EMNLP
2021: what the layer has that the embeddings have not), and a probe of the grammar's types of the words themselves (what
neighbouring leaf types tell without any model).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from probes.contract import Progress
from probes.syntax import evaluate
from probes.syntax.analysis import LEAVES
from probes.syntax.dataset import Dataset
from probes.syntax.series import GAP, Joined, OneHot, Series, plain
from probes.syntax.targets import Targets
from probes.syntax.training import Options, Task, parts_of, train_together

JOINED, RANK = "with layer 0", "rank"


@dataclass(frozen=True)
class Found:
    """One probe of the second pass: its name, its rank, and its scores [seed, snippet, metric]."""

    name: str
    rank: int
    valid: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Wanted:
    """What the second pass reads: the best layer, layer 0 unless that is the best, and which probes are asked for."""

    here: Series
    zero: Series | None
    goal: Targets
    dimensions: bool
    controls: bool


def leaf_types(data: Dataset, device: str) -> Series:
    """Return the words' grammar types as one series; types not seen in training are none."""
    kinds = {kind: i for i, kind in enumerate(sorted({kind for s in data.train for kind in s.tree.types}))}
    rows = np.array([kinds.get(kind, -1) for s in data.snippets for kind in s.tree.types])
    return plain(OneHot(rows, len(kinds)), GAP / np.sqrt(2), device)


def second_pass(
    data: Dataset, wanted: Wanted, options: Sequence[Options], progress: Progress, *, order: int
) -> list[Found]:
    """Train what is wanted from every start in `options`, all of it together, and score it on validation and test."""
    named = list(_tasks(data, wanted, options))
    if not named:
        return []
    a, b, c = len(data.train), len(data.validation), len(data.test)
    trained = train_together([task for _, task in named], parts_of((a, b)), progress, order=order)
    tables: dict[tuple[str, int], list[tuple[np.ndarray, np.ndarray]]] = {}
    for (name, task), found in zip(named, trained, strict=True):
        parts = (np.arange(a, a + b), np.arange(a + b, a + b + c))
        valid, test = (
            evaluate.scores(found.probe, task.data, task.goal, part, chart=task.options.chart) for part in parts
        )
        for series, rank in enumerate(task.ranks or (task.options.rank,)):
            tables.setdefault((name, rank), []).append((valid[series], test[series]))
    return [
        Found(name, rank, np.stack([valid for valid, _ in pairs]), np.stack([test for _, test in pairs]))
        for (name, rank), pairs in tables.items()
    ]


def _tasks(data: Dataset, wanted: Wanted, options: Sequence[Options]) -> Iterator[tuple[str, Task]]:
    here, goal = wanted.here, wanted.goal
    leaves = leaf_types(data, here.device) if wanted.controls else None
    joined = plain(Joined(here, wanted.zero), 1.0, here.device) if wanted.controls and wanted.zero else None
    for option in options:
        powers = tuple(2**power for power in range(int(np.ceil(np.log2(option.rank)))))
        if wanted.dimensions and powers:
            yield RANK, Task(here.pick([0] * len(powers)), goal, replace(option, rank=powers[-1]), ranks=powers)
        if leaves:
            yield LEAVES, Task(leaves, goal, replace(option, rank=min(option.rank, leaves.arrays[0].shape[1])))
        if joined:
            yield JOINED, Task(joined, goal, option)
