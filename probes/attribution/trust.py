"""How far can attributions be trusted? Several methods on many texts: do they add up, agree, and speak of the model?"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from probes import corpora
from probes.attribution.names import Baseline
from probes.contract import Displayed, Progress
from probes.reads import ReadsCorpus
from probes.values import Source

Judged = Literal[
    "integrated gradients",
    "gradient x input",
    "feature ablation",
    "Shapley sampling",
    "KernelSHAP",
    "attention rollout",
]
"""Methods that give every token of any text a value."""


class TrustSpec(ReadsCorpus):
    """Judge methods of attribution on many texts, each asked about its last token, or its likeness to the next text."""

    kind: ClassVar[str] = "trust"

    corpus: str = corpora.STDLIB
    """The texts: python-stdlib, code:FOLDER, table:FILE, …"""
    language: str = "python"
    """The programming language of the texts; none for text."""
    n: int = Field(8, ge=2, le=100_000)
    """Texts, of those short enough."""
    tokens: int = Field(48, ge=4, le=100_000)
    """Longer texts are left out: nothing is cut."""
    methods: tuple[Judged, ...] = ("integrated gradients", "gradient x input", "feature ablation")
    """Methods to judge; the headline is about the first."""
    baseline: Baseline = "mean"
    """What stands in a token's place when it is taken away."""
    steps: int = Field(16, ge=2, le=1000)
    """Points on the way from the baseline to the text."""
    samples: int = Field(10, ge=2, le=10_000)
    """Orders of tokens for Shapley sampling; KernelSHAP reads as many sets of tokens for each token."""
    draws: int = Field(5, ge=1, le=1000)
    """Random attributions of each text."""
    sanity: bool = True
    """Also shuffle the weights, block by block from the top, and attribute again."""
    stages: int = Field(3, ge=1, le=1000)
    """Steps in which all blocks are shuffled."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the texts and all that is drawn at random."""


@dataclass(frozen=True)
class TrustResult(Displayed):
    """Methods beside each other, beside random values, and beside a model that knows nothing."""

    scores: pd.DataFrame
    """One row a method and measure (completeness error, deletion and insertion over random): method, measure, value,
    low, high; no completeness error for methods that do not add up."""
    agreement: pd.DataFrame
    """One row an ordered pair of methods: method, other, spearman, low, high."""
    sanity: pd.DataFrame
    """One row a method and stage: method, blocks (shuffled), spearman with the original, low, high."""
    texts: int
    target: str
    baseline: str
    blocks: int
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State what the first method is worth: over random, and against shuffled weights."""
        first = str(self.scores["method"].iloc[0])
        gain = self.row(first, "deletion over random")
        clear = "" if gain.low > 0 else ", which is not clearly better than random"
        said = (
            f"Taking out the tokens that {first} puts first costs {gain.value:.2f} [{gain.low:.2f}, {gain.high:.2f}] "
            f"more of the score than taking out random ones, over {self.texts} texts{clear}."
        )
        if self.sanity.empty:
            return said
        last = self.sanity[self.sanity["method"] == first].iloc[-1]
        return f"{said} With all weights shuffled its order of tokens correlates {last.spearman:.2f} with the original."

    def row(self, method: str, measure: str) -> pd.Series:
        """Return one row of the scores; raises KeyError when there is none."""
        found = self.scores[(self.scores["method"] == method) & (self.scores["measure"] == measure)]
        if found.empty:
            raise KeyError(f"No {measure} of {method}.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def run(spec: TrustSpec, progress: Progress) -> TrustResult:
    """Judge; see `judging.judging`."""
    from probes.attribution.judging import judging  # on use: it imports torch, which listing the analyses must not

    return judging(spec, progress)
