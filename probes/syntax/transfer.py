"""Does one language's syntactic subspace read another's trees? Probes of one run on the test functions of another.

Nothing is trained: the projection and the read-outs are applied as they are (direct transfer).
What comes out is set beside the other run's own probes and its own baselines on the same functions, because
without them most transfers look like something: functions of all languages share their outline.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source

TRANSFERRED, OWN = "transferred", "own probe"


class TransferSpec(Spec):
    """Read the test functions of one syntax run with the probes of another, of the same model."""

    kind: ClassVar[str] = "transfer"

    probe: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the syntax run whose probes are used."""
    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the syntax run whose test functions are read, and whose baselines stand beside them."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the resampling."""


@dataclass(frozen=True)
class TransferResult(Displayed):
    """F1 of the transferred probes by layer, beside the other run's own probes and baselines."""

    scores: pd.DataFrame
    """One row a series and layer: series, order, layer, f1, low, high; f1_spans (labels aside; NaN for baselines); and
    how far the transferred probe is above it on the same functions: gain, gain_low, gain_high."""
    snippets: pd.DataFrame
    """One row a function, series and layer: snippet, origin, series, layer, f1."""
    best: str
    """The best layer of the run whose probes are used: chosen without the functions that are read."""
    depth: int
    names: tuple[str, str]
    """The language the probes come from, and that of the functions they read."""
    source: Source

    def headline(self) -> str:
        """State what the transferred probe reads at its best layer, and what that is beside the other run's own."""
        here = self.scores[self.scores["layer"] == self.best].set_index("series")
        row = here.loc[TRANSFERRED]
        parts = []
        for name in here.index:
            if name != TRANSFERRED:
                gain, low, high = here.loc[name, ["gain", "gain_low", "gain_high"]]
                doubt = "not clearly " if low <= 0 <= high else ""
                parts.append(f"{doubt}{abs(gain):.2f} {'above' if gain >= 0 else 'below'} its {name}")
        said = f"Probes of {self.names[0]} read {self.names[1]} at layer {self.best} of {self.depth}: F1 {row.f1:.2f}"
        return f"{said}, {', '.join(parts[:-1])}{' and ' if parts[1:] else ''}{parts[-1]}."

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def run(spec: TransferSpec, progress: Progress) -> TransferResult:
    """Read with other probes; see `carry.carry`."""
    from probes.syntax.carry import carry  # on use: it imports torch, which listing the analyses must not

    return carry(spec, progress)
