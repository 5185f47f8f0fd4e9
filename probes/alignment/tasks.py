"""Do languages that are aligned do better at tasks? A line through one point a language, and what it is worth.

The published figure is a Pearson correlation over languages and a least-squares line. Beside them stand Fisher's
interval, the correlation of ranks, what is left without the language that matters most, and how well the line predicts
a language that had no part in it. Languages of one family or script are no independent points: the interval is, if
anything, too narrow, and few languages make it wide, as it should be.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.alignment.checks import enough, flat, same_count
from probes.errors import StrataError
from probes.stats import pearson, pearson_interval, spearman
from probes.values import Interval

FEW = 10
IDEAL = (0.75, 0.25)
"""Slope and intercept of a perfect score on four-way multiple choice, of which a quarter is guessed (the paper's)."""


@dataclass(frozen=True)
class TaskFit:
    """The line task = slope x score + intercept over languages, and how far to trust it."""

    r: Interval
    rho: float
    """The correlation of ranks."""
    slope: float
    intercept: float
    predicted: np.ndarray
    """[language]: the line through all the others, read at this language."""
    r_without: np.ndarray
    """[language]: the correlation of all the others."""
    slopes_without: np.ndarray
    """[language, 2]: slope and intercept of the line through all the others."""
    explained: float
    """1 - squared errors of `predicted` / those of the others' mean: below 0 where the mean does better."""

    @property
    def decisive(self) -> int:
        """The language without which the correlation is furthest from what it is."""
        return int(np.abs(self.r_without - self.r.value).argmax())

    def sentences(self, names: Sequence[str]) -> tuple[str, ...]:
        """Say what was found, and what speaks against it; `names` of the languages are written as they come."""
        n, out = len(self.predicted), self.decisive
        said = [
            f"Pearson r = {self.r} over {n} languages (Spearman {self.rho:.2f}).",
            f"Without {names[out]} it is {self.r_without[out]:.2f}.",
            f"A line through the others explains {self.explained:.0%} of what they leave of a language's score."
            if self.explained > 0
            else "A line through the others predicts a language no better than their mean does.",
        ]
        if n < FEW:
            said.append(f"{n} languages are few: the interval is wide, and one language can make or break it.")
        if self.r.low <= 0 <= self.r.high:
            said.append("The interval holds 0: this may be no relation at all.")
        return tuple(said)


def against(scores: np.ndarray, tasks: np.ndarray) -> TaskFit:
    """Fit task scores [language] on alignment scores [language]."""
    x, y = np.asarray(scores, np.float64), np.asarray(tasks, np.float64)
    same_count(len(x), len(y))
    for side, name in ((x, "alignment"), (y, "task")):
        missing = int((~np.isfinite(side)).sum())
        if missing:
            raise StrataError(
                "E-ALIGN-NAN",
                f"{missing} of {len(side)} languages have no {name} score.",
                fix="Leave these languages out of the comparison.",
            )
    enough(len(x), 4, "A correlation over languages")
    for side, name in ((x, "alignment"), (y, "task")):
        if np.isnan(pearson(side, np.arange(len(side)))):
            flat(f"All {len(side)} languages have the same {name} score.")
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / (dx @ dx))
    intercept = float(y.mean() - slope * x.mean())
    n = len(x)
    leverage = 1 / n + dx**2 / (dx @ dx)
    # a language that alone makes the scores differ leaves the others without a line: their mean is what predicts it
    alone = leverage > 1 - 1e-12
    others = (n * y.mean() - y) / (n - 1)
    apart = (y - intercept - slope * x) / np.where(alone, 1, 1 - leverage)
    predicted = np.where(alone, others, y - apart)
    slopes = np.array([_line(np.delete(x, i), np.delete(y, i)) for i in range(n)])
    explained = 1 - float(((y - predicted) ** 2).sum() / ((y - others) ** 2).sum())
    without = np.array([pearson(np.delete(x, i), np.delete(y, i)) for i in range(n)])
    return TaskFit(
        r=pearson_interval(x, y),
        rho=float(spearman(x, y)),
        slope=slope,
        intercept=intercept,
        predicted=predicted,
        r_without=np.nan_to_num(without),  # where the others do not differ they have no relation
        slopes_without=slopes,
        explained=explained,
    )


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept of least squares; a level line where x does not vary."""
    dx = x - x.mean()
    varies = np.abs(dx).max() > 1e-12 * np.abs(x).max()
    slope = float(dx @ (y - y.mean()) / (dx @ dx)) if varies else 0.0
    return slope, float(y.mean() - slope * x.mean())
