"""Which labels can be read off the states, layer by layer, and is it the model that knows? (Hewitt & Liang, EMNLP 2019)

A probe learns to give a label of a place in a text from the model's state there. Its score is set beside a control task
that word identity alone answers, the same architecture with random weights, layer 0, the words alone and the largest
class, all on the same held-out texts.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.reads import ReadsCorpus
from probes.values import Source

TRAINED, CONTROL, RANDOM = "trained model", "control task", "random init"
LAYER_0, WORDS, COMMONEST = "layer 0", "the words alone", "the largest class"
ACCURACY, R2 = "accuracy", "R²"


class ProbingSpec(ReadsCorpus):
    """Train probes for a label on every layer of a model, beside a control task and what needs no model."""

    kind: ClassVar[str] = "probing"
    version: ClassVar[int] = 3

    corpus: str = "python-stdlib"
    """python-stdlib, code:FOLDER, table:FILE or hub:NAME; `python -m probes corpora` lists them."""
    language: str = "python"
    """The programming language that is taken from the corpus; none for tables of text."""
    label: str = "role"
    """What is asked: role, leaf-type, parent-type, depth, brackets, binding, since-binding, since-use; the tasks
    misuse, operator, swapped, exception, docstring; or a column of the corpus."""
    unit: Literal["leaf", "word", "token", "text"] = "leaf"
    """Where it is asked: at a leaf of the syntax tree, a word, one of the model's tokens, or of a whole text."""
    task: Literal["auto", "classes", "numbers"] = "auto"
    """Whether answers are classes or numbers; auto takes a column of more than 12 different numbers as numbers."""
    probe: Literal["linear", "mlp", "centroid"] = "linear"
    """Logistic (or ridge) regression, one hidden layer of 32, or the nearest mean of a class."""
    n: int = Field(4000, ge=60, le=50_000)
    """Labelled places, drawn from the corpus by the seed; a quarter of the texts test."""
    per_text: int = Field(16, ge=1, le=10_000)
    """Places of one text at most."""
    seeds: int = Field(3, ge=1, le=20)
    """Draws of what trains and what validates; all are tested on the same texts."""
    control: bool = True
    """Also learn labels drawn for each word, which say nothing of the text: what lies above is selectivity."""
    random_init: bool = True
    """Also probe the same architecture with random weights."""
    extras: bool = True
    """Also the bits a label costs, how few labels do, and what the best layer adds to layer 0."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which texts and places are drawn, the splits, the random weights and every other draw."""


@dataclass(frozen=True)
class ProbingResult(Displayed):
    """What can be read at each layer, over its controls, and what the best layer gets wrong."""

    scores: pd.DataFrame
    """One row a series and layer: order, layer, series, score, low, high (accuracy, or R² of numbers); balanced,
    balanced_low, balanced_high (mean recall of the classes), f1 (macro), bits (cross-entropy a label), ece (calibration
    error), valid (score on validation), penalty (the median of those chosen). What numbers have not is NaN."""
    baselines: pd.DataFrame
    """One row a rival of the best layer: name, score, low, high, and how far the best layer is above it on the same
    texts: gain, gain_low, gain_high."""
    classes: pd.DataFrame
    """One row a class: label, n (in the test texts), recall, low, high at the best layer. None for numbers."""
    confusion: pd.DataFrame
    """One row a true and a said class of the best layer: true, said, n, share (of the true class)."""
    calibration: pd.DataFrame
    """Ten equal bins of the best layer's confidence: bin, confidence, accuracy, low, high, n."""
    errors: pd.DataFrame
    """What the best layer got wrong on test, most confident first: true, said, confidence, before, word, after, origin.
    Of numbers, the largest differences, the confidence being the difference."""
    few: pd.DataFrame
    """One row a share of the training texts at the best layer: labels (the mean count), score, low, high."""
    coding: pd.DataFrame
    """One row a layer: order, layer, bits (a label of the online code), uniform, compression."""
    added: dict[str, tuple[float, float, float]]
    """Scores of layer 0 with the best layer joined to it, and what it has above layer 0 alone: value, low, high."""
    weights: np.ndarray
    """float32 [width + 1, class]: the best layer's linear probe of the first draw, for states as they are, the biases
    last; nothing of other probes, of numbers, and where two places are compared."""
    said: tuple[str, ...]
    """The class of each of its columns."""
    best: str
    """The layer of the trained model with the best score on validation."""
    measure: str
    """What the scores are: accuracy, or R²."""
    label: str
    """What was asked, in words."""
    unit: str
    probe: str
    depth: int
    sizes: tuple[int, int, int]
    """Labelled places that trained, validated (means over the seeds, rounded) and tested."""
    texts: int
    layers: tuple[str, ...]
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State where the label is read best, how well, and how far above the rivals."""
        row = self.row(TRAINED, self.best)
        half = (row.high - row.low) / 2
        head = (
            f"{self.label[:1].upper()}{self.label[1:]} is read best at layer {self.best} of {self.depth}: "
            f"{self.measure} {row.score:.2f} ± {half:.2f}"
        )
        return ", ".join([head, *against(self.baselines)]) + "."

    def row(self, series: str, layer: str) -> pd.Series:
        """Return one row of the scores; raises KeyError when there is none."""
        found = self.scores[(self.scores.series == series) & (self.scores.layer == layer)]
        if found.empty:
            raise KeyError(f"No score of '{series}' at layer '{layer}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


_NAMES = {CONTROL: "the control task", RANDOM: "random weights"}


def against(baselines: pd.DataFrame, names: dict[str, str] = _NAMES) -> list[str]:
    """Put how far the best layer is above or below its rivals in one phrase; an empty list where there are none.

    `names` has the words for a rival that is not called by its name.
    """
    rows = baselines[["name", "gain", "gain_low", "gain_high"]].itertuples(index=False)
    said = [f"{_beside(*gain)} {names.get(name, name)}" for name, *gain in rows]
    return [f"{', '.join(said[:-1])} and {said[-1]}"] if len(said) > 1 else said


def _beside(gain: float, low: float, high: float) -> str:
    """Put a difference in words, and say when its interval holds zero."""
    doubt = "not clearly " if low <= 0 <= high else ""
    return f"{doubt}{abs(gain):.2f} {'above' if gain >= 0 else 'below'}"


def run(spec: ProbingSpec, progress: Progress) -> ProbingResult:
    """Read the places once and probe every layer; see `study.study`."""
    from probes.probing.study import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
