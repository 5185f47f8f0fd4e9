"""How should a text's tokens become one vector? (NV-Embed, Lee et al., 2025; RetroMAE v2, Xiao et al., 2023)

Eight poolings of one layer's tokens under two attention masks, judged by several sets of pairs in the same resamples:
mean, mean weighted by position, last, first and maximum; the words each text brings up in the model's own embedding
table, alone and beside the first token; and latent attention, trained on other texts.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import BeforeValidator, Field, field_validator

from probes import corpora
from probes.contract import Displayed, Progress, parted
from probes.corpora import rated
from probes.models.choice import ReadsModel
from probes.quality.reads import is_rated
from probes.values import Source

ALL = "mean of all"
"""The name of the rows that average the sets of pairs."""
MOST = 6


class PoolingSpec(ReadsModel):
    """Pool one layer's tokens in every way, under both attention masks, and judge the vectors."""

    kind: ClassVar[str] = "pooling"

    version: ClassVar[int] = 2

    tasks: Annotated[tuple[str, ...], BeforeValidator(parted)] = ("lee", "wordsim", "simlex")
    """Sets of pairs that judge: lee, wordsim, simlex, table:FILE, python-stdlib, code:FOLDER, a parallel corpus."""
    other_language: str = ""
    """Of a parallel corpus, the language that is paired with English; none for the one with most sentences."""
    layer: str = ""
    """The layer whose tokens are pooled; none for the last one."""
    masks: Literal["both", "own"] = "both"
    """Also impose the mask that the model was not trained with (causal or bidirectional), or only its own."""
    latents: int = Field(16, ge=0, le=512)
    """Latents of the trained pooling; 0 leaves it out."""
    steps: int = Field(60, ge=1, le=2_000)
    """Steps of training, each on 32 texts or pairs that are kept aside."""
    seeds: int = Field(3, ge=1, le=10)
    """Poolers trained from different starts; their qualities are averaged."""
    random_init: bool = True
    """Also judge the same architecture with random weights."""
    n: int = Field(300, ge=24, le=1_300)
    """Pairs at most of each set, drawn by the seed."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which pairs are drawn, the half of them that chooses, and every other draw."""

    @field_validator("tasks")
    @classmethod
    def _some(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not given or not all(given) or len(set(given)) < len(given) or len(given) > MOST:
            raise ValueError(f"1 to {MOST} different sets of pairs are needed")
        return given

    def pinned(self) -> Self:
        """Name the pairs and the model as they are today."""
        pins = tuple((rated.pin if is_rated(name) else corpora.pin)(name) for name in self.tasks)
        return super().pinned().model_copy(update={"tasks": pins})

    def unpinned(self) -> Self:
        """Let the pairs and the model move again."""
        return super().unpinned().model_copy(update={"tasks": tuple(map(corpora.unpinned, self.tasks))})


@dataclass(frozen=True)
class PoolingResult(Displayed):
    """Quality by set of pairs, mask and pooling."""

    scores: pd.DataFrame
    """One row a set, mask and pooling: task, measure, mask, own, pooling, value, low, high, more, more_low, more_high
    (than the mean under the model's own mask, in the same resamples), spread (of seeds), untrained."""
    best: str
    """The pooling that is best on the half of the pairs that chooses, averaged over sets."""
    best_mask: str
    value: float
    """Its quality on the other half, averaged over sets."""
    low: float
    high: float
    plain: float
    """That of the mean under the model's own mask."""
    untrained: float | None
    """That of the named pooling on random weights; none when these were not asked for."""
    own: str
    layer: str
    depth: int
    pairs: dict[str, int]
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State the pooling chosen on half of the pairs, its quality on the other half, and that of the mean."""
        sets = f"{len(self.pairs)} sets" if len(self.pairs) > 1 else "one set"
        floor = "" if self.untrained is None else f", and random weights {self.untrained:.2f}"
        return (
            f"Chosen on half of the pairs of {sets}, {self.best} under a {self.best_mask} mask does best at layer "
            f"{self.layer} of {self.depth}: {self.value:.2f} ({self.low:.2f} to {self.high:.2f}) on the other half, "
            f"where the mean under the model's own mask ({self.own}) has {self.plain:.2f}{floor}."
        ).replace("-0.00", "0.00")

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def run(spec: PoolingSpec, progress: Progress) -> PoolingResult:
    """Read every token once a mask and pool it every way; see `benching.study`."""
    from probes.quality.benching import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
