"""Which ways of going on does the model hold likely, and where do they part? (beam search, plain and diverse)

Beam search keeps the B likeliest beginnings at every step; diverse beam search (Vijayakumar et al., 2018) keeps them
in groups, and a token costs what earlier groups have taken. Everything that was ever kept is a tree. Beside it stand
what the model writes by taking the likeliest token each time, and samples that it draws: how likely those are, and how
much of what they say is different.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import pandas as pd
from pydantic import Field, model_validator

from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source

BEAM, GREEDY, SAMPLE = "beam", "likeliest token each time", "sample"


class BeamsSpec(ReadsModel):
    """Search for the likeliest ways to go on from a text, and keep the tree of all that was tried."""

    kind: ClassVar[str] = "beams"
    version: ClassVar[int] = 2

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; one saved with its head."""
    text: str = Field("The Eiffel Tower stands in the city of", max_length=100_000)
    """What is gone on from."""
    beams: int = Field(6, ge=1, le=64, examples=[4, 2])
    """Texts that are kept at every step."""
    groups: int = Field(1, ge=1, le=64, examples=[1, 2])
    """Groups of beams that keep apart; 1 is plain beam search. It divides the number of beams."""
    diversity: float = Field(1.0, ge=0, le=100)
    """Nats that a token costs for each beam of an earlier group that takes it in the same step."""
    tokens: int = Field(8, ge=1, le=128)
    """New tokens of a text at most."""
    samples: int = Field(16, ge=2, le=256)
    """Texts drawn at temperature 1, to compare with; at least as many as beams."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """The random numbers of the samples."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.beams % self.groups:
            raise ValueError(f"{self.beams} beams cannot be put into {self.groups} equal groups")
        if self.samples < self.beams:
            raise ValueError(f"{self.beams} beams are compared with as many samples, and samples is {self.samples}")
        return self


@dataclass(frozen=True)
class BeamsResult(Displayed):
    """The tree that was searched, its texts, and what they are compared with."""

    tree: pd.DataFrame
    """One row a token that was kept at some step: node, parent (-1 the prompt), step, token, id, p (after what stands
    before it), total (nats of all up to it), group, kept (a beam at the end goes through it)."""
    texts: pd.DataFrame
    """One row a text: source (beam, likeliest token each time, sample), place, group, text, total (nats, its end
    included), tokens, ended."""
    pairs: dict[str, float]
    """Source → the share of its texts' pairs of neighbouring tokens that are different ones: of all beams and as many
    samples, ends of text left out."""
    together: int
    """Tokens that all beams begin with."""
    drawn: float
    """Mean log-probability of the samples in nats, with low and high."""
    low: float
    high: float
    groups: int
    prompt: str
    source: Source

    def headline(self) -> str:
        """State how likely the best text is beside the greedy one and the samples, and where the beams part."""
        best, greedy, n = self.best(BEAM), self.best(GREEDY), len(self.of(BEAM))
        said = (
            f"{f'The likeliest of {n} beams' if n > 1 else 'The one beam'} has a log-probability of {best.total:.1f} "
            f"nats, the likeliest token each time {greedy.total:.1f}, and samples {self.drawn:.1f} [{self.low:.1f}, "
            f"{self.high:.1f}] on average"
        )
        if n == 1:
            return f"{said}."
        shared = f"{self.together} token{'s' * (self.together != 1)}"
        return (
            f"{said}; all beams begin with the same {shared}, and {self.pairs[BEAM]:.2f} of their "
            f"pairs of tokens are different ones ({self.pairs[SAMPLE]:.2f} of as many samples')."
        )

    def of(self, source: str) -> pd.DataFrame:
        """Return the texts of a source."""
        return self.texts[self.texts["source"] == source]

    def best(self, source: str) -> pd.Series:
        """Return the likeliest text of a source."""
        rows = self.of(source)
        return rows.loc[rows["total"].idxmax()]

    def frame(self) -> pd.DataFrame:
        """Return the texts."""
        return self.texts


def run(spec: BeamsSpec, progress: Progress) -> BeamsResult:
    """Search and draw; see `branching.branch`."""
    from probes.intervention.branching import branch  # on use: it imports torch

    return branch(spec, progress)
