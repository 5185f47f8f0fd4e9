"""Where does the difference between two prompts sit? (activation patching; Meng et al., 2022; Zhang & Nanda, 2024)

Two prompts that differ in something are read; a state of one of them, at one layer and token, takes the place of the
other's, and the prediction is read again:

    recovered = (value with the patch - value without) / (value of the prompt the state came from - value without)

0 is no effect, 1 is as if all of the prompt had been exchanged. To *denoise* is to put states of the first prompt into
the second: is this state enough? To *noise* is the reverse: is it needed? The control puts in the state of a neighbour:
right layer, wrong token.

Inside a block, what its attention, its MLP or one of its heads gives is exchanged instead: a state of the residual
stream carries all that earlier blocks wrote, these what one block writes. A head is exchanged at all tokens at once.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source

Where = Literal["residual", "attention", "mlp", "heads"]
Metric = Literal["logit difference", "probability", "kl", "rank"]
UNITS = {"logit difference": "logits", "probability": "", "kl": "nats", "rank": ""}
WORDS = {"residual": "residual stream", "attention": "attention's output", "mlp": "MLP's output", "heads": "heads"}


class PatchingSpec(ReadsModel):
    """Exchange single states between two prompts, at every layer and token, and see what it does to the prediction."""

    kind: ClassVar[str] = "patching"

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; one saved with its head."""
    prompt: str = Field("The capital of France is the city of", max_length=20_000)
    """The first prompt; of an encoder it holds one mask token, whose token is predicted."""
    other: str = Field("The capital of Italy is the city of", max_length=20_000)
    """The second prompt, as many tokens long; else say in `align` which token answers to which."""
    answer: str = Field(" Paris", max_length=1000)
    """What the first prompt should be followed by: one token, its blank included."""
    instead: str = Field(" Rome", max_length=1000)
    """What the second prompt should be followed by: one token, its blank included."""
    metric: Metric = "logit difference"
    """What is measured: the logit of the answer less that of the other; the answer's probability or rank; or (kl) how
    far the prediction is from that of the prompt the states come from."""
    direction: Literal["denoise", "noise"] = "denoise"
    """Put states of the first prompt into the second (are they enough?), or of the second into the first (are they
    needed?)."""
    site: Where = "residual"
    """What is exchanged: a state of the residual stream, what a block's attention or its MLP gives, or one head of it
    (at all tokens at once)."""
    align: str = Field("", max_length=20_000)
    """For prompts of different length: for each token of the prompt that is patched, the number of the token its state
    comes from, or - for none, with commas between (0, 1, 2, 2, -, 3); none for one to one."""
    control: bool = True
    """Also put in the state of the neighbouring token, at the same layer."""


@dataclass(frozen=True)
class PatchingResult(Displayed):
    """What each exchanged state does to the prediction."""

    cells: pd.DataFrame
    """One row a layer, token and kind of patch: order, layer, position, token (of the prompt that is patched), given
    (the token whose state is put in), patch ("this token" or "its neighbour"), value and recovered. Of heads one row a
    layer and head: head is its number (-1 at other sites), position -1 and both tokens empty."""
    layers: pd.DataFrame
    """One row a layer and kind of patch: order, layer, patch, most (what the best token or head recovers) and at,
    its name."""
    values: dict[str, float]
    """The measure of the prompt that is patched (without), and of the one the states come from (full)."""
    best: dict[str, str]
    """Layer, token, position and head of the state that recovers most."""
    most: float
    """What it recovers."""
    beside: float | None
    """What its neighbour's state recovers there; none without the control."""
    until: str
    """The last layer at which a state of another token than the one that predicts recovers half; none for none."""
    metric: str
    direction: str
    answers: tuple[str, str]
    site: str
    depth: int
    source: Source

    def headline(self) -> str:
        """State which single state carries most of the difference, beside its control."""
        what = {"denoise": "brings back", "noise": "takes away"}[self.direction]
        start, end = self.values["without"], self.values["full"]
        whose = "its neighbours' states" if self.site == "heads" else "its neighbour's state"
        beside = f", {whose} {self.beside:.2f}" if self.beside is not None else ""
        after = f"; after layer {self.until} only the last token's state does by half" if self.until else ""
        return f"{self._one()} {what} {self.most:.2f} of the {self.metric} between {start:.2f} and {end:.2f}: " + (
            f"{self._name()} at layer {self.best['layer']} of {self.depth}{beside}{after}."
        )

    def _one(self) -> str:
        return {"residual": "One state", "heads": "One head"}.get(self.site, f"One state of the {WORDS[self.site]}")

    def _name(self) -> str:
        if self.site == "heads":
            return f"head {self.best['head']}"
        return f"that of {self.best['token']!r} (token {self.best['position']})"

    def frame(self) -> pd.DataFrame:
        """Return every patch."""
        return self.cells


def run(spec: PatchingSpec, progress: Progress) -> PatchingResult:
    """Patch every layer and token; see `exchange.exchange`."""
    from probes.intervention.exchange import exchange  # on use: it imports torch

    return exchange(spec, progress)
