"""Does the model use its syntactic subspace, or is it only there? (amnesic probing, Elazar et al., TACL 2021)

The subspace a finished run's probe reads is removed from the states of one layer while the model predicts tokens. What
that costs is compared with removing random subspaces: of equal rank, and of equal rank that hold as much variance.
Code the probe has not seen is set beside English, where there is no syntax tree of code to lose.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field

from probes import corpora
from probes.contract import Displayed, Progress, Spec
from probes.values import Source

OURS, EQUAL_RANK, EQUAL_VARIANCE = "syntactic subspace", "random, equal rank", "random, equal variance"
SUBSPACES = (OURS, EQUAL_RANK, EQUAL_VARIANCE)
CODE, ENGLISH = "code", "English"
REMOVE, KEEP = "remove", "keep only"


class CausalSpec(Spec):
    """Remove the syntactic subspace of a finished syntax run, and see what it costs the model's predictions."""

    kind: ClassVar[str] = "causal"
    version: ClassVar[int] = 2

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the syntax run whose subspace is removed; its model must predict tokens."""
    layers: str = "best"
    """Layers to remove it at, one at a time: the run's best, or labels with commas between them (4, 12, 30 + norm)."""
    rank: int | None = Field(None, ge=1, le=4096)
    """Dimensions to remove, those that weigh most in the probe; none for all of the run's."""
    texts: int = Field(48, ge=2, le=100_000)
    """Texts of each kind that the loss is measured on; as many others give the states' mean and covariance."""
    draws: int = Field(4, ge=1, le=1000)
    """Random subspaces of each kind."""
    keep: bool = True
    """Also do the reverse: keep the subspace, and remove all that is outside it."""
    english: str = corpora.STDLIB
    """A corpus of English texts (table:FILE, hub:NAME), or python-stdlib for the prose of its docstrings."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the random subspaces, the order of the English, the masked tokens and the resampling."""

    def pinned(self) -> Self:
        """Name the English corpus as it is today."""
        return self.model_copy(update={"english": corpora.pin(self.english)})

    def unpinned(self) -> Self:
        """Let the English corpus move again."""
        return self.model_copy(update={"english": corpora.unpinned(self.english)})


@dataclass(frozen=True)
class CausalResult(Displayed):
    """What removing the subspace, and keeping only it, does to the loss, beside random subspaces."""

    changes: pd.DataFrame
    """One row a kind of text, layer, edit and subspace: text, order, layer, edit, subspace, share (of the states'
    variance that lies in the subspace), loss and its change in nats a token with low and high, and how much more the
    syntactic subspace changes it than this control, on the same texts: above, above_low, above_high."""
    downstream: pd.DataFrame
    """One row an edited layer, subspace removed there ("nothing removed" for none) and layer from there on: layer,
    subspace, order, at, and F1 of the run's own probe at `at` on the same functions: f1, low, high."""
    losses: pd.DataFrame
    """One row a text, layer, edit and subspace: text, origin, layer, edit, subspace, base, loss (the mean over
    the random subspaces)."""
    base: dict[str, float]
    """The mean loss of each kind of text when nothing is edited."""
    best: str
    """The layer the headline is about: the run's best when it was asked for, else the first; no loss chose it."""
    rank: int
    depth: int
    draws: int
    task: str
    """What is predicted: next tokens, or masked ones."""
    sizes: dict[str, int]
    """Texts of each kind."""
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State what the removal costs on code, and whether that is more than both controls cost."""
        ours, rank, variance = (self.row(CODE, self.best, name) for name in SUBSPACES)
        away = f"{'raises' if ours.change >= 0 else 'lowers'} the loss on code by {abs(ours.change):.2f}"
        said = (
            f"Removing the {self.rank} syntactic dimensions at layer {self.best} of {self.depth} {away} from "
            f"{self.base[CODE]:.2f} nats, {_beside(rank)} random subspaces of equal rank and {_beside(variance)} those "
            "of equal variance"
        )
        if self.used(self.best):
            return f"{said}: significantly more than both, so the model uses them."
        return f"{said}: not significantly more than both, so this does not show that the model uses them."

    def used(self, layer: str) -> bool:
        """Say whether removal hurts on code more than both controls do, their intervals being above zero."""
        return all(self.row(CODE, layer, name).above_low > 0 for name in (EQUAL_RANK, EQUAL_VARIANCE))

    def row(self, text: str, layer: str, subspace: str, edit: str = REMOVE) -> pd.Series:
        """Return one row of the changes; raises KeyError when there is none."""
        every = self.changes
        at = (every["text"] == text) & (every["layer"] == layer)
        found = every[at & (every["subspace"] == subspace) & (every["edit"] == edit)]
        if found.empty:
            raise KeyError(f"No change of '{text}' at layer '{layer}'.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the changes."""
        return self.changes


def _beside(row: pd.Series) -> str:
    """Put a difference in words, and say when its interval holds zero."""
    if not np.isfinite(row.above):
        return "not comparable with"
    doubt = "not clearly " if row.above_low <= 0 <= row.above_high else ""
    return f"{doubt}{abs(row.above):.2f} {'more' if row.above >= 0 else 'less'} than"


def run(spec: CausalSpec, progress: Progress) -> CausalResult:
    """Remove, keep, and compare; see `use.use`."""
    from probes.syntax.use import use  # on use: it imports torch, which listing the analyses must not

    return use(spec, progress)
