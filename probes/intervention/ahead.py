"""How far ahead does each layer already know the next tokens? (after Pal et al., Future Lens, 2023)

The states of every layer at token t go through the model's own final norm and head (the logit lens), and the likeliest
tokens are held against the token n further on:

    top1(layer, n) = share of t whose likeliest token is token t + n,     top5 likewise among the five likeliest

n = 0 is the token that is read, n = 1 what the head was made for. Two floors stand beside it: the best answer that
looks at nothing (the commonest tokens at those places), and the layer's own answers held against other places' tokens.
No probe is trained: what a layer knows in another form than the head's is not seen.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes import corpora
from probes.contract import Displayed, Progress
from probes.reads import ReadsCorpus
from probes.values import Source


class AheadSpec(ReadsCorpus):
    """Hold what each layer would say against the tokens further and further on."""

    kind: ClassVar[str] = "ahead"

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; one saved with its head."""
    corpus: str = corpora.STDLIB
    """What is read: python-stdlib, code:FOLDER, table:FILE, …"""
    language: str = "python"
    """The programming language of the corpus, read by function; none for texts as they are."""
    layers: str = "every 5th"
    """Layers that are read, besides layer 0: all, every 5th (always with the first and the last), or 1, 5, 30."""
    furthest: int = Field(4, ge=1, le=20)
    """How many tokens ahead is looked at most."""
    texts: int = Field(8, ge=4, le=10_000)
    """Texts that are read."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the texts, the shuffling and the resampling."""


@dataclass(frozen=True)
class AheadResult(Displayed):
    """How often a layer's likeliest tokens are the tokens further on."""

    rates: pd.DataFrame
    """One row a layer and offset, means over texts: order, layer, ahead, top1 with low and high, top5, commonest and
    commonest5 (the best that looks at nothing), shuffled (the layer's likeliest against other places' tokens)."""
    best: dict[str, str]
    """Offset as text → the layer that knows most of it."""
    depth: int
    texts: int
    places: int
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State what the last layer knows of the next token, and which layer knows most of the one after."""
        last = str(self.depth)
        said = f"At layer {last} of {self.depth} the likeliest token is the next one at {self._said(last, 1)}"
        if "2" in self.best:
            said += f"; the one after that is known best at layer {self.best['2']}, at {self._said(self.best['2'], 2)}"
        return f"{said}."

    def _said(self, layer: str, ahead: int) -> str:
        row = self.row(layer, ahead)
        return (
            f"{row.top1:.3f} [{row.low:.3f}, {row.high:.3f}] of places (the commonest token alone: {row.commonest:.3f})"
        )

    def row(self, layer: str, ahead: int) -> pd.Series:
        """Return one row of the rates; raises KeyError when there is none."""
        found = self.rates[(self.rates["layer"] == layer) & (self.rates["ahead"] == ahead)]
        if found.empty:
            raise KeyError(f"Layer '{layer}' was not read {ahead} tokens ahead.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the rates."""
        return self.rates


def run(spec: AheadSpec, progress: Progress) -> AheadResult:
    """Read and count; see `looking_ahead.look`."""
    from probes.intervention.looking_ahead import look  # on use: it imports torch

    return look(spec, progress)
