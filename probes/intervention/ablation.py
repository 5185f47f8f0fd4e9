"""Which layers does the model need? What a block adds is left out, one block at a time, and the loss measured.

A block adds a = h_i - h_(i-1) to the residual stream. In its place comes

    zero       nothing: the block is skipped
    mean       the mean of a over other texts: what the block adds whatever it reads
    resample   the a of another token of the same texts: of the right kind, and about something else
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes import corpora
from probes.contract import Displayed, Progress
from probes.reads import ReadsCorpus
from probes.values import Source

ZERO, MEAN, RESAMPLE = "zero", "mean", "resample"
WAYS = (ZERO, MEAN, RESAMPLE)


class AblationSpec(ReadsCorpus):
    """Leave out what each block adds, and see what it costs the model's predictions on a corpus."""

    kind: ClassVar[str] = "ablation"

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; one saved with its head."""
    corpus: str = corpora.STDLIB
    """What the loss is measured on: python-stdlib, code:FOLDER, table:FILE, …"""
    language: str = "python"
    """The programming language of the corpus, read by function; none for texts as they are."""
    layers: str = "every 3rd"
    """Blocks that are left out, one at a time: all, every 3rd (always with the first and the last), or 1, 5, 30."""
    texts: int = Field(8, ge=4, le=10_000)
    """Texts that the loss is measured on; as many others give the means."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the texts, which tokens are resampled, the masked tokens and the resampling."""


@dataclass(frozen=True)
class AblationResult(Displayed):
    """What leaving out each block costs."""

    changes: pd.DataFrame
    """One row a block and way: order, layer, way, loss, and its change in nats a token with low and high."""
    added: pd.DataFrame
    """One row a block: order, layer, and how long what it adds is beside what it is added to (mean over tokens of the
    ratio of their lengths): ratio."""
    base: float
    """The mean loss as the model is."""
    worst: str
    """The block whose contribution is missed most when it is resampled."""
    least: str
    """The one that is missed least."""
    depth: int
    task: str
    texts: int
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State which block is missed most and which least."""
        most, least = (self.row(layer, RESAMPLE) for layer in (self.worst, self.least))
        return (
            f"Block {self.worst} of {self.depth} is missed most: with what another token got from it the loss goes "
            f"from {self.base:.2f} to {most.loss:.2f} nats; block {self.least} is missed least ({least.loss:.2f})."
        )

    def row(self, layer: str, way: str) -> pd.Series:
        """Return one row of the changes; raises KeyError when there is none."""
        found = self.changes[(self.changes["layer"] == layer) & (self.changes["way"] == way)]
        if found.empty:
            raise KeyError(f"Block '{layer}' was not left out by '{way}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the changes."""
        return self.changes


def run(spec: AblationSpec, progress: Progress) -> AblationResult:
    """Leave out and measure; see `leaving_out.leave_out`."""
    from probes.intervention.leaving_out import leave_out  # on use: it imports torch

    return leave_out(spec, progress)
