"""What is lost when the model goes on from its codes? Splice damage of a finished codebook run, layer by layer.

Codes are only read everywhere else. Here the states of one layer (or of a part of it) are replaced by what their codes
stand for while the model predicts tokens, one layer at a time and all at once, beside the run's mean state and zero in
their place. With the loss L and the divergence KL from the predictions as they are:

    loss score = (L ablated - L spliced) / (L ablated - L as it is)        1 for no damage, 0 for that of the ablation
    KL score   = 1 - KL spliced / KL ablated
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source

CODES, MEAN, ZERO = "codes", "mean", "zero"
INSTEAD = (CODES, MEAN, ZERO)
"""What takes the place of the states."""


class SpliceSpec(Spec):
    """Replace states by their codes while the model predicts tokens, and measure what that costs."""

    kind: ClassVar[str] = "splice"

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose codes are spliced in; its model must predict tokens."""
    layers: str = "all"
    """Which of the run's layers, one at a time and all of these at once: all, or labels with commas between them."""
    texts: int = Field(24, ge=2, le=100_000)
    """Held-out texts of the run that the loss is measured on; each token but the first is replaced."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which texts, the masked tokens of an encoder, and the resampling."""


@dataclass(frozen=True)
class SpliceResult(Displayed):
    """The damage of each layer's codes, beside that of two ablations."""

    damage: pd.DataFrame
    """One row a layer ("all at once" the last) and what takes the states' place (codes, mean, zero): order, layer,
    instead, loss (added, nats a token), kl (nats a token), agree (share of first predictions that stay), each with its
    low and high."""
    scores: pd.DataFrame
    """One row a layer: order, layer, explained (variance, from the run), loss_mean, loss_zero, kl_mean, kl_zero: the
    loss and KL scores of codes against either ablation, each with its low and high; NaN where an ablation adds no
    loss."""
    texts: pd.DataFrame
    """One row a layer, what takes the states' place, and text: layer, instead, origin, base, loss, kl, agree."""
    base: float
    """Loss as the model is, nats a token."""
    task: str
    """What is predicted: next tokens, or masked ones."""
    site: str
    """The part of the layers whose states are replaced: residual, attention, mlp, heads, head:2."""
    best: str
    """The layer of the run's headline where it was spliced, else the first one; no loss chose it."""
    source: Source

    def headline(self) -> str:
        """State what one layer's codes cost, and all at once, beside the mean state in their place."""
        one, whole = self.row(self.best), self.row(ALL)
        mean = self.row(self.best, MEAN)
        return (
            f"Going on from the codes of layer {self.best} adds {one.loss:.2f} nats ({one.loss_low:.2f} to "
            f"{one.loss_high:.2f}) to a loss of {self.base:.2f} and keeps {one.agree:.2f} of first predictions, where "
            f"the mean state adds {mean.loss:.2f}; the codes of all {len(self.scores) - 1} layers at once add "
            f"{whole.loss:.2f}."
        )

    def row(self, layer: str, instead: str = CODES) -> pd.Series:
        """Return one row of the damage; raises KeyError when there is none."""
        found = self.damage[(self.damage["layer"] == layer) & (self.damage["instead"] == instead)]
        if found.empty:
            raise KeyError(f"No '{instead}' at layer '{layer}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the damage."""
        return self.damage


ALL = "all at once"


def run(spec: SpliceSpec, progress: Progress) -> SpliceResult:
    """Splice codes in, and compare; see `splicing.spliced`."""
    from probes.codebooks.splicing import spliced  # on use: it imports torch, which listing the analyses must not

    return spliced(spec, progress)
