"""A grid of questions, asked one after the other or on a cluster, and their answers in one table.

    kind = "syntax"            # grid.toml: scalars are fixed, every list is an axis

    [[grid]]
    model = ["minilm", "e5-small"]
    corpus = "python-stdlib"
    rank = [16, 64]
    seed = [0, 1, 2]

`probes.sweep("grid.toml")` asks 12 questions. What is answered already is not asked again; questions that read the same
states come one after the other, so that the states are made once and the model stays in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from probes.analyses import of, result_of
from probes.contract import Progress, Spec
from probes.errors import StrataError
from probes.sweeps import asking
from probes.sweeps.asking import ENDED, Asked
from probes.sweeps.grid import MOST, answered, axes, expand, read

__all__ = ["MOST", "Swept", "answered", "axes", "expand", "read", "sweep"]


@dataclass(frozen=True)
class Swept:
    """What a sweep gave: a line a run, the tidy rows of all answers, and what failed."""

    runs: pd.DataFrame
    """One row a question: the axes, digest, state and headline."""
    rows: pd.DataFrame
    """The rows of every answer's `frame()`, with the axes before them."""
    failures: pd.DataFrame
    """One row a question without an answer: the axes, digest, code, what, why and fix."""


def sweep(
    grid: str | Path | Mapping[str, Any] | Sequence[Spec], *, here: bool = False, progress: Progress | None = None
) -> Swept:
    """Ask every question of a grid file, its tables or a list of Specs; a failure does not stop the others.

    They go to the engine's workers, as many at a time as there are; with `here`, they run in this process.
    """
    specs = read(grid) if isinstance(grid, str | Path) else expand(grid) if isinstance(grid, Mapping) else list(grid)
    for spec in specs:
        if of(spec).live:
            raise StrataError("E-GRID", f"A '{spec.kind}' is answered while a person waits, and not stored.")
    asked = (asking.here if here else asking.away)(specs, progress or Progress())
    return _gather(specs, asked)


def _gather(specs: Sequence[Spec], asked: Sequence[Asked]) -> Swept:
    differ = axes(specs)
    runs, rows, failures = [], [], []
    for (_, row), one in zip(differ.iterrows(), asked, strict=True):
        found, error = result_of(one.digest) if one.error is None else None, one.error
        if found is None:
            failures.append({**row, "digest": one.digest, **(error or ENDED)})
        else:
            frame = found.frame()
            named = {f"asked_{name}" if name in frame else name: value for name, value in row.items()}
            rows.append(frame.assign(**named)[[*named, *frame.columns]])
        said = found.headline() if found is not None else (error or ENDED)["what"]
        state = "failed" if found is None else "done"
        runs.append({**row, "digest": one.digest, "state": state, "headline": said})
    kept = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    wanted = [*differ.columns, "digest", *ENDED]
    return Swept(pd.DataFrame(runs), kept, pd.DataFrame(failures, columns=wanted))
