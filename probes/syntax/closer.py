"""A closer look at the best layer of a run: its controls, and in how many dimensions its trees are."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from probes.contract import Progress
from probes.store import States
from probes.syntax import coding, evaluate
from probes.syntax.analysis import LEAVES, RANDOM, TRAINED, SyntaxSpec
from probes.syntax.dataset import Dataset
from probes.syntax.second import Wanted, leaf_types, second_pass
from probes.syntax.spans import score_rows
from probes.syntax.streamed import Streamed
from probes.syntax.tables import F1, Extras, Fit, Tables
from probes.syntax.targets import Targets, targets
from probes.syntax.training import Options, Task
from probes.syntax.tuples import EMPTY

RIGHT, LEFT, OUTER = "right-branching, true labels", "left-branching, true labels", "outer spans alone"
BLIND = "nothing known"


def closer(spec: SyntaxSpec, data: Dataset, fits: Sequence[Fit], tables: Tables, progress: Progress) -> Extras:
    """Take the second look that a question asks for."""
    first, best = fits[0], tables.best()
    options = [Options.of(spec, spec.seed + seed) for seed in range(spec.seeds)]
    here, zero = (first.data.part(slice(layer, layer + 1)) for layer in (best, 0))
    wanted = Wanted(here, zero if best else None, first.goal, spec.dimensions, spec.controls)
    found = second_pass(data, wanted, options, progress.step(0, 0.5), order=spec.seed)
    if not spec.controls:
        return Extras(tuple(found))
    test = np.arange(len(first.goal.trees) - len(data.test), len(first.goal.trees))
    free = without_a_model(first.goal, test, len(data.train))
    bits = _bits(data, first, tables, options[0], progress.step(0.5, 1)) if spec.recipe == "strata" else {}
    return Extras(tuple(found), bits, free)


def retested(fits: Sequence[Fit], nameless: Dataset, states: States | Streamed, *, chart: bool = False) -> np.ndarray:
    """Score the trained probes [layer, seed, snippet, metric] on test snippets whose names mean nothing."""
    trees, tables = [s.tree for s in nameless.test], []
    arrays = tuple(states.at(layer) for layer in states.layers)
    own = slice(0, len(arrays))
    for fit in (fit for fit in fits if fit.name == TRAINED):
        read = replace(fit.data.part(own), arrays=arrays)
        probe = fit.trained.probe.take(torch.arange(len(arrays)))
        goal = targets(trees, fit.goal.inventory)
        tables.append(evaluate.scores(probe, read, goal, np.arange(len(trees)), chart=chart))
    return np.stack(tables, axis=1)


def _bits(data: Dataset, fit: Fit, tables: Tables, options: Options, progress: Progress) -> dict[str, float]:
    """Code the training trees with the best layer, with each of its rivals, and with nothing."""
    best, goal = tables.best(), fit.goal
    read = {TRAINED: best} | ({"layer 0": 0} if best else {})
    if RANDOM in tables.valid:
        read[RANDOM] = len(tables.valid[TRAINED]) + tables.best(RANDOM)
    tasks = [Task(fit.data.pick(list(read.values())), goal, options)]
    leaves = leaf_types(data, fit.data.device)
    tasks.append(Task(leaves, goal, replace(options, rank=min(options.rank, leaves.arrays[0].shape[1]))))
    sizes = len(data.train), len(data.validation)
    found = coding.online(tasks, sizes, progress, order=options.seed)
    return dict(zip([*read, LEAVES], found.online.tolist(), strict=True)) | {BLIND: found.blind}


def without_a_model(goal: Targets, snippets: np.ndarray, train: int) -> dict[str, np.ndarray]:
    """Return F1 [snippet] of trees that branch one way under the true labels, and of the outermost span alone.

    The outermost span is given the label it most often has in training.
    """
    rows = goal.rows(snippets)
    labels = goal.inventory.constituents, goal.inventory.unaries
    unknown = [names.index(EMPTY) for names in labels]  # a label that training never saw cannot be said
    truth = [
        np.where(said[rows] >= 0, said[rows], empty)[None]
        for said, empty in zip((goal.constituent, goal.unary), unknown, strict=True)
    ]
    along = np.arange(len(rows), dtype=np.float64)[None]
    found = {}
    for name, distance in ((RIGHT, -along), (LEFT, along)):
        answers = evaluate.judged((distance, truth[0], truth[1]), goal, snippets)
        found[name] = score_rows(answers.spans(0), answers.gold, answers.starts)[:, F1]
    whole = goal.before[: goal.starts[train]] + goal.beyond[: goal.starts[train]]
    sizes = np.repeat(np.diff(goal.starts[: train + 1]), np.diff(goal.starts[: train + 1]))
    tops = goal.constituent[: len(whole)][(whole == sizes - 1) & (goal.constituent[: len(whole)] >= 0)]
    outer = np.full((1, len(rows)), unknown[0])
    starts = np.concatenate([[0], np.cumsum(np.diff(goal.starts)[snippets])])[:-1]
    outer[0, starts] = np.bincount(tops).argmax() if len(tops) else unknown[0]
    answers = evaluate.judged((-along, outer, np.full((1, len(rows)), unknown[1])), goal, snippets)
    found[OUTER] = score_rows(answers.spans(0), answers.gold, answers.starts)[:, F1]
    return found
