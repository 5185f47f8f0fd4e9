"""Does the model use what can be read from a layer? The concept is erased there (Belrose et al., NeurIPS 2023)

The states of labelled texts are edited during the forward pass so that a linear probe no longer finds the label: in
closed form (LEACE), round by round (INLP, Ravfogel et al., 2020), or along the classes' mean difference. A fresh probe
is fitted on edited states; what the erasure costs the model's predictions stands beside removing random subspaces of
equal rank, and of equal rank that hold as much variance.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import pandas as pd
from pydantic import Field

from probes import corpora
from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source

INTACT, OURS, EQUAL_RANK, EQUAL_VARIANCE = "nothing", "the concept", "random, equal rank", "random, equal variance"
Method = Literal["leace", "inlp", "mean difference"]


class ErasureSpec(ReadsModel):
    """Erase from a layer what a linear probe reads there, and see what it costs the model's predictions."""

    kind: ClassVar[str] = "erasure"

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; one saved with its head."""
    corpus: str = corpora.STDLIB
    """Functions of this corpus are one class, English the other; or, with a label, its texts are all there is."""
    language: str = "python"
    """The programming language of the corpus; none for texts as they are."""
    english: str = corpora.STDLIB
    """Without a label, the other class: a corpus of English texts, or python-stdlib for the prose of its docstrings."""
    label: str = ""
    """A label of the corpus (table:FILE?label=COLUMN) whose values are the classes; none for code against English."""
    layer: str = ""
    """The layer whose states are edited; none for the middle one."""
    method: Method = "leace"
    """LEACE: the least edit, in closed form; INLP: round by round; or the difference of the classes' means."""
    rounds: int = Field(8, ge=1, le=200)
    """Rounds of INLP."""
    texts: int = Field(24, ge=4, le=10_000)
    """Texts of each class; half fit the eraser and the probes, half are measured."""
    draws: int = Field(2, ge=1, le=100)
    """Random subspaces of each kind."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the texts, the random subspaces, the masked tokens and the resampling."""

    def pinned(self) -> Self:
        """Name the model and both corpora as they are today."""
        pinned = super().pinned()
        return pinned.model_copy(update={n: corpora.pin(getattr(self, n)) for n in ("corpus", "english")})

    def unpinned(self) -> Self:
        """Let the model and both corpora move again."""
        free = super().unpinned()
        return free.model_copy(update={n: corpora.unpinned(getattr(self, n)) for n in ("corpus", "english")})


@dataclass(frozen=True)
class ErasureResult(Displayed):
    """What is left of the concept, and what its loss costs, beside random subspaces."""

    erased: pd.DataFrame
    """One row a thing removed: removed, rank, share (of the variance), accuracy of a fresh linear probe on held-out
    texts, balanced over classes, with low and high; moved (mean squared change of a state, of the variance)."""
    losses: pd.DataFrame
    """One row a class and thing removed: label, removed, loss, change in nats a token with change_low and change_high,
    and how much more the concept's removal costs than this one, on the same texts: above, above_low, above_high."""
    change: dict[str, float]
    """The mean change of the loss over the classes, by what is removed."""
    labels: tuple[str, ...]
    layer: str
    depth: int
    rank: int
    method: str
    chance: float
    """What guessing scores."""
    draws: int
    task: str
    sizes: dict[str, int]
    """Texts of each class that are measured."""
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State what is left to read, and what the erasure costs beside its controls."""
        before, after = (self.row(name).accuracy for name in (INTACT, OURS))
        what = f"{self.rank} dimension{'s' * (self.rank != 1)}"
        return (
            f"Erasing {what} at layer {self.layer} of {self.depth} takes a fresh linear probe from "
            f"{before:.2f} to {after:.2f} (guessing: {self.chance:.2f}) and changes the loss by "
            f"{self.change[OURS]:.2f} nats, random subspaces of equal rank by {self.change[EQUAL_RANK]:.2f}, "
            f"of equal variance by {self.change[EQUAL_VARIANCE]:.2f}."
        )

    def row(self, removed: str) -> pd.Series:
        """Return the row of what is erased; raises KeyError when there is none."""
        found = self.erased[self.erased["removed"] == removed]
        if found.empty:
            raise KeyError(removed)
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the change of the loss, class by class."""
        return self.losses


def run(spec: ErasureSpec, progress: Progress) -> ErasureResult:
    """Erase, probe again and measure; see `erasing.erase`."""
    from probes.intervention.erasing import erase  # on use: it imports torch

    return erase(spec, progress)
