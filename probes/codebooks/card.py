"""What is one code? Its places, its words, what it picks out, and what it does to the next token when it is nudged.

Everything that is counted is counted on held-out tokens of a finished run. What the code does is asked of the model,
where it predicts the next token; see `nudging`.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source


class CardSpec(Spec):
    """Show one code of a finished run: where it fires, which words it takes, and what it does to the next token."""

    kind: ClassVar[str] = "card"
    version: ClassVar[int] = 3

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose code is shown."""
    layer: str = Field("best", min_length=1, max_length=40)
    """The layer's label, or best for the run's best layer."""
    book: int = Field(0, ge=0, le=63)
    """Which book's code, where a codebook has several."""
    code: int = Field(0, ge=0, le=65_535)
    """The code's number in its book."""
    texts: int = Field(8, ge=1, le=64)
    """Held-out texts in which the code is nudged, at one token each."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """Draws the other codes that this one is compared with, and resamples texts."""


@dataclass(frozen=True)
class CardResult(Displayed):
    """A code, looked at from every side."""

    layer: str
    book: int
    code: int
    count: int
    """Held-out tokens that take it."""
    share: float
    """The same in percent of all."""
    words: pd.DataFrame
    """word, count, share, recall: its commonest words."""
    atom: pd.DataFrame
    """The fitted token whose state it is, in its context, where codes are real states (itda); see `cards.atom`."""
    contexts: pd.DataFrame
    """The places it decodes best; see `cards.contexts`."""
    quantiles: pd.DataFrame
    """Places from the best decoded to the worst; see `cards.quantiles`."""
    density: pd.DataFrame
    """How often it fires by where in a text; see `cards.density`."""
    picks: pd.DataFrame
    """Leaf types it picks out: label, support, precision, recall, f1, low, high, fit_f1."""
    near: pd.DataFrame
    """code, word, cosine: the codes of its book that point most the same way."""
    together: pd.DataFrame
    """In each layer and book, the other code that shares most of its tokens."""
    logits: pd.DataFrame
    """Tokens it raises and lowers most along the direct path: token, direct, measured, side; empty of an encoder,
    and of a code that is not of the residual stream."""
    nudges: pd.DataFrame
    """strength, series, kl, low, high: nats between the next-token distributions; empty of an encoder."""
    nudged: int
    """Texts in which it was nudged."""
    agreement: float
    """Correlation over the vocabulary of what the direct path says and what was measured; 0 without one of them."""
    refusal: str
    """Why nothing was nudged; empty when it was."""
    source: Source

    def headline(self) -> str:
        """State how often the code fires and on what, and what turning it up does."""
        word = self.words["word"].iat[0].strip() if len(self.words) else ""
        most = f", most often “{word}”" if word.isprintable() and word else ""
        where = f"Code {self.code} of layer {self.layer}" + (f", book {self.book}," if self.book else "")
        itself = self.atom["token"].iat[0].strip() if len(self.atom) else ""
        where += f", the state of a token “{itself}”," if itself and itself.isprintable() else ""
        said = f"{where} fires on {self.count:,} held-out tokens, {self.share:.2f} %{most}"
        if self.nudges.empty:
            return f"{said}."
        kl = self.nudges[self.nudges["strength"] == 1].set_index("series")["kl"]
        return (
            f"{said}; adding it once more moves what comes next by {kl.iloc[0]:.2f} nats, other codes of equal length "
            f"by {kl.iloc[1]:.2f}."
        )

    def frame(self) -> pd.DataFrame:
        """Return the places it decodes from best to worst, or how often it fires where there are none."""
        return self.quantiles if len(self.quantiles) else self.density


def run(spec: CardSpec, progress: Progress) -> CardResult:
    """Make the card of a code; see `carding.made`."""
    from probes.codebooks.carding import made  # on use: it imports torch, which listing the analyses must not

    return made(spec, progress)
