"""Two or more answers to one kind of question, side by side: their values, and their differences with intervals.

An analysis says what of its Result can be compared (`Comparable`: one value a test text and place); everything else is
here, once for all. Where two runs were scored on the same texts their difference is paired: the bootstrap resamples the
texts' differences. Where they were not, each run's texts are resampled by themselves. Places (layers) are compared one
by one only between runs that have the same; a model of 6 layers and one of 30 are compared each at its own best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from probes.contract import Comparable
from probes.errors import StrataError
from probes.stats import bootstrap, unpaired

MOST = 8
"""Runs in one comparison: as many as there are colours to tell them apart."""
_SHARED = 0.5
"""Texts that must be shared, as a part of the smaller run's, before a difference is paired."""
_LABEL = 48

VALUES = ["run", "digest", "order", "place", "depth", "value", "low", "high", "best", "texts"]
DIFFERENCES = ["run", "against", "place", "other", "difference", "low", "high", "how", "texts"]


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other. The first run is the one the others are measured against."""

    values: pd.DataFrame
    """One row a run and place: run, digest, order, place, depth (0 to 1), value, low, high, best, texts."""
    differences: pd.DataFrame
    """One row a run and place, and one where each is at its best: run, against, place, other (the place in the run it
    is measured against), difference, low, high, how, texts."""
    best: pd.DataFrame
    """The rows of `differences` at each run's own best place."""
    measure: str
    axis: str
    aligned: bool
    """Whether all runs have the same places."""
    shared: str
    """What the questions have in common, in words."""

    def headline(self) -> str:
        """State by how much the highest run is above the first, or the first above the next, and where."""
        if self.values.empty:
            return "There is nothing to compare."
        tops = self.values[self.values.best].sort_values("value", ascending=False, kind="stable")
        first = str(self.values.run.iloc[0])
        top = str(tops.run.iloc[0])
        rest = [str(run) for run in tops.run if run != first]
        row = self.best[self.best.run == (top if top != first else rest[0])].iloc[0]
        highest = f" Of all {len(tops)}, “{top}” is the highest." if len(tops) > 2 else ""
        return _sentence(row, self.measure, self.axis) + highest

    def frame(self) -> pd.DataFrame:
        """Return the differences."""
        return self.differences


def _sentence(row: pd.Series, measure: str, axis: str) -> str:
    size, low, high = row.difference, row.low, row.high
    if size < 0:
        size, low, high = -size, -high, -low
    other = f"“{row.against}”"
    said = f"{size:.2f} [{low:.2f}, {high:.2f}] {'above' if row.difference >= 0 else 'below'} {other}"
    if row.difference == low == high == 0:
        said = f"exactly as {other}"
    elif low <= 0 <= high:
        said = f"not clearly apart from {other}, {said.removesuffix(' ' + other)} it"
    at = f"at {axis} {row.place}" if row.place == row.other else f"each at its best {axis} ({row.place}, {row.other})"
    return f"“{row.run}” is {said} in {measure}, {at}."


def compare(
    runs: Mapping[str, Comparable], *, digests: Sequence[str] = (), shared: str = "", seed: int = 0
) -> Comparison:
    """Set runs beside each other by their labels, the first being what the others are measured against.

    Raises StrataError E-COMPARE when there are fewer than two, more than eight, or they measure different things.
    """
    grids = {label: _grid(run.items) for label, run in runs.items()}
    _check(runs, grids)
    first = next(iter(runs.values()))
    names = dict(zip(runs, digests, strict=True)) if digests else dict.fromkeys(runs, "")
    values = [_values(label, names[label], grids[label], runs[label].best, seed) for label in runs]
    places = [tuple(grid.index) for grid in grids.values()]
    aligned = all(place == places[0] for place in places)
    base = next(iter(runs))
    rows, best = [], []
    for label in list(runs)[1:]:
        pair = (label, base)
        best.append(_difference(pair, grids, (runs[label].best, runs[base].best), seed))
        if aligned:
            rows += [_difference(pair, grids, (place, place), seed) for place in places[0]]
        if not aligned or runs[label].best != runs[base].best:
            rows.append(best[-1])
    return Comparison(
        values=pd.concat(values, ignore_index=True)[VALUES],
        differences=pd.DataFrame(rows, columns=DIFFERENCES),
        best=pd.DataFrame(best, columns=DIFFERENCES),
        measure=first.measure,
        axis=first.axis,
        aligned=aligned,
        shared=shared,
    )


def _check(runs: Mapping[str, Comparable], grids: Mapping[str, pd.DataFrame]) -> None:
    if not 2 <= len(runs) <= MOST:
        raise StrataError(
            "E-COMPARE", f"{len(runs)} runs cannot be compared.", fix=f"Choose 2 to {MOST} different ones."
        )
    measures = sorted({run.measure for run in runs.values()})
    if len(measures) > 1:
        raise StrataError(
            "E-COMPARE", f"These runs measure different things: {', '.join(measures)}.", fix="Compare runs of one kind."
        )
    for label, run in runs.items():
        if grids[label].empty or run.best not in grids[label].index:
            raise StrataError("E-COMPARE", f"{label} has no values to compare.", fix="Leave it out.")


def _grid(items: pd.DataFrame) -> pd.DataFrame:
    """Return the values as places by texts, of the texts that have one at every place.

    A text that occurs twice counts with its mean; a place without a number is not compared.
    """
    numbers = items[np.isfinite(items.value.astype(float))]
    grid = numbers.pivot_table(index=["order", "place"], columns="text", values="value", sort=True)
    return grid.dropna(axis=1).droplevel("order")


def _values(label: str, digest: str, grid: pd.DataFrame, best: str, seed: int) -> pd.DataFrame:
    bounds = bootstrap(grid.to_numpy(float)[:, None, :], seed=seed)
    order = np.arange(len(grid))
    return pd.DataFrame(
        {
            "run": label,
            "digest": digest,
            "order": order,
            "place": grid.index.astype(str),
            "depth": order / max(len(grid) - 1, 1),
            "value": bounds[:, 0],
            "low": bounds[:, 1],
            "high": bounds[:, 2],
            "best": grid.index == best,
            "texts": grid.shape[1],
        }
    )


def _difference(pair: tuple[str, str], grids: Mapping[str, pd.DataFrame], at: tuple[str, str], seed: int) -> list[Any]:
    """Return one row of the differences: paired over the texts both runs were scored on, when those are enough."""
    one, other = (grids[label].loc[place] for label, place in zip(pair, at, strict=True))
    both = one.index.intersection(other.index)
    if len(both) >= max(2, _SHARED * min(len(one), len(other))):
        bounds = bootstrap((one[both] - other[both]).to_numpy(float)[None, None], seed=seed)[0]
        how, texts = "paired", f"{len(both)}"
    else:
        bounds = unpaired(one.to_numpy(float), other.to_numpy(float), seed=seed)
        how, texts = "unpaired", f"{len(one)} and {len(other)}"
    return [*pair, *at, *bounds.tolist(), how, texts]


def labels(specs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> tuple[list[str], str]:
    """Return a label for each question, of the fields in which they differ, and what they share, in words.

    `names` (digests) tell apart what no field does.
    """
    if not specs:
        return [], ""
    fields = list(dict.fromkeys(field for spec in specs for field in spec))
    differ = [f for f in fields if any(spec.get(f) != specs[0].get(f) for spec in specs)]
    if "model" in differ and "revision" in differ:
        differ.remove("revision")  # another model has another revision; that says nothing more
    made = [_cut(", ".join(f"{f.replace('_', ' ')} {spec.get(f)}" for f in differ), _LABEL) for spec in specs]
    twice = {label for label in made if made.count(label) > 1 or not label}
    made = [f"{_cut(m, _LABEL - 9)} ({n[:6]})".strip() if m in twice else m for m, n in zip(made, names, strict=True)]
    same = [
        f"{f.replace('_', ' ')} {specs[0][f]}"
        for f in ("model", "corpus", "language")
        if f in specs[0] and f not in differ
    ]
    return made, ", ".join(same)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
