"""Which kind of codebook says most in the same bits? Seven of them on the same states of one layer of a finished run.

Each budget of B bits a token is spent as each kind can: k-means on 2^B codes (a small budget only: nothing holds 2^24
codes), spherical k-means on directions and gains, product and residual codebooks on more books, sparse codebooks on
more atoms with a coefficient of 4 bits each, in the bits that name any such choice.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source

METHODS = ("kmeans", "spherical", "product", "residual", "pursuit", "itda", "topk")


class EqualBitsSpec(Spec):
    """Compare seven kinds of codebooks at equal bits a token, on the same states of one layer of a finished run."""

    kind: ClassVar[str] = "equalbits"

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose tokens and states all kinds are fitted to and judged on."""
    layer: str = "best"
    """Which layer: the run's best, or a label of it."""
    bits: int = Field(12, ge=6, le=16)
    """The smallest budget, bits a token; the sparse kinds have a dictionary of 2^(bits - 4) atoms."""
    budgets: int = Field(3, ge=1, le=6)
    """How many budgets, each twice the one before."""
    passes: int = Field(8, ge=1, le=1000)
    """Passes over the tokens for each fit; the autoencoder is given twice as many."""
    texts: int = Field(12, ge=2, le=100_000)
    """Held-out texts that the damage is measured on when codes are spliced in, of a model that predicts tokens."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """Decides the fits and the resampling; the next seed fits the second codebooks, for stability."""


@dataclass(frozen=True)
class EqualBitsResult(Displayed):
    """What each kind keeps in each budget."""

    table: pd.DataFrame
    """One row a budget and kind: budget, method, choices (codes a token), size (codes in a book), bits (that name any
    choice), explained with low and high, kl (nats a token when spliced in) with kl_low and kl_high, kl_score (share
    of the mean state's divergence avoided), agree, f1 (mean over concepts of the best code's held-out F1), stability
    (overlap of two seeds) and dead (share of codes without a held-out token); NaN where a model predicts no tokens."""
    concepts: pd.DataFrame
    """One row a budget, kind and concept: budget, method, concept, support (held-out tokens), f1."""
    word: float
    """Variance explained by the mean of the token's word, with as many "codes" as there are words."""
    word_bits: float
    """Bits that name a word."""
    looked_for: int
    """Concepts that are frequent enough on both sides."""
    layer: str
    depth: int
    sizes: tuple[int, int]
    """Tokens fitted to and held out."""
    source: Source

    def headline(self) -> str:
        """State which kind explains most in the largest budget, and which does least damage and finds most concepts."""
        rows = self.table[self.table["budget"] == self.table["budget"].max()]
        top = rows.loc[rows["explained"].idxmax()]
        said = (
            f"In {top.budget} bits a token at layer {self.layer} of {self.depth}, {top.method} explains most of unseen "
            f"tokens ({top.explained:.2f}, {top.low:.2f} to {top.high:.2f})"
        )
        if rows["kl"].notna().any():
            least = rows.loc[rows["kl"].idxmin()]
            said += f", {least.method} does least damage when spliced in ({least.kl:.2f} nats)"
        if self.table["f1"].notna().any():
            best = self.table.loc[self.table["f1"].idxmax()]
            said += (
                f"; concepts are found best by {best.method} in {best.budget} bits (mean F1 {best.f1:.2f} over "
                f"{self.looked_for})"
            )
        return f"{said}."

    def frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table


def run(spec: EqualBitsSpec, progress: Progress) -> EqualBitsResult:
    """Fit every kind in every budget; see `weighing.weighed`."""
    from probes.codebooks.weighing import weighed  # on use: it imports torch, which listing the analyses must not

    return weighed(spec, progress)
