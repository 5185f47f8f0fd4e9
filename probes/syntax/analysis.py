"""Is the syntax tree of code in the hidden states, and in which subspace? (AST-Probe, Hernández López et al., ASE 2022)

Every layer gets a probe: a low-rank projection in which the distance of neighbouring words orders the tree's splits,
and the words name the constituents. The F1 of the trees it decodes is reported beside the same probe on
a control task (Hewitt & Liang, EMNLP 2019) and on the same architecture with random weights.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from probes.contract import Displayed, Progress
from probes.reads import ReadsCorpus
from probes.values import Source

TRAINED, CONTROL, RANDOM, NONCE = "trained model", "control task", "random init", "nonce names"
LEAVES = "leaf types"

How = Literal["stored", "streamed"]

Count = Annotated[int, Field(ge=2, le=1_000_000)]


class SyntaxSpec(ReadsCorpus):
    """Train structural probes on every layer of a model, and score the trees they read off."""

    kind: ClassVar[str] = "syntax"
    version: ClassVar[int] = 3

    corpus: str = "python-stdlib"
    """python-stdlib, code:FOLDER, table:FILE or hub:NAME; `python -m probes corpora` lists them."""
    language: str = "python"
    """The programming language whose functions are taken from the corpus."""
    input: Literal["source", "leaves"] = "source"
    """What the model reads: the code as written, or the tree's leaves joined by blanks as in the paper."""
    n_train: Count = 250
    """Functions to train on."""
    n_valid: Count = 50
    """Functions that choose the epoch and the best layer."""
    n_test: Count = 100
    """Functions the scores are computed on; equal code never sits on two sides."""
    min_words: int = Field(8, ge=2, le=10_000)
    """Functions with fewer words (leaves of the tree) are left out."""
    max_words: int = Field(128, ge=2, le=10_000)
    """Functions with more words are left out."""
    rank: int = Field(64, ge=1, le=4096)
    """Dimensions of the syntactic subspace; at most the model's width."""
    epochs: int = Field(8, ge=1, le=1000)
    """Passes over the training functions; each layer keeps its own best."""
    batch: int = Field(8, ge=1, le=4096)
    """Functions in a training step."""
    rate: float = Field(0.015, gt=0, le=1)
    """Adam's learning rate for the projection."""
    orthogonality: float = Field(5.0, ge=0, le=1000)
    """Weight of the penalty that keeps the subspace's axes orthonormal."""
    states: How = "stored"
    """Keep word states on disk, or stream them: the model runs again for every batch and nothing is kept."""
    recipe: Literal["strata", "published"] = "strata"
    """The probe and its training: ours, or the paper's, which also wants rank 128, 20 epochs, batches of 32 and rate
    0.001."""
    decoding: Literal["greedy", "chart"] = "greedy"
    """How trees are read off: split by split, or the likeliest tree as a whole, which takes longer with every word."""
    control: bool = True
    """Also train on trees that depend on word identity alone; what lies above is the probe's selectivity."""
    random_init: bool = True
    """Also probe the same architecture with random weights."""
    controls: bool = True
    """Also retest on meaningless names, and score leaf types alone, the best layer with layer 0, trees that need no
    model, and the bits a tree costs."""
    dimensions: bool = True
    """Also train at every power of two below the rank on the best layer: in how few dimensions the tree is."""
    seeds: int = Field(1, ge=1, le=20)
    """Probes trained from different starts; scores are averaged over them."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the corpus order, the starts, the batches, the random weights and the resampling."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_words > self.max_words:
            raise ValueError(f"min_words is {self.min_words}, above max_words, which is {self.max_words}")
        return self


@dataclass(frozen=True)
class SyntaxResult(Displayed):
    """F1 of the decoded trees by layer, with its baselines, and the probes that gave it."""

    scores: pd.DataFrame
    """One row a series and layer: series, order, layer, f1, low, high, precision, recall, f1_paper, f1_inner,
    valid_f1. `f1_paper` is the published metric; `f1_inner` leaves out the constituents over the whole snippet."""
    recall: pd.DataFrame
    """One row a constituent label on the best layer: label, layer, recall, n."""
    cells: pd.DataFrame
    """One row a label, length, depth and `whole` (the span is all of its function) on the best layer: gold, predicted,
    hits, recall, f1, and where the bins begin: length_from, depth_from."""
    examples: pd.DataFrame
    """A few true constituents of each label and length, best layer: found, snippet, first, last, origin, text."""
    confusions: pd.DataFrame
    """Labels given for others over the same words on the best layer: true, said, n."""
    cloud: pd.DataFrame
    """Constituents and label directions in the plane of each layer's subspace: see `cloud.cloud`."""
    snippets: pd.DataFrame
    """One row a test snippet, series and layer: snippet, origin, words, series, layer, f1."""
    controls: pd.DataFrame
    """One row a comparison, the best layer first: name, layer, f1, low, high; how far the best layer is above it on the
    same test snippets: gain, gain_low, gain_high; and bits a tree, NaN where there is no code."""
    dimension: pd.DataFrame
    """One row a rank on the best layer: rank, f1, low, high, valid_f1, smallest. `smallest` marks the least rank whose
    F1 on validation is within one standard error of the best."""
    agreement: pd.DataFrame
    """One row a pair of layers, between probes of different starts: layer, other, overlap, angle, chance_overlap,
    chance_angle; no row when there was one start. See `agree`."""
    best: str
    """The layer of the trained model with the highest F1 on validation."""
    depth: int
    gain: dict[str, tuple[float, float, float]]
    """What the best layer has above each baseline on test: paired difference, low, high."""
    sizes: tuple[int, int, int]
    """Snippets that trained, validated and tested."""
    left_out: dict[str, int]
    """How many functions were left out for which reason."""
    constituents: tuple[str, ...]
    unaries: tuple[str, ...]
    layers: tuple[str, ...]
    basis: np.ndarray
    """[layer, width, rank]: the syntactic subspace of each layer of the trained model (first seed)."""
    constituent: np.ndarray
    """[layer, rank, label], or [layer, 4 rank, label] where the label is read off four words; below: the read-outs."""
    unary: np.ndarray
    constituent_bias: np.ndarray
    unary_bias: np.ndarray
    stretch: np.ndarray
    """[layer, 1, rank]: how much each axis of the subspace counts in a distance, as a logarithm."""
    lean: np.ndarray
    """[layer, 2 rank, 1]: what the two words of a gap add to its distance by themselves."""
    kin: np.ndarray
    """[layer, 1, rank]: how much each axis counts where a span is split before a word that is like its first one."""
    head: np.ndarray
    """[layer, 1, 1]: what is added to a split after a span's first word."""
    center: np.ndarray
    """[layer, width]; states are centred and scaled before they are projected."""
    scale: np.ndarray
    axes: np.ndarray
    """[layer, rank, 2]: principal axes of the projected test words, the frame of the subspace picture."""
    origin: np.ndarray
    """[layer, rank]: their mean."""
    explained: np.ndarray
    """[layer, 2]: the axes' shares of the variance."""
    validation: pd.DataFrame
    """Training curve: epoch, series, layer, loss."""
    source: Source

    def headline(self) -> str:
        """State where syntax peaks, how high, and how far above the baselines."""
        row = self.row(TRAINED, self.best)
        half = (row.high - row.low) / 2
        text = f"Syntax peaks at layer {self.best} of {self.depth}: F1 {row.f1:.2f} ± {half:.2f}"
        names = {CONTROL: "the control task", RANDOM: "the random-init model", "layer 0": "layer 0"}
        names |= {LEAVES: "leaf types alone"}
        parts = [f"{_beside(gain)} {names[name]}" for name, gain in self.gain.items()]
        return f"{', '.join([text, *parts[:-1]])}{' and ' if parts[1:] else ', '}{parts[-1]}." if parts else f"{text}."

    def row(self, series: str, layer: str) -> pd.Series:
        """Return one row of the scores; raises KeyError when there is none."""
        found = self.scores[(self.scores.series == series) & (self.scores.layer == layer)]
        if found.empty:
            raise KeyError(f"No score of '{series}' at layer '{layer}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores

    def labels(self) -> list[str]:
        """Return the labels there are examples of, most frequent first."""
        return self.recall["label"].tolist()

    def lengths(self, label: str) -> list[str]:
        """Return the lengths, as binned, at which there are constituents of a label."""
        there = self.cells[(self.cells["label"] == label) & (self.cells["gold"] > 0)]
        return there.sort_values("length_from")["length"].drop_duplicates().tolist()

    def examples_of(self, label: str, length: str) -> pd.DataFrame:
        """Return some constituents of a label and length, missed ones first: found, origin, text."""
        here = self.examples[(self.examples["label"] == label) & (self.examples["length"] == length)]
        return here[["found", "origin", "text"]].reset_index(drop=True)

    def worst(self, n: int = 50) -> pd.DataFrame:
        """Return the test functions that the best layer reads worst: origin, words, f1."""
        here = self.snippets[(self.snippets["series"] == TRAINED) & (self.snippets["layer"] == self.best)]
        return here.sort_values(["f1", "snippet"])[["origin", "words", "f1"]].head(n).reset_index(drop=True)


def _beside(gain: tuple[float, float, float]) -> str:
    """Put a difference in words, and say when its interval holds zero."""
    value, low, high = gain
    doubt = "not clearly " if low <= 0 <= high else ""
    return f"{doubt}{abs(value):.2f} {'above' if value >= 0 else 'below'}"


def run(spec: SyntaxSpec, progress: Progress) -> SyntaxResult:
    """Train and score every layer; see `study.study`."""
    from probes.syntax.study import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
