"""What would the model say next, if it stopped at this layer? (the logit lens, nostalgebraist, 2020)

The states h of every layer go through the model's own final norm and head, and through the head without the norm:

    p = softmax(head(norm(h)))

At the last layer that is the prediction of the model itself, to the bit. The control is a head whose rows are shuffled:
the same states, and the same shape of distribution, over tokens that mean nothing.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source

NORMED, BARE = "after the final norm", "before it"
MOST = 256
"""Tokens of a text: every one is read at every layer, against the whole vocabulary."""


class LensSpec(ReadsModel):
    """Read off every layer what the model would predict if it stopped there."""

    kind: ClassVar[str] = "lens"

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; one saved with its head."""
    text: str = Field("The Eiffel Tower stands in the city of Paris, the capital of France.", max_length=100_000)
    """The text; of a decoder every token is asked what comes next, of an encoder what it is itself when masked."""
    top: int = Field(5, ge=1, le=50)
    """How many of the likeliest tokens are kept, of every layer and position."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides how the control's head is shuffled."""


@dataclass(frozen=True)
class LensResult(Displayed):
    """What each layer predicts at each position of one text."""

    cells: pd.DataFrame
    """One row a layer, reading and position: order, layer, reading, position, token (the one that is read), top and
    probability (the likeliest token), entropy in nats, kl in nats from the last layer's prediction, and of the true
    token truth: rank, truth_p, and shuffled, its rank under a head with shuffled rows; NaN where none is known."""
    tops: pd.DataFrame
    """One row a layer, reading, position and place: layer, reading, position, place (1 is likeliest), top, id,
    probability."""
    layers: pd.DataFrame
    """One row a layer and reading, means over positions: order, layer, reading, entropy, sharpness (probability of the
    likeliest token), kl, agrees (share whose likeliest token is the last layer's), hits (share whose likeliest token is
    the true one), shuffled (the same under the shuffled head)."""
    settled: pd.DataFrame
    """One row a position: position, token, top (what the model predicts), truth, order and layer from which on the
    likeliest token never changes again, and whether it is the true one: right."""
    half: str
    """The layer by which half of the predictions have settled."""
    hits: dict[str, int]
    """How many true tokens come first at the last layer, at that layer and at layer 0."""
    known: int
    """Positions whose true token is known."""
    depth: int
    task: str
    source: Source

    def headline(self) -> str:
        """State where predictions settle, and what the layers know of the true tokens."""
        last, half, first = self.hits.values()
        what = "the true next token" if self.task == "next" else "the masked token"
        return (
            f"Half of the {len(self.settled)} predictions have settled by layer {self.half} of {self.depth}; {what} "
            f"comes first for {last} of {self.known} at the last layer, for {half} at layer {self.half} and for "
            f"{first} at layer 0."
        )

    def frame(self) -> pd.DataFrame:
        """Return what every layer predicts at every position."""
        return self.cells


def run(spec: LensSpec, progress: Progress) -> LensResult:
    """Read every layer through the head; see `reading_layers.read`."""
    from probes.intervention.reading_layers import read  # on use: it imports torch

    return read(spec, progress)
