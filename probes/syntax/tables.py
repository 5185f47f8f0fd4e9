"""The scores of a run before they are told: by series, layer, seed, snippet and metric, and what stands beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.syntax import evaluate
from probes.syntax.analysis import CONTROL, RANDOM, TRAINED
from probes.syntax.dataset import Dataset
from probes.syntax.second import Found
from probes.syntax.series import Series
from probes.syntax.targets import Targets
from probes.syntax.training import Trained

F1 = evaluate.METRICS.index("f1")


@dataclass(frozen=True)
class Fit:
    """One training: its name in the figure, what it was asked to learn, and the probes of all its series."""

    name: str
    goal: Targets
    data: Series
    trained: Trained


@dataclass(frozen=True)
class Shape:
    """What is still asked about a model whose states have been read."""

    layers: tuple[str, ...]
    depth: int
    device: str


@dataclass(frozen=True)
class Tables:
    """{series: [layer, seed, snippet, metric]} on validation and on test."""

    valid: dict[str, np.ndarray]
    test: dict[str, np.ndarray]

    def best(self, series: str = TRAINED) -> int:
        """Return the layer with the highest F1 on validation."""
        return int(self.valid[series][..., F1].mean((1, 2)).argmax())

    def rivals(self) -> dict[str, np.ndarray]:
        """Return F1 [seed, snippet] on test of each baseline the best layer is compared with.

        The random model stands at its own best layer.
        """
        best, found = self.best(), dict[str, np.ndarray]()
        if CONTROL in self.test:
            found[CONTROL] = self.test[CONTROL][best, ..., F1]
        if RANDOM in self.test:
            found[RANDOM] = self.test[RANDOM][self.best(RANDOM), ..., F1]
        if best:
            found["layer 0"] = self.test[TRAINED][0, ..., F1]
        return found


@dataclass(frozen=True)
class Extras:
    """What the second pass found, the bits a tree costs by name, and F1 [snippet] of trees that need no model."""

    found: tuple[Found, ...] = ()
    bits: dict[str, float] | None = None
    free: dict[str, np.ndarray] | None = None


def tables_of(fits: Sequence[Fit], data: Dataset, depth: int, *, chart: bool = False) -> Tables:
    """Score all fits on validation and test."""
    a, b, c = np.cumsum([len(data.train), len(data.validation), len(data.test)])
    return Tables(*(by_series(fits, np.arange(*part), depth, chart=chart) for part in ((a, b), (b, c))))


def by_series(fits: Sequence[Fit], snippets: np.ndarray, depth: int, *, chart: bool = False) -> dict[str, np.ndarray]:
    """Return {series: [layer, seed, snippet, metric]}."""
    found: dict[str, list[np.ndarray]] = {}
    for fit in fits:
        table = evaluate.scores(fit.trained.probe, fit.data, fit.goal, snippets, chart=chart)
        found.setdefault(fit.name, []).append(table[:depth])
        if len(table) > depth:
            found.setdefault(RANDOM, []).append(table[depth:])
    return {name: np.stack(tables, axis=1) for name, tables in found.items()}
