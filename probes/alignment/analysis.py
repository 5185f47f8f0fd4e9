"""Do languages meet in the middle layers? (MEXA, Kargaran et al., ACL Findings 2025)

A sentence and its translation meet at a layer where each is nearer to the other than to any other sentence of either
language. The share of sentences that meet is drawn by language and layer, with its interval, over what it would be
for random pairs, for the letters alone and for the lengths alone.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field

from probes.contract import Displayed, Progress, parted
from probes.corpora.naming import named
from probes.reads import ReadsCorpus
from probes.values import Source


class AlignmentSpec(ReadsCorpus):
    """Find the layers at which translations are nearest to each other, language by language."""

    kind: ClassVar[str] = "alignment"

    model: str = "e5-small"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors."""
    corpus: str = "gettext:django"
    """gettext:FOLDER, flores:FOLDER, bible:FOLDER, parallel:FILE or udhr:FOLDER; or gettext:django, of Django."""
    pivot: str = ""
    """The language all others are compared with; none for English, whichever of its codes the corpus uses."""
    languages: Annotated[tuple[str, ...], BeforeValidator(parted)] = ()
    """Codes of the languages to compare, between commas; none for all that share enough sentences."""
    n: int = Field(100, ge=2, le=5_000)
    """Sentences, the same in every language."""
    at: int = Field(100, ge=2, le=5_000)
    """Scores are for this many sentences (MEXA@m), so that corpora of other sizes can be compared; at most n."""
    pooling: Literal["weighted", "mean", "last", "first"] = "weighted"
    """How a sentence becomes one vector: mean weighted by position (as published), mean, last or first token."""
    added: bool = True
    """Pool over the tokens that the tokenizer adds (BOS, [CLS], [SEP]) too, as published."""
    recipe: Literal["strata", "published"] = "strata"
    """Ours; or the paper's: the first n sentences, repeated ones too, scored at n, of the states transformers gives."""
    grams: bool = True
    """Keep the similarities of all sentences at all layers, for other measures and the map; scores are kept anyway."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which sentences are drawn, and the half of them that chooses the best layer."""


@dataclass(frozen=True)
class AlignmentResult(Displayed):
    """How many sentences meet their translation, by language and layer, over the floors."""

    scores: pd.DataFrame
    """One row a language and layer: language, script, order, layer, score (MEXA@m), low, high, mexa, null, p, lexical,
    length, csls, alike, p_at_1, mrr, margin, dprime, cka, hubness, leak."""
    languages: pd.DataFrame
    """One row a language: language, script, best (its layer), score, low, high (there, on sentences that did not choose
    it), mean, max (over layers), lexical, length, p, tokens (median of a sentence), unknown (share of tokens)."""
    texts: pd.DataFrame
    """Every sentence: language, sentence, text; the pivot first."""
    pivot: str
    best: str
    """The layer that is best for more languages than any other."""
    depth: int
    count: int
    """Languages besides the pivot."""
    sentences: int
    at: int
    average: float
    """The mean score of the languages at the best layer."""
    floor: float
    """The mean of their lexical floors."""
    lowest: str
    """The language with the lowest score there."""
    lowest_score: float
    lowest_floor: float
    layers: tuple[str, ...]
    published: tuple[str, ...]
    """The layers transformers gives, which published scores are means and maxima of: the last is after the norm."""
    left_out: dict[str, int]
    own: np.ndarray
    """float32 [language, layer, row]: the similarity of each sentence to its translation."""
    rival: np.ndarray
    """int32 [language, layer, row]: the sentence most similar to it besides."""
    rival_similarity: np.ndarray
    """float32 [language, layer, row]."""
    cross: np.ndarray
    """float32 [language, layer, row, row]: cosines with the pivot's sentences, which are the rows; or empty."""
    within: np.ndarray
    """float32 [language, layer, row, row], the pivot first: inner products of standardised vectors; or empty."""
    near: np.ndarray
    """float32 [layer, language, language], the pivot first: unbiased CKA between languages; or empty."""
    source: Source

    @property
    def names(self) -> dict[str, str]:
        """What a person calls each language, by its code; no two alike."""
        return named([self.pivot, *self.languages.language])

    def headline(self) -> str:
        """State where languages meet, how many of their sentences do, and how many would without a model."""
        pivot, lowest = (self.names[code] for code in (self.pivot, self.lowest))
        if self.count == 1:
            return (
                f"{lowest} meets {pivot} at layer {self.best} of {self.depth}: "
                f"{self.lowest_score:.2f} of sentence pairs, floor {self.lowest_floor:.2f}."
            )
        return (
            f"{self.count} languages meet {pivot}, most often at layer {self.best} of {self.depth}: "
            f"{self.average:.2f} of sentence pairs on average, floor {self.floor:.2f}; "
            f"{self.lowest_score:.2f} for the lowest, {lowest}, floor {self.lowest_floor:.2f}."
        )

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores

    def row(self, language: str, layer: str) -> pd.Series:
        """Return one row of the scores; raises KeyError when there is none."""
        found = self.scores[(self.scores.language == language) & (self.scores.layer == layer)]
        if found.empty:
            raise KeyError(f"No score of '{language}' at layer '{layer}'.")
        return found.iloc[0]

    def as_published(self) -> dict[str, dict[str, float]]:
        """Return MEXA over all sentences as the published code writes it: {language: {"0": x0, …, "L": xL}}."""
        rows = self.scores.set_index(["language", "layer"]).mexa
        return {
            name: {str(i): float(rows[name, layer]) for i, layer in enumerate(self.published)}
            for name in self.languages.language
        }


def run(spec: AlignmentSpec, progress: Progress) -> AlignmentResult:
    """Read every language once and score all layers; see `study.study`."""
    from probes.alignment.study import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
