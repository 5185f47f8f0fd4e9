"""From the matrices of one or two models to the tables and sentences of a LikenessResult."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probes.alignment.agreement import agreement
from probes.alignment.kernels import Kernel, kernel
from probes.alignment.likeness import LikenessResult, LikenessSpec
from probes.alignment.measures import measure
from probes.alignment.pairs import Grid, How, average, choose, grid, values
from probes.contract import Progress
from probes.values import Source

if TYPE_CHECKING:
    from probes.alignment.likening import Side


@dataclass(frozen=True)
class Compared:
    """The sides of a run (one, or two), their like with random weights (or none), and what they are called."""

    spec: LikenessSpec
    sides: Sequence["Side"]
    random: Sequence["Side"]
    names: Sequence[str]

    @property
    def how(self) -> How:
        """Say what kind of comparison it is."""
        one, two = self.sides[0], self.sides[-1]
        if len(self.sides) == 1:
            return "one"
        return "kin" if (one.layers, one.shape) == (two.layers, two.shape) else "two"

    def grid(self, of: Kernel, i: int, j: int) -> Grid:
        """Compare two sides by a measure."""
        k, l = (self.sides[at].matrices[of.name] for at in (i, j))  # noqa: E741
        return grid(of, k, l, draws=self.spec.draws, seed=self.spec.seed)

    def floor(self, of: Kernel, i: int, j: int) -> np.ndarray:
        """Return what random weights give for the same layers [a, b]; nan for what they lack, or were not asked."""
        wanted = self.sides[i].layers, self.sides[j].layers
        if not self.random:
            return np.full(tuple(map(len, wanted)), np.nan)
        one, two = self.random[i], self.random[j]
        found = pd.DataFrame(values(of, one.matrices[of.name], two.matrices[of.name]), one.layers, two.layers)
        return found.reindex(index=wanted[0], columns=wanted[1]).to_numpy()


@dataclass(frozen=True)
class Tables:
    """The frames of a result, and the likeness [a, b] by its first measure."""

    likeness: pd.DataFrame
    change: pd.DataFrame
    agreement: pd.DataFrame
    first: np.ndarray


def _tables(compared: Compared, progress: Progress) -> Tables:
    measures, last = compared.spec.measures, len(compared.sides) - 1
    likeness, changes, found = [], [], []
    for i, name in enumerate(measures):
        progress.report(i, len(measures), "comparing layers")
        of = kernel(name)
        across = compared.grid(of, 0, last)
        found.append(across.value)
        layers = compared.sides[0].layers, compared.sides[-1].layers
        likeness.append(_likeness(of, across, compared.floor(of, 0, last), layers))
        for j, side in enumerate(compared.sides):
            within = compared.grid(of, j, j) if last else across
            changes.append(_change(of, within, compared.floor(of, j, j), (compared.names[j], side.layers)))
    agreeing = _agreement(np.stack([_places(value, compared.how) for value in found]), measures)
    return Tables(pd.concat(likeness, ignore_index=True), pd.concat(changes, ignore_index=True), agreeing, found[0])


def result(
    compared: Compared, texts: int, left_out: dict[str, int], source: Source, progress: Progress
) -> LikenessResult:
    """Compare the sides by every measure, and say what was found."""
    spec, how, names = compared.spec, compared.how, compared.names
    one, two, main = compared.sides[0], compared.sides[-1], kernel(compared.spec.measures[0])
    tables = _tables(compared, progress)
    matrices = one.matrices[main.name], two.matrices[main.name]
    chosen = choose(main, *matrices, how, draws=spec.draws, seed=spec.seed)
    row = tables.likeness.iloc[chosen.at[0] * len(two.layers) + chosen.at[1]]  # the first measure comes first
    return LikenessResult(
        likeness=tables.likeness,
        change=tables.change,
        agreement=tables.agreement,
        model=names[0],
        other=names[-1],
        how=how,
        measure=main.title,
        measures=tuple(spec.measures),
        distance=main.distance,
        layers=one.layers,
        other_layers=two.layers,
        depth=one.depth,
        other_depth=two.depth,
        best=(one.layers[chosen.at[0]], two.layers[chosen.at[1]]),
        value=chosen.value,
        low=chosen.low,
        high=chosen.high,
        null=float(row.null),
        random=(float(row.random),) if np.isfinite(row.random) else (),
        average=average(tables.first, how, distance=main.distance),
        texts=texts,
        left_out=left_out,
        source=source,
    )


def _likeness(of: Kernel, found: Grid, floor: np.ndarray, layers: tuple[Sequence[str], Sequence[str]]) -> pd.DataFrame:
    here, there = (index.ravel() for index in np.indices(found.value.shape))
    return pd.DataFrame(
        {
            "measure": of.name,
            "order": here,
            "layer": np.array(layers[0])[here].tolist(),
            "other_order": there,
            "other_layer": np.array(layers[1])[there].tolist(),
            "value": found.value.ravel(),
            "low": found.low.ravel(),
            "high": found.high.ravel(),
            "null": found.null.ravel(),
            "null_high": found.null_high.ravel(),
            "random": floor.ravel(),
        }
    )


def _change(of: Kernel, within: Grid, floor: np.ndarray, named: tuple[str, Sequence[str]]) -> pd.DataFrame:
    """Return one row a step: 1 - similarity, whose bounds change places, or the distance."""
    name, layers = named
    value, low, high, random = (np.diagonal(side, 1) for side in (within.value, within.low, within.high, floor))
    if not of.distance:
        value, low, high, random = 1 - value, 1 - high, 1 - low, 1 - random
    return pd.DataFrame(
        {
            "measure": of.name,
            "model": name,
            "order": np.arange(1, len(layers)),
            "layer": list(layers[1:]),
            "before": list(layers[:-1]),
            "change": value,
            "low": low,
            "high": high,
            "random": random,
        }
    )


def _places(value: np.ndarray, how: How) -> np.ndarray:
    """Return the pairs of layers as one row: each pair of different layers once, where both are of one model."""
    return value[np.triu_indices(len(value), 1)] if how == "one" else value.ravel()


def _agreement(found: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    rho = agreement(found, [measure(name) for name in names])
    rows = [(a, b, rho[i, j], found.shape[1]) for i, a in enumerate(names) for j, b in enumerate(names)]
    return pd.DataFrame(rows, columns=["measure", "other", "rho", "pairs"])
