"""Can a direction steer the model, and at what price? (steering vectors; in-context vectors, Liu et al., ICML 2024)

Of pairs of texts (more, less), d = h(more) - h(less) at their last tokens. The vector is

    mean difference       the mean of d
    principal direction   the direction along which the d are longest together, as long as their mean, on its side

and is added to every state of one layer, `strength` times; the states keep their length. What it does to the next word
after neutral prompts stands beside what it does to the loss of other texts, and beside random directions as long.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import pandas as pd
from pydantic import Field

from probes import corpora
from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source

OURS, RANDOM = "steering vector", "random directions"
MORE = (
    "I love this film | The food was wonderful | What a beautiful day | She is happy today | The service was excellent "
    "| It was a great success | The trip was a joy | They were kind to us"
)
LESS = (
    "I hate this film | The food was terrible | What a miserable day | She is sad today | The service was awful "
    "| It was a complete failure | The trip was a nightmare | They were rude to us"
)
PROMPTS = "I think the movie was | Overall the hotel was | My new job is | Honestly, I feel | The weather today is"


class SteeringSpec(ReadsModel):
    """Add a direction made of pairs of texts to one layer's states, and see what it does and what it costs."""

    kind: ClassVar[str] = "steering"

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors; a decoder."""
    more: str = Field(MORE, max_length=100_000)
    """Texts that have what is wanted, with | between them."""
    less: str = Field(LESS, max_length=100_000)
    """As many texts that have the opposite: the first goes with the first, and so on."""
    method: Literal["mean difference", "principal direction"] = "mean difference"
    """How the differences of the pairs become one direction."""
    layer: str = ""
    """The layer whose states are moved; none for the middle one."""
    most: float = Field(2.0, gt=0, le=100)
    """The largest strength: how many times the vector is added, to either side."""
    steps: int = Field(4, ge=1, le=50)
    """Strengths between nothing and the largest, on either side."""
    keep_norm: bool = True
    """Scale every state back to the length it had."""
    prompts: str = Field(PROMPTS, max_length=100_000)
    """Prompts whose next word is watched, with | between them."""
    words: str = Field(" great | good | wonderful | happy | beautiful", max_length=10_000)
    """Next words that are wanted, with | between them; each is told by its first token."""
    against: str = Field(" bad | terrible | awful | sad | horrible", max_length=10_000)
    """Next words that are not wanted."""
    english: str = corpora.STDLIB
    """What the price is measured on: a corpus of English texts, or python-stdlib for the prose of its docstrings."""
    texts: int = Field(8, ge=4, le=10_000)
    """Texts that the loss is measured on."""
    draws: int = Field(2, ge=1, le=100)
    """Random directions."""
    tokens: int = Field(20, ge=1, le=200)
    """Tokens that the first prompt is written on by, at no and at full strength."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides the random directions and the resampling."""

    def pinned(self) -> Self:
        """Name the model and the corpus as they are today."""
        return super().pinned().model_copy(update={"english": corpora.pin(self.english)})

    def unpinned(self) -> Self:
        """Let the model and the corpus move again."""
        return super().unpinned().model_copy(update={"english": corpora.unpinned(self.english)})


@dataclass(frozen=True)
class SteeringResult(Displayed):
    """What a direction does to the next word, and to the loss."""

    sweep: pd.DataFrame
    """One row a strength and kind of direction: direction, strength, effect (log odds of the wanted words over the
    others, mean over prompts) with effect_low and effect_high, loss, and its change in nats a token (low, high)."""
    samples: pd.DataFrame
    """One row a strength: strength, prompt, text (what the model writes on, likeliest token by token)."""
    vector: pd.DataFrame
    """One row a dimension: dimension, value."""
    agreement: float
    """Mean cosine of a pair's difference with the mean of the other pairs'."""
    length: float
    """How long the vector is, as a part of the mean length of the states it is added to."""
    best: float
    """The strength whose effect is largest among those that cost at most half a nat; 0 when none gains anything."""
    layer: str
    depth: int
    pairs: int
    draws: int
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State what the direction does at its best affordable strength, and its price."""
        still, ours, random = self.row(OURS, 0.0), self.row(OURS, self.best), self.row(RANDOM, self.best)
        if self.best == 0:
            return (
                f"At layer {self.layer} of {self.depth} no strength raises the log odds of the wanted words above "
                f"{still.effect:.2f} for half a nat or less."
            )
        return (
            f"At layer {self.layer} of {self.depth}, strength {self.best:.1f} takes the log odds of the wanted words "
            f"from {still.effect:.2f} to {ours.effect:.2f} (random directions: {random.effect:.2f}) and the loss "
            f"on other texts from {still.loss:.2f} to {ours.loss:.2f} nats."
        )

    def row(self, direction: str, strength: float) -> pd.Series:
        """Return one row of the sweep; raises KeyError when there is none."""
        rows = self.sweep[(self.sweep["direction"] == direction) & (self.sweep["strength"] == strength)]
        if rows.empty:
            raise KeyError(f"Strength {strength} was not tried.")
        return rows.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the sweep."""
        return self.sweep


def run(spec: SteeringSpec, progress: Progress) -> SteeringResult:
    """Make the vector and sweep its strength; see `adding.steer`."""
    from probes.intervention.adding import steer  # on use: it imports torch

    return steer(spec, progress)
