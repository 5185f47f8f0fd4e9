"""Which codes fire on my text? Every token of a typed text, in every layer of a finished run, as its codes."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source


class CodedSpec(Spec):
    """Code a typed text with the codebooks of a finished run: a code a token and layer."""

    kind: ClassVar[str] = "codes"
    version: ClassVar[int] = 2

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose codes are used."""
    text: str = Field(min_length=1, max_length=100_000)
    """The text, whole: nothing is cut or left out of it."""
    book: int = Field(0, ge=0, le=63)
    """Which book's codes, where a codebook has several."""


@dataclass(frozen=True)
class CodedResult(Displayed):
    """The codes of a text."""

    tokens: pd.DataFrame
    """One row a token, layer and code that fires: position, start, end, token, order, layer, slot (0 the first one
    taken), code (-1 where none fires), word (the code's commonest among the tokens it was fitted to), bits (what the
    code costs under the usage seen in fitting)."""
    layers: tuple[str, ...]
    book: int
    explained: dict[str, float]
    """By layer, how much of the squared distance to the run's center the codes explain in this text."""
    source: Source

    def headline(self) -> str:
        """State how many tokens and codes there are, and where the codes say most and least of this text."""
        best, worst = (pick(self.explained, key=lambda name: self.explained[name]) for pick in (max, min))
        fires = self.tokens[self.tokens["code"] >= 0]
        tokens, codes = int(self.tokens["position"].nunique()), fires.groupby("order")["code"].nunique().max()
        return (
            f"The {tokens} tokens of this text fall into at most {codes} codes a layer; codes explain most of layer "
            f"{best} ({self.explained[best]:.2f}) and least of layer {worst} ({self.explained[worst]:.2f})."
        )

    def frame(self) -> pd.DataFrame:
        """Return the codes by token and layer."""
        return self.tokens


def run(spec: CodedSpec, progress: Progress) -> CodedResult:
    """Code a text; see `typed.typed`."""
    from probes.codebooks.typed import typed  # on use: it imports torch, which listing the analyses must not

    return typed(spec, progress)
