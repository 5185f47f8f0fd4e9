"""Which code carries the difference? The codes of one prompt put into another, layer by layer and place by place.

A state is moved by what its new codes stand for, less what its own stand for, so that what the codes leave over stays.
What comes of it is the Jensen-Shannon divergence (nats, at most ln 2) between the next-token distribution and that of
the prompt the codes are from: `moved` is the part of the way that the output went, 1 - JSD after / JSD before. Beside
it stand whole states put in the same place, and codes drawn at random. A model that was trained with its codes leaves
nothing over: it goes on from the new ones alone.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source

CODES, STATES, RANDOM = "its codes", "its whole states", "codes at random"


class CodePatchSpec(Spec):
    """Put the codes of one prompt into another, at every layer and place, and measure where the output goes."""

    kind: ClassVar[str] = "codepatch"

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose codes are used; its model must predict the next token."""
    source: str = Field(min_length=1, max_length=2_000)
    """The prompt that codes are taken from."""
    target: str = Field(min_length=1, max_length=2_000)
    """The prompt they are put into; places are matched from the end."""
    layers: str = "all"
    """Which of the run's layers: all, or their labels with commas between them."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """Draws the codes at random."""


@dataclass(frozen=True)
class CodePatchResult(Displayed):
    """How far the output goes with each place patched alone."""

    cells: pd.DataFrame
    """One row a layer, place and kind of patch: order, layer, place (1 is the last token), token, instead (the token
    that codes are from), series, jsd, moved."""
    before: float
    """JSD of the two prompts' outputs, in nats."""
    next_source: str
    """The likeliest next token after the source."""
    next_target: str
    """The likeliest next token after the target."""
    layers: tuple[str, ...]
    source: Source

    def headline(self) -> str:
        """State which place moves the output most, how far, and what whole states and random codes do there."""
        own = self.cells[self.cells["series"] == CODES]
        best = own.loc[own["moved"].idxmax()]
        here = self.cells[(self.cells["layer"] == best.layer) & (self.cells["place"] == best.place)]
        moved = here.set_index("series")["moved"]
        return (
            f"The source's codes at layer {best.layer}, place {best.place} from the end, take the output "
            f"{moved[CODES]:.2f} of the way ({self.before:.2f} nats); its whole states there {moved[STATES]:.2f}, "
            f"codes at random {moved[RANDOM]:.2f}."
        )

    def frame(self) -> pd.DataFrame:
        """Return the cells."""
        return self.cells


def run(spec: CodePatchSpec, progress: Progress) -> CodePatchResult:
    """Patch every place; see `patching.patch`."""
    from probes.codebooks.patching import patch  # on use: it imports torch, which listing the analyses must not

    return patch(spec, progress)
