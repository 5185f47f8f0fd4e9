"""What does a model write when a code is turned up, taken away or put in the place of another?

Codebook Features (Tamkin et al., 2023) steers by overwriting a slot of a trained codebook. Here the model is as it was:
with v the vector of a code (what it stands for, less the layer's mean) and a strength s,

    activate   h + s v           at every token
    suppress   h - s v           at tokens that take the code
    swap       h + s (v' - v)    at tokens that take the code, v' the vector of another

Of a model that was trained with its codes the slot itself is overwritten: at strength 1 the model goes on from what its
codebook makes of the forced codes (activate: in the least similar slot; suppress: none in its slot), at s it goes s
times as far. What stands beside it moves each state as far as that.

Samples with and without share their random numbers. Beside them stand another code's vector of equal length, the
difference of means of the tokens that match the topic and those that do not (at equal length too), and a prompt.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source

How = Literal["activate", "suppress", "swap"]
PLAIN, STEERED, OTHER = "plain", "steered", "other code, equal length"
MEANS, PROMPTED = "difference of means", "prompted"
TOPIC, PERPLEXITY = "topic rate, %", "perplexity"
DISTINCT, PAIRS, REPEATED = "distinct words", "distinct word pairs", "repetition"


class CodeSteerSpec(Spec):
    """Write on from a prompt with codes of a finished run turned up, taken away or swapped, beside the plain model."""

    kind: ClassVar[str] = "codesteer"
    version: ClassVar[int] = 2

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose codes are used; its model must predict the next token."""
    codes: str = Field(min_length=1, max_length=1000)
    """Which codes: layer:code, or layer:book:code, with commas between them."""
    how: How = "activate"
    """activate (add the code everywhere), suppress (take it away where it is), swap (put another in its place)."""
    to: str = Field("", max_length=1000)
    """For swap: a code for each code above, of the same layer and book."""
    strength: float = Field(1.0, ge=-100, le=100)
    """Times the code's vector; 0 changes nothing. Of a codebook model 1 puts the code itself into a slot."""
    prompt: str = Field(min_length=1, max_length=20_000)
    """What is written on."""
    topic: str = Field("", max_length=1000)
    """A regular expression: how many samples it is found in is counted. None for no topic."""
    prompted: str = Field("", max_length=20_000)
    """Another prompt, which asks for the topic in words, to compare with; none for no such comparison."""
    means: bool = True
    """Compare with the difference of means too, where codes are activated and the topic is in the run's own texts."""
    samples: int = Field(12, ge=1, le=256)
    """Texts written under each condition."""
    tokens: int = Field(30, ge=1, le=512)
    """New tokens of each at most."""
    temperature: float = Field(1.0, ge=0, le=10)
    """Divides the logits: 0 takes the likeliest token, so that all samples are the same."""
    top_p: float = Field(0.95, gt=0, le=1)
    """Tokens are drawn from the likeliest that together have this probability."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """The random numbers of the samples, which all conditions share, and the draw of the other code."""


@dataclass(frozen=True)
class CodeSteerResult(Displayed):
    """Texts with and without, and how they differ."""

    summary: pd.DataFrame
    """One row a condition and measure: condition, measure, value, low, high."""
    samples: pd.DataFrame
    """One row a condition and sample: condition, sample, prompt, text, topic, loss (nats a token under the plain
    model), distinct1, distinct2, repetition, same (as the plain text of that sample)."""
    moves: pd.DataFrame
    """One row a code: layer, book, code, word, to, length (of what is added at strength 1)."""
    layers: tuple[str, ...]
    how: How
    strength: float
    size: tuple[int, ...]
    """Samples of each condition."""
    forced: bool
    """Whether codes were put into the model's own codebooks, and not added to its states."""
    topic: str
    source: Source

    def headline(self) -> str:
        """State what was done, how often the topic comes up with it and without, and what it costs in fluency."""
        verbs = {"activate": "Activating", "suppress": "Suppressing", "swap": "Swapping"}
        first, more = self.moves.iloc[0], len(self.moves) - 1
        what = f"{verbs[self.how]} code {first.code} of layer {first.layer}" + (f" and {more} more" if more else "")
        cost = (
            f"perplexity under the plain model is {self.value(STEERED, PERPLEXITY):.1f}, "
            f"{self.value(PLAIN, PERPLEXITY):.1f} without"
        )
        if not self.topic:
            changed = int((~self.samples[self.samples["condition"] == STEERED]["same"]).sum())
            return f"{what} at strength {self.strength:.1f} changes {changed} of {self.size[0]} samples; {cost}."
        rate = {name: f"{self.value(name, TOPIC):.0f} %" for name in (STEERED, PLAIN, OTHER)}
        return (
            f"{what} at strength {self.strength:.1f} brings the topic into {rate[STEERED]} of {self.size[0]} samples, "
            f"{rate[PLAIN]} without and {rate[OTHER]} with another code; {cost}."
        )

    def value(self, condition: str, measure: str) -> float:
        """Return a measure of a condition."""
        rows = self.summary[(self.summary["condition"] == condition) & (self.summary["measure"] == measure)]
        return float(rows["value"].iloc[0])

    def side_by_side(self) -> pd.DataFrame:
        """Return a row a sample, a column a condition: the texts."""
        wide = self.samples.pivot(index="sample", columns="condition", values="text")
        names = list(dict.fromkeys(self.samples["condition"]))
        return wide[names].reset_index().rename_axis(columns=None)

    def frame(self) -> pd.DataFrame:
        """Return the measures by condition."""
        return self.summary


def run(spec: CodeSteerSpec, progress: Progress) -> CodeSteerResult:
    """Write with and without; see `steering.steer`."""
    from probes.codebooks.steering import steer  # on use: it imports torch, which listing the analyses must not

    return steer(spec, progress)
