"""Which tokens did an output rest on? One text, one number the model gives of it, and every token's part in that."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.attribution.names import ATTENTION, COMPLETE, Baseline, Method, Target, seen
from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.values import Source

EXAMPLE = "The capital of France is"


FAR = 10.0
"""Percent of the whole by which attributions may miss it before the answer says not to rely on them."""


class AttributionSpec(ReadsModel):
    """Attribute one number that a model gives of a text (a token's log-probability, a similarity) to its tokens."""

    kind: ClassVar[str] = "attribution"

    model: str = "smollm2"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors."""
    text: str = Field(EXAMPLE, min_length=1, max_length=20_000)
    """The text, read whole."""
    target: Target = "next token"
    """What is explained: the token after the text, one in it, a masked one, the whole text, how alike two texts are,
    why a token has a code, why a probe gives it a class, or why it gives the span around it a label."""
    token: str = Field("", max_length=100)
    """Which token is asked about; none for the likeliest (next) or the one that stands there."""
    against: str = Field("", max_length=100)
    """A second token: then it is explained why the first is likelier than this one."""
    position: int = Field(-1, ge=-1, le=20_000)
    """Which token of the text is predicted, coded or labelled, from 0 with added ones; -1 for the last of the text
    itself."""
    other: str = Field("", max_length=20_000)
    """The second text, where a similarity is explained."""
    run: str = Field("", pattern="^([0-9a-f]{32})?$", examples=["0" * 32])
    """The digest of the run that is asked: of codebooks for a code, of probing for a class, of syntax for a span."""
    code: str = Field("", max_length=60)
    """That code: layer:code, or layer:book:code."""
    label: str = Field("", max_length=200)
    """The class, or the span's label; none for the one that the probe says."""
    method: Method = "feature ablation"
    """How the number is attributed; attention shows where a head looks, which need not be a cause."""
    baseline: Baseline = "mean"
    """What stands in a token's place when it is taken away."""
    steps: int = Field(16, ge=2, le=1000)
    """Points on the way from the baseline to the text, for integrated gradients and conductance."""
    samples: int = Field(25, ge=2, le=10_000)
    """Orders of tokens for Shapley sampling; KernelSHAP reads as many sets of tokens for each token."""
    layers: int = Field(7, ge=2, le=1000)
    """Layers looked at by the methods that go by layer, evenly spaced, the first and the last among them."""
    layer: int = Field(1, ge=1, le=1000)
    """The layer whose attention is shown, the first being 1."""
    head: int = Field(0, ge=0, le=1000)
    """The head whose attention is shown, the first being 0."""
    language: str = ""
    """The programming language of the text, for occlusion by the nodes of its tree."""
    draws: int = Field(3, ge=0, le=1000)
    """Random attributions that taking tokens out and putting them in is set beside; 0 leaves that out."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides what is drawn at random."""


@dataclass(frozen=True)
class AttributionResult(Displayed):
    """Every token's part in one number, and how far it can be trusted."""

    tokens: pd.DataFrame
    """One row a token: position, token, start, end, added (by the tokenizer), value, part (of all absolute values)."""
    layers: pd.DataFrame
    """One row a layer and token, of methods that go by layer: order, layer, position, token, value."""
    nodes: pd.DataFrame
    """One row a node of the tree, of occlusion by node: node, type, start, end, depth, first, last (token), value."""
    curves: pd.DataFrame
    """One row a way (deletion or insertion), attribution (ours or random) and share of tokens: way, by, share, score,
    low and high over the random ones."""
    predictions: pd.DataFrame
    """The likeliest tokens where one is predicted: token, probability."""
    asked: str
    """What is explained, in words."""
    unit: str
    """What the values are measured in."""
    method: str
    baseline: str
    """What stood in a token's place."""
    score: float
    """The number that is explained."""
    without: float
    """The same with every token replaced by the baseline."""
    whole: float
    """Score less `without`: what attributions add up to, where they do."""
    error: float | None
    """How far they miss that, in percent of it; none of methods that do not add up."""
    areas: dict[str, float]
    """Mean score along each curve, as a share of the way from `without` to `score`."""
    source: Source

    def headline(self) -> str:
        """State which token carries most, and how far the attributions add up."""
        own = self.tokens[~self.tokens["added"]]
        top = own.loc[own["value"].abs().idxmax()]
        said = (
            f"By {self.method}, “{seen(str(top.token))}” (token {top.position}) carries most of "
            f"{self.asked}: {_signed(top.value)}{self._whole()}."
        )
        if self.error is not None:
            far = "" if self.error <= FAR else ", too far to rely on: ask for more steps, or for feature ablation"
            said += f" The attributions add up to within {self.error:.1f} % of it{far}."
        return said + self._faithful()

    def _whole(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.method in ATTENTION:
            return " of the attention"
        return f" of {_signed(self.whole)}{unit} over {self.baseline}" if self.method in COMPLETE else unit

    def _faithful(self) -> str:
        if not self.areas:
            return ""
        ours, random = self.areas["deletion, ours"], self.areas["deletion, random"]
        return f" Taking tokens out from the top leaves {ours:.2f} of the score on average, at random {random:.2f}."

    def frame(self) -> pd.DataFrame:
        """Return the tokens."""
        return self.tokens


def _signed(value: float) -> str:
    return f"{value:+.2f}" if abs(value) >= 0.05 else f"{value:+.0e}"


def run(spec: AttributionSpec, progress: Progress) -> AttributionResult:
    """Attribute; see `asking.asking`."""
    from probes.attribution.asking import asking  # on use: it imports torch, which listing the analyses must not

    return asking(spec, progress)
