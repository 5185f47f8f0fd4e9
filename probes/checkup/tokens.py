"""How does a model cut a text? Every token with its bytes, the characters it covers, and the word it is part of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source

if TYPE_CHECKING:
    from probes.models import Model

EXAMPLE = "def área(w, h):\n    return w * h  # naïve: 3 € → 4 €"


class TokensSpec(ReadsModel):
    """Cut a text as a model does, and say of every token what it is made of."""

    kind: ClassVar[str] = "tokens"

    text: str = Field(EXAMPLE, max_length=100_000)
    """The text, read as it is: nothing is added that the tokenizer does not add, and nothing is cut off."""
    language: str = ""
    """Align the tokens to the leaves of this programming language's tree; none for words as they stand."""


@dataclass(frozen=True)
class TokensResult(Displayed):
    """A text's tokens."""

    text: str
    tokens: pd.DataFrame
    """One row a token: position, token, id, bytes, start, end, covers, added, word, words."""
    words: pd.DataFrame
    """One row a word: word, text, start, end, tokens (how many it is cut into)."""
    characters: int
    count: int
    """Tokens of the text itself."""
    added: int
    """Tokens the tokenizer puts around it."""
    ratio: float
    """Characters a token."""
    whole: int
    """Words that are one token."""
    tokenizer: str
    source: Source

    def headline(self) -> str:
        """State how many tokens the text becomes."""
        between = f" ({self.ratio:.1f} characters a token)" if self.count else ""
        return f"{self.characters} characters become {self.count} tokens{between}; the tokenizer adds {self.added}."

    def frame(self) -> pd.DataFrame:
        """Return the tokens."""
        return self.tokens


def run(spec: TokensSpec, progress: Progress) -> TokensResult:
    """Cut the text with the model's own tokenizer; raises what loading the model raises, and E-LANGUAGE-UNKNOWN."""
    from probes.checkup import pieces  # on use, as below: listing the analyses must not import torch
    from probes.checkup.words import spans
    from probes.models import loaded
    from probes.models.provenance import source_of

    progress.report(0, 1, "reading weights")
    model = loaded(spec)
    words = spans(spec.text, spec.language)
    tokens = pieces.aligned(pieces.table(model.tokenizer, spec.text), words)
    cut = pieces.cut(tokens, words)
    count = int((~tokens["added"]).sum())
    return TokensResult(
        text=spec.text,
        tokens=tokens,
        words=_words(spec.text, words, cut),
        characters=len(spec.text),
        count=count,
        added=len(tokens) - count,
        ratio=len(spec.text) / count if count else 0.0,
        whole=cut.count(1),
        tokenizer=pieces.kind_of(model.tokenizer),
        source=source_of(
            model, corpus="a text", texts=[spec.text], seed=0, notes=tuple(_notes(model, spec.text, tokens))
        ),
    )


def _words(text: str, words: list[tuple[int, int]], cut: list[int]) -> pd.DataFrame:
    whole = {"text": [text[start:end] for start, end in words], "tokens": cut}
    places = {"start": [start for start, _ in words], "end": [end for _, end in words]}
    kinds = {"word": int, "text": str, "start": int, "end": int, "tokens": int}
    return pd.DataFrame({"word": range(len(words)), **whole, **places}).astype(kinds)[list(kinds)]


def _notes(model: "Model", text: str, tokens: pd.DataFrame) -> Iterator[str]:
    """Yield what a reader of the tokens must know: too many, some with a meaning of their own, some text lost."""
    if len(tokens) > model.context:
        yield f"This text has {len(tokens)} tokens and the model reads {model.context}: an analysis would leave it out."
    from probes.models.encoding import unknown_of  # on use, as above

    reserved = set(model.tokenizer.all_special_ids)
    written = [i for i, added in zip(tokens["id"], tokens["added"], strict=True) if i in reserved and not added]
    unknown = written.count(unknown_of(model.tokenizer))
    if unknown:
        one = "1 token stands" if unknown == 1 else f"{unknown} tokens stand"
        yield f"{one} for text that is not in the vocabulary: all of it reads the same."
    if meant := len(written) - unknown:
        one = (
            "1 token of the text has a meaning of its own"
            if meant == 1
            else f"{meant} tokens of the text have meanings"
        )
        yield f"{one} to this model, besides being text."
    covered: set[int] = set()
    for start, end in zip(tokens["start"], tokens["end"], strict=True):
        covered.update(range(start, end))
    lost = sum(not character.isspace() for i, character in enumerate(text) if i not in covered)
    if lost:
        one = "1 character that is not blank is" if lost == 1 else f"{lost} characters that are not blank are"
        yield f"{one} in no token: the tokenizer drops what it does not read."
