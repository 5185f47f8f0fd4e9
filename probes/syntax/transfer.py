"""Do languages share a syntactic subspace? Probes of each run on the test functions of the others.

Nothing is trained: the projection and the read-outs are applied as they are, as Chi et al. (ACL 2020) did with the
dependency trees of human languages. What comes out is set beside the other run's own probes and baselines on the same
functions, because without them most transfers look like something: functions of all languages share their outline.
Beside it, how far the subspaces themselves overlap, and how many directions lie in all of them.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field

from probes.contract import Displayed, Progress, Spec, parted
from probes.values import Source

CONTROL, RANDOM = "control task", "random init"
OWN = "own probe"


def _different(runs: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(runs)) < len(runs):
        raise ValueError("a run is named twice")
    return runs


Runs = Annotated[
    tuple[Annotated[str, Field(pattern="^[0-9a-f]{32}$")], ...],
    Field(min_length=2, max_length=8),
    BeforeValidator(parted),
    AfterValidator(_different),
]


class TransferSpec(Spec):
    """Read the test functions of each of several syntax runs with the probes of the others, all of the same model."""

    kind: ClassVar[str] = "transfer"
    version: ClassVar[int] = 2

    runs: Runs
    """The digests of two to eight syntax runs, between commas: one a language, or a corpus, or an input."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the resampling."""


@dataclass(frozen=True)
class TransferResult(Displayed):
    """F1 of every run's probes on every run's functions, and what their subspaces have in common."""

    scores: pd.DataFrame
    """One row a reader, run and layer: probe (a run, or a baseline of the run read), read, order, layer, f1, low, high,
    and f1_spans, labels aside (NaN for baselines)."""
    gains: pd.DataFrame
    """One row a transfer and rival at `layer`: probe, read, rival (the own probe, or a baseline), and how far the
    transferred probe is above it on the same functions: gain, low, high."""
    angles: pd.DataFrame
    """One row a pair of runs and layer: one, other, layer, overlap (mean squared cosine of the principal angles), angle
    in degrees, those of chance: chance_overlap, chance_angle; and same_start: both probes began at the same projection,
    and overlap for that reason alone."""
    shared: pd.DataFrame
    """One row a direction at `layer`, the most shared first: direction, share (mean squared cosine with each of the
    subspaces: 1 lies in all), chance (the same of unrelated subspaces)."""
    snippets: pd.DataFrame
    """One row a function and reader at `layer`: snippet, origin, probe, read, f1."""
    layer: str
    """The layer with the highest mean F1 of the runs' own probes on their validation functions."""
    layers: tuple[str, ...]
    depth: int
    names: tuple[str, ...]
    """What the runs are called here: their languages, with A, B, … in the order asked where several are of one."""
    source: Source

    def headline(self) -> str:
        """State the best transfer beside the language's own probe and control, and how far the subspaces overlap."""
        here = self.scores[self.scores["layer"] == self.layer].set_index(["probe", "read"])["f1"]
        pairs = [(p, r) for p in self.names for r in self.names if p != r]
        probe, read = max(pairs, key=lambda pair: float(here[pair]))
        rivals = self.gains[(self.gains["probe"] == probe) & (self.gains["read"] == read)]
        parts = [_beside(row) for row in rivals.itertuples()]
        at = self.angles[self.angles["layer"] == self.layer]
        said = f"At layer {self.layer} of {self.depth}, probes of {probe} read {read} with F1 {here[probe, read]:.2f}"
        best = " best" if len(pairs) > 1 else ""
        begun = " (some began alike)" if at["same_start"].any() else ""
        return (
            f"{said}{', the' + best + ' transfer' if best else ''}: {', '.join(parts)}; subspaces overlap "
            f"{at['overlap'].mean():.2f}{begun}, by chance {at['chance_overlap'].mean():.2f}."
        )

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def _beside(row: Any) -> str:
    """Put a gain in words, and say when its interval holds zero."""
    doubt = "not clearly " if row.low <= 0 <= row.high else ""
    return f"{doubt}{abs(row.gain):.2f} {'above' if row.gain >= 0 else 'below'} {row.read}'s {row.rival}"


def run(spec: TransferSpec, progress: Progress) -> TransferResult:
    """Read with other probes; see `carry.carry`."""
    from probes.syntax.carry import carry  # on use: it imports torch, which listing the analyses must not

    return carry(spec, progress)
