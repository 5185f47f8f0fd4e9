"""An analysis of our own: it counts, refuses thirteen, and remembers that it was called."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest

from probes import analyses
from probes.contract import Analysis, Progress, Spec
from probes.errors import StrataError
from probes.values import Source

SOURCE = Source("m", "r", "w", "float32", "cpu", "c", "d", 0)
calls: list[int] = []


class ToySpec(Spec):
    kind: ClassVar[str] = "toy"
    n: int = 3
    place: str = "moving"

    def pinned(self) -> "ToySpec":
        return self.model_copy(update={"place": "pinned"})


class LiveSpec(ToySpec):
    kind: ClassVar[str] = "live"


@dataclass(frozen=True)
class Toy:
    table: pd.DataFrame
    source: Source

    def headline(self) -> str:
        return f"There are {len(self.table)} rows."

    def frame(self) -> pd.DataFrame:
        return self.table


def count(spec: ToySpec, progress: Progress) -> Toy:
    calls.append(spec.n)
    if "TOYS_CALLS" in os.environ:  # of a process of its own
        with Path(os.environ["TOYS_CALLS"]).open("a") as out:
            out.write(f"{spec.n}\n")
    for i in range(spec.n):
        progress.report(i, spec.n, "counting")
    if spec.n == 13:
        raise StrataError("E-TOY", "Thirteen is refused.")
    return Toy(pd.DataFrame({"a": range(spec.n)}), SOURCE)


@contextmanager
def in_place_of_the_others() -> Iterator[None]:
    """Make them the only analyses there are."""
    here = {"run_at": f"{__name__}:count", "result_at": f"{__name__}:Toy", "figures_at": (), "methods_at": ""}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyses, "ANALYSES", (Analysis(ToySpec, **here), Analysis(LiveSpec, **here, live=True)))
        calls.clear()
        yield
