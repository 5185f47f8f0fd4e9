"""Learn all problems of a layer at once, keep of every seed the penalty that validation likes best, and read it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from probes.errors import StrataError
from probes.probing import linear, others
from probes.probing.answers import Answers
from probes.probing.problems import PENALTIES, Problems, scaling, standardised


@dataclass(frozen=True)
class Task:
    """What is learnt of the same places: who trains and validates, bool [seed, place], and who tests [place]."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    classes: int
    """0 for numbers."""
    probe: str
    seed: int

    def features(self, rows: np.ndarray) -> torch.Tensor:
        """Return the rows standardised by all that do not test."""
        return standardised(rows, ~self.test)


@dataclass(frozen=True)
class Reading:
    """What the probes of a layer say, one a seed: [seed, place] each."""

    said: np.ndarray
    """Classes, or numbers."""
    loss: np.ndarray
    """Bits, or squared errors."""
    confidence: np.ndarray
    """Probability of what is said; of numbers 1."""
    penalty: np.ndarray
    """[seed]."""


def learnt(rows: torch.Tensor, problems: Problems, probe: str, seed: int) -> torch.Tensor:
    """Return [row, problem, class]: what a kind of probe says of all rows; E-PROBE-NUMBER where it has no numbers."""
    if probe == "linear" and problems.classes:
        return linear.outputs(rows, linear.fit(rows, problems))
    if probe == "centroid" and not problems.classes:
        raise StrataError(
            "E-PROBE-NUMBER", "The nearest class mean needs classes, and these answers are numbers.",
            fix="Choose the linear probe or the mlp, or take the numbers as classes.",
        )  # fmt: skip
    kinds: dict[str, Callable[..., torch.Tensor]] = {"linear": others.ridge, "centroid": others.centroid}
    return kinds.get(probe, others.mlp)(rows, problems, seed)


def judged(out: torch.Tensor, answers: np.ndarray, classes: int) -> np.ndarray:
    """Return bits or squared errors [problem, row] of outputs [row, problem, class] for answers [problem, row]."""
    if not classes:
        found: np.ndarray = (out[..., 0].T.numpy().astype(np.float64) - answers) ** 2
        return found
    index = torch.from_numpy(np.ascontiguousarray(answers.T))[..., None]
    bits: np.ndarray = -(out.log_softmax(-1).gather(2, index)[..., 0].T.numpy().astype(np.float64)) / np.log(2)
    return bits


def read_off(
    rows: torch.Tensor, kinds: Sequence[np.ndarray], task: Task, *, train: np.ndarray | None = None
) -> list[Reading]:
    """Learn every kind of answers [place] with every training mask (the task's own, if none) and penalty.

    Returns one reading a kind; masks are as many as the task's validation masks, or a multiple of them, seeds fastest.
    """
    masks = task.train if train is None else train
    penalties = PENALTIES
    problems = Problems.crossed(kinds, masks, task.classes, penalties)
    out = learnt(rows, problems, task.probe, task.seed)
    loss = judged(out, problems.answers, task.classes)
    found = []
    for kind in range(len(kinds)):
        chosen = []
        for mask in range(len(masks)):
            first = (kind * len(masks) + mask) * len(penalties)
            valid = task.valid[mask % len(task.valid)]
            chosen.append(first + int(loss[first : first + len(penalties)][:, valid].mean(1).argmin()))
        found.append(_reading(out[:, chosen], loss[chosen], problems.penalty[chosen], task.classes))
    return found


def kept(rows: np.ndarray, answers: Answers, task: Task, penalty: float) -> np.ndarray:
    """Return the linear probe of the first draw for rows as they are, float32 [width + 1, class], the biases last."""
    wide = torch.from_numpy(np.ascontiguousarray(rows)).float()
    mean, factor = scaling(wide[torch.from_numpy(np.flatnonzero(~task.test))])
    problems = Problems.crossed([answers.values], task.train[:1], task.classes, (penalty,))
    found = linear.fit(task.features(rows), problems)[:, 0]
    weights = found[:-1] * factor[:, None]
    both: np.ndarray = torch.cat([weights, (found[-1] - mean @ weights)[None]]).numpy()
    return both


def _reading(out: torch.Tensor, loss: np.ndarray, penalty: np.ndarray, classes: int) -> Reading:
    if not classes:
        said = out[..., 0].T.numpy().astype(np.float64)
        return Reading(said, loss, np.ones_like(said), penalty)
    sure, best = out.softmax(-1).max(-1)
    return Reading(best.T.numpy(), loss, sure.T.numpy().astype(np.float64), penalty)


def right(reading: Reading, answers: Answers, where: np.ndarray) -> float:
    """Return the accuracy, or R², of a reading over the seeds' own masks [seed, place]."""
    if not answers.numeric:
        return float(np.mean([(said == answers.values)[w].mean() for said, w in zip(reading.said, where, strict=True)]))
    spread = [np.square(answers.values[w] - answers.values[w].mean()).mean() for w in where]
    wrong = [loss[w].mean() for loss, w in zip(reading.loss, where, strict=True)]
    return float(np.mean([1 - e / max(s, 1e-12) for e, s in zip(wrong, spread, strict=True)]))
