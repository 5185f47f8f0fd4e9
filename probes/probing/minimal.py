"""Can the right one of two texts be told that differ in one thing, at which layer, and from how many such pairs?

A linear probe learns from the states of k pairs which text of each is right. It is tested on other pairs: a pair is
told if the probe's score is higher for its right text (a tie is half a pair). What all texts of a kind have in common
cancels in a pair, so that this can be far above what the probe says of one text alone. Beside it stands what a decoder
itself prefers: which text it gives the higher probability (BLiMP; Warstadt et al., TACL 2020).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.probing.analysis import LAYER_0, RANDOM, TRAINED, WORDS, against
from probes.reads import ReadsCorpus
from probes.values import Source

COINS = "a coin for each two words"
OWN, SHORTER = "the model's own choice", "the shorter text"


class PairsSpec(ReadsCorpus):
    """Train probes on minimal pairs at every layer of a model, beside what the model itself prefers."""

    kind: ClassVar[str] = "pairs"

    corpus: str = "python-stdlib"
    """python-stdlib or code:FOLDER; or your own pairs, table:FILE?text=RIGHT&label=WRONG (two columns of texts)."""
    language: str = "python"
    """The programming language that is taken from the corpus; none for tables of text."""
    label: str = "misuse"
    """What makes the second text wrong: misuse, operator, swapped, exception, docstring; or the column it is in."""
    at: Literal["edit", "text"] = "edit"
    """Where states are read: as the mean of the whole text, or at the words that differ (swapped: at the operator
    between; of a docstring and its function, how they compare)."""
    n: int = Field(600, ge=30, le=20_000)
    """Pairs, drawn from the corpus by the seed; a quarter tests."""
    seeds: int = Field(3, ge=1, le=20)
    """Draws of what trains and what validates; all are tested on the same pairs."""
    control: bool = True
    """Also learn pairs turned round by a coin tossed for the two words that differ: only memory for words helps."""
    random_init: bool = True
    """Also probe the same architecture with random weights."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the pairs, the splits, the random weights and every other draw."""


@dataclass(frozen=True)
class PairsResult(Displayed):
    """How many pairs are told apart at each layer, from how many pairs, over rivals that do not read states."""

    scores: pd.DataFrame
    """One row a series, layer and number of pairs: order, layer, series, pairs (that it learnt from), score, low, high
    (share of test pairs told), alone (share of test texts said rightly to be right or wrong, by themselves), valid
    (the score on validation), penalty (the median of those chosen)."""
    baselines: pd.DataFrame
    """One row a rival of the best layer: name, score, low, high, and how far the best layer is above it on the same
    pairs: gain, gain_low, gain_high."""
    beside: pd.DataFrame
    """Of a decoder: how often the best layer is right where the model's own choice is right and where it is wrong:
    choice, n, score, low, high."""
    pairs: pd.DataFrame
    """One row a test pair: right, wrong (what differs), margin (the probe's log-odds of the right text less
    those of the wrong one, mean over the draws), own (the same of the model's log-probabilities, in nats; NaN of an
    encoder), before, after (what stands around it in the right text), origin."""
    best: str
    """The layer of the trained model with the best score on validation, from all pairs."""
    label: str
    """What was asked, in words."""
    at: str
    depth: int
    sizes: tuple[int, int, int]
    """Pairs that trained, validated (means over the draws, rounded) and tested."""
    layers: tuple[str, ...]
    left_out: dict[str, int]
    source: Source

    @property
    def most(self) -> int:
        """The pairs that the last probes learnt from."""
        return int(self.scores["pairs"].max())

    def headline(self) -> str:
        """State how many pairs are told at the best layer, from how many pairs, and how far above the rivals."""
        row = self.row(TRAINED, self.best)
        (rivals,) = against(self.baselines[self.baselines["name"].isin((RANDOM, LAYER_0, WORDS))])
        own = self.baselines[self.baselines["name"] == OWN]
        end = "".join(
            f"; the model itself prefers the right text in {score:.2f} [{low:.2f}, {high:.2f}]"
            for score, low, high in own[["score", "low", "high"]].itertuples(index=False)
        )
        return (
            f"{self.label[:1].upper()}{self.label[1:]}: the right one of two texts is told best at layer {self.best} "
            f"of {self.depth}, in {row.score:.2f} [{row.low:.2f}, {row.high:.2f}] of {self.sizes[2]:,} pairs after "
            f"{self.most:,}, {rivals}{end}."
        )

    def row(self, series: str, layer: str, pairs: int = 0) -> pd.Series:
        """Return one row of the scores, of all pairs when no number is named; raises KeyError when there is none."""
        rows = self.scores
        found = rows[(rows.series == series) & (rows.layer == layer) & (rows["pairs"] == (pairs or self.most))]
        if found.empty:
            raise KeyError(f"No score of '{series}' at layer '{layer}' from {pairs or self.most} pairs.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def run(spec: PairsSpec, progress: Progress) -> PairsResult:
    """Read the pairs once and probe every layer; see `minimal_study.study`."""
    from probes.probing.minimal_study import study  # on use: it imports torch

    return study(spec, progress)
