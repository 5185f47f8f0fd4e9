"""Which layers, and what in them, does the model need? One thing at a time is left out, and the loss measured.

A block adds a = h_i - h_(i-1) to the residual stream. In its place comes

    zero       nothing: the block is skipped
    mean       the mean of a over other texts: what the block adds whatever it reads
    resample   the a of another token of the same texts: of the right kind, and about something else

Inside a block the same is done to what its attention or its MLP gives (before a norm that may follow), or to the mixed
values of one head, before the attention's last projection: what the others write stays.

The control changes the same states at the same place by as much, token by token, in other directions: what was changed
is turned by one random rotation (of a head, into the values of all heads). What breaks more than that is missed.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from probes import corpora
from probes.contract import Displayed, Progress
from probes.reads import ReadsCorpus
from probes.values import Source

ZERO, MEAN, RESAMPLE = "zero", "mean", "resample"
WAYS = (ZERO, MEAN, RESAMPLE)
BLOCK = "block"
NAMES = {BLOCK: "block", "attention": "the attention of block", "mlp": "the MLP of block"}
"""Part → how it is named before the number of its block."""


class AblationSpec(ReadsCorpus):
    """Leave out what each block adds, or a part of it, and see what it costs the model's predictions on a corpus."""

    kind: ClassVar[str] = "ablation"
    version: ClassVar[int] = 2

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; one saved with its head."""
    corpus: str = corpora.STDLIB
    """What the loss is measured on: python-stdlib, code:FOLDER, table:FILE, …"""
    language: str = "python"
    """The programming language of the corpus, read by function; none for texts as they are."""
    layers: str = "every 3rd"
    """Blocks that are left out, one at a time: all, every 3rd (always with the first and the last), or 1, 5, 30."""
    site: Literal["blocks", "parts", "heads"] = "blocks"
    """What of them is left out at a time: all that a block adds, what its attention or its MLP gives, or one head."""
    way: Literal["all", "zero", "mean", "resample"] = "all"
    """What comes in its place: nothing (zero), its mean, what another token got (resample), or each in turn."""
    control: bool = True
    """Also change as much in random directions, in the way that the answer speaks of: one reading more for each."""
    texts: int = Field(8, ge=4, le=10_000)
    """Texts that the loss is measured on; as many others give the means."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the texts, which tokens are resampled, random directions, the masked tokens and the resampling."""


@dataclass(frozen=True)
class AblationResult(Displayed):
    """What leaving out each block, part or head costs."""

    changes: pd.DataFrame
    """One row a block, part and way: order, layer, part ("block", "attention", "mlp", "head 0", …), way, loss, and its
    change in nats a token with low and high; random (the change when as much is changed in random directions), and how
    far it is above that on the same texts: above, above_low, above_high. These are NaN where no control was made."""
    added: pd.DataFrame
    """One row a block and part: order, layer, part, and how long what it adds is beside the state that enters the block
    (mean over tokens of the ratio of their lengths): ratio; none of heads, which write through a projection."""
    base: float
    """The mean loss as the model is."""
    worst: tuple[str, str]
    """Layer and part of what is missed most when it is left out in the way of `told`."""
    least: tuple[str, str]
    """Of what is missed least."""
    told: str
    """The way the sentence and the heat map speak of: resampling, unless another one was asked for."""
    site: str
    depth: int
    task: str
    texts: int
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State what is missed most and what least."""
        most, least = (self.row(layer, self.told, part) for layer, part in (self.worst, self.least))
        instead = {ZERO: "without it", MEAN: "with its mean", RESAMPLE: "with what another token got from it"}
        name = _name(*self.worst)
        return (
            f"{name[:1].upper()}{name[1:]} of {self.depth} is missed most: {instead[self.told]} the loss goes "
            f"from {self.base:.2f} to {most.loss:.2f} nats{self._beside(most)}; {_name(*self.least)} is missed least "
            f"({least.loss:.2f})."
        )

    def _beside(self, row: pd.Series) -> str:
        if pd.isna(row.random):
            return ""
        doubt = ", which is not clearly less" if row.above_low <= 0 else ""
        return f" (to {self.base + row.random:.2f} where as much is changed in random directions{doubt})"

    def row(self, layer: str, way: str, part: str = BLOCK) -> pd.Series:
        """Return one row of the changes; raises KeyError when there is none."""
        rows = self.changes
        found = rows[(rows["layer"] == layer) & (rows["way"] == way) & (rows["part"] == part)]
        if found.empty:
            raise KeyError(f"The {part} of block '{layer}' was not left out by '{way}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the changes."""
        return self.changes


def _name(layer: str, part: str) -> str:
    return f"{NAMES.get(part, f'{part} of block')} {layer}"


def run(spec: AblationSpec, progress: Progress) -> AblationResult:
    """Leave out and measure; see `leaving_out.leave_out`."""
    from probes.intervention.leaving_out import leave_out  # on use: it imports torch

    return leave_out(spec, progress)
