"""Are dependency trees in the states, as distances and depths? (the structural probe; Hewitt & Manning, NAACL 2019)

For the states h of a sentence's words, one projection B [width, rank] a layer and question:

    distance   || (h_i - h_j) B ||²   should be the number of edges between words i and j in the tree
    depth      || h_i B ||²           should be the number of edges between word i and the root

Each is fitted by the mean absolute error over a sentence's pairs (over its words). Measured on other sentences:

    UUAS                   share of the tree's edges in the minimum spanning tree of the distances
    distance correlation   Spearman's of each word's distances to all others; mean over sentence lengths 5 to 50
    root accuracy          share of sentences whose least deep word is the root
    depth correlation      Spearman's of a sentence's depths; mean over sentence lengths 5 to 50

Punctuation counts in the correlations, but has no edge in UUAS and is no root, as in the paper.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.probing.analysis import RANDOM, TRAINED, against
from probes.reads import ReadsCorpus
from probes.values import Source

CONTROL, CHAIN = "control trees", "left-to-right chain"
UUAS, DISTANCE, ROOT, DEPTH = "UUAS", "distance correlation", "root accuracy", "depth correlation"
MEASURES = (UUAS, DISTANCE, ROOT, DEPTH)
"""The first two of the distance probe, the others of the depth probe."""


class StructuralSpec(ReadsCorpus):
    """Fit distances and depths to dependency trees at every layer of a model, beside trees that only memory knows."""

    kind: ClassVar[str] = "structural"

    version: ClassVar[int] = 3

    corpus: str = Field("conllu:sample", pattern="^conllu:", examples=["conllu:sample"])
    """Sentences with dependency trees: conllu:FILE, or conllu:sample, 56 English sentences of our own."""
    n: int = Field(1000, ge=20, le=100_000)
    """Sentences, drawn by the seed; a quarter tests, and a fifth of the others validates."""
    rank: int = Field(64, ge=1, le=4096)
    """Dimensions of the projections; the width of the model at most."""
    steps: int = Field(300, ge=1, le=100_000)
    """Steps of Adam at most, 20 sentences each; what does best on validation is kept."""
    seeds: int = Field(3, ge=1, le=20)
    """Draws of what trains and what validates, and of where the probes start; all are tested on the same sentences."""
    ranks: bool = True
    """Also fit the distances of the best layer with 1, 2, 4 and more dimensions."""
    control: bool = True
    """Also fit trees made of numbers drawn for each word, which say nothing of the sentence."""
    random_init: bool = True
    """Also probe the same architecture with random weights."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the sentences, the splits, the control trees, the random weights and where the probes start."""


@dataclass(frozen=True)
class StructuralResult(Displayed):
    """How far distances and depths at each layer are those of the trees, over what needs no knowledge of them."""

    scores: pd.DataFrame
    """One row a series, layer and measure: order, layer, series, measure, value, low, high (on test), valid (the same
    on validation)."""
    baselines: pd.DataFrame
    """One row a rival and measure: name, measure, value, low, high, and how far the best layer of that measure is above
    it on the same sentences: gain, gain_low, gain_high."""
    ranks: pd.DataFrame
    """One row a rank and measure of the distance probe at its best layer, of the first draw: rank, measure, value, low,
    high."""
    words: pd.DataFrame
    """One row a word of the test sentences at the best layers, as the first draw says: sentence, number, word, kind
    (its part of speech), head (its number, from 1; 0 of the root), depth (in the tree), said_depth, said (what it is
    tied to in the spanning tree; 0 for none), counted (no punctuation)."""
    sentences: pd.DataFrame
    """One row a test sentence at the best layers: sentence, text, edges, right (of them found), root, said_root,
    origin."""
    best: dict[str, str]
    """The layer of each measure, chosen on validation by the correlation of its probe."""
    example: int
    """The test sentence whose share of edges found is nearest to UUAS, the longest of them."""
    rank: int
    depth: int
    sizes: tuple[int, int, int]
    """Sentences that trained, validated (means over the draws, rounded) and tested."""
    layers: tuple[str, ...]
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State where trees are read best, how well, and how far above what knows none."""
        top, root = self.row(TRAINED, UUAS), self.row(TRAINED, ROOT)
        own = self.baselines[self.baselines["measure"] == UUAS]
        (beside,) = against(own, _NAMES)
        return (
            f"Dependency trees are nearest at layer {self.best[UUAS]} of {self.depth}: {UUAS} {top.value:.2f} "
            f"[{top.low:.2f}, {top.high:.2f}], {beside}; the root is found in {root.value:.2f} of the "
            f"{self.sizes[2]:,} test sentences at layer {self.best[ROOT]}."
        )

    def row(self, series: str, measure: str, layer: str = "") -> pd.Series:
        """Return one row of the scores, of the measure's best layer when none is named; KeyError when there is none."""
        asked, rows = layer or self.best[measure], self.scores
        found = rows[(rows["series"] == series) & (rows["measure"] == measure) & (rows["layer"] == asked)]
        if found.empty:
            raise KeyError(f"No {measure} of '{series}' at layer '{asked}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


_NAMES = {CHAIN: "a left-to-right chain", RANDOM: "random weights"}


def run(spec: StructuralSpec, progress: Progress) -> StructuralResult:
    """Read the sentences once and fit every layer; see `structural_study.study`."""
    from probes.probing.structural_study import study  # on use: it imports torch

    return study(spec, progress)
