"""How alike are the layers of one model, or of two, on the same texts? (Kornblith et al., ICML 2019, and relatives)

A layer is the geometry it gives the texts: which lie near which. Two layers are compared by their Gram matrices alone,
so widths, tokenizers and architectures may differ. Every value stands beside what rows paired at random give, and what
the same architectures give with random weights, which is never nothing: alike texts lie alike in any network.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import BeforeValidator, Field, field_validator

from probes import corpora
from probes.contract import Displayed, Progress, parted
from probes.models import pin
from probes.models.choice import ReadsModel
from probes.values import Source

SAME = "same"
"""What `other` says for the same model."""
Named = Literal[
    "cka-unbiased", "cka-unbiased-standardised", "cka", "cka-rbf", "rsa-spearman-cosine", "mutual-knn", "procrustes"
]
FAST: tuple[Named, ...] = (
    "cka-unbiased",
    "cka-unbiased-standardised",
    "cka",
    "cka-rbf",
    "rsa-spearman-cosine",
    "mutual-knn",
)


class LikenessSpec(ReadsModel):
    """Compare every layer of a model with every layer of another, or of itself, on the same texts."""

    kind: ClassVar[str] = "likeness"

    model: str = "minilm"
    """A name of the catalogue, a hub id, or a folder with config.json and safetensors."""
    other: str = "e5-small"
    """The model it is compared with, named alike: another one, its fine-tuned or its base; or same, for itself."""
    other_revision: str | None = None
    """The commit of the other model, none for the newest that is cached; of a folder, the state of its files."""
    other_adapter: str | None = None
    """A PEFT adapter on top of the other model: with other left at same, what the adapter did to each layer."""
    other_adapter_revision: str | None = None
    """The commit of that adapter, none for the newest that is cached; of a folder, the state of its files."""
    corpus: str = "gettext:django"
    """Any corpus: python-stdlib, code:FOLDER, table:FILE, hub:NAME, gettext:…, flores:FOLDER, …"""
    texts_in: str = ""
    """The language its texts are taken in; none for English of a parallel corpus, and for all texts of any other."""
    n: int = Field(120, ge=16, le=1_000)
    """Texts, the same for both models."""
    pooling: Literal["mean", "weighted", "last", "first"] = "mean"
    """How a text becomes one vector: mean of its tokens, mean weighted by position, last or first token."""
    measures: Annotated[tuple[Named, ...], BeforeValidator(parted)] = FAST
    """How likeness is measured, the first in the figures: cka-unbiased, cka-unbiased-standardised, cka, cka-rbf,
    rsa-spearman-cosine, mutual-knn, procrustes (slow)."""
    random_init: bool = True
    """Also compare the same architectures with random weights."""
    draws: int = Field(20, ge=2, le=1_000)
    """Random pairings that the chance level is taken from, and random halves of the texts that the interval is."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Decides which texts are drawn, the pairings, the halves and the random weights."""

    @field_validator("measures")
    @classmethod
    def _some(cls, given: tuple[Named, ...]) -> tuple[Named, ...]:
        if not given:
            raise ValueError("at least one measure is needed")
        return tuple(dict.fromkeys(given))

    @property
    def alone(self) -> bool:
        """Whether the model is compared with itself."""
        return self.other == SAME and not self.other_adapter

    def twin(self) -> ReadsModel:
        """Return which model the other one is."""
        if self.alone:
            return self.choice()
        revision = self.revision if self.other == SAME else self.other_revision
        named = {"model": self.model if self.other == SAME else self.other, "revision": revision}
        adapted = {"adapter": self.other_adapter, "adapter_revision": self.other_adapter_revision}
        return self.choice().model_copy(update=named | adapted)

    def pinned(self) -> Self:
        """Name the corpus and both models as they are today."""
        revision = self.other_revision if self.other == SAME else pin.pin(self.other, self.other_revision)
        adapter = self.other_adapter_revision
        adapter = pin.pin_folder(self.other_adapter, adapter) if self.other_adapter else adapter
        named = {"corpus": corpora.pin(self.corpus), "other_revision": revision, "other_adapter_revision": adapter}
        return super().pinned().model_copy(update=named)

    def unpinned(self) -> Self:
        """Let the corpus and both models move again."""
        names = ("other_revision", "other_adapter_revision")
        moving = {name: None for name in names if pin.made(getattr(self, name))}
        return super().unpinned().model_copy(update=moving | {"corpus": corpora.unpinned(self.corpus)})


@dataclass(frozen=True)
class LikenessResult(Displayed):
    """How alike every layer of one model is to every layer of the other, by each measure."""

    likeness: pd.DataFrame
    """One row a measure and pair of layers: measure, order, layer, other_order, other_layer, value, low, high, null
    (the mean of rows paired at random), null_high (their 95th percentile), random (random weights; absent without)."""
    change: pd.DataFrame
    """One row a measure, model and step from a layer to the next: measure, model, order, layer (the later one), before,
    change (1 - similarity, or the distance), low, high, random."""
    agreement: pd.DataFrame
    """One row a pair of measures: measure, other, rho (Spearman over pairs of layers; distances are turned
    round), pairs."""
    model: str
    other: str
    how: Literal["one", "kin", "two"]
    """One model with itself; two with the same layers and width, as a base and its fine-tuned; or any two."""
    measure: str
    """The first of the measures, as a figure says it."""
    measures: tuple[str, ...]
    distance: bool
    """Whether the first measure is 0, and not 1, for a layer and itself."""
    layers: tuple[str, ...]
    other_layers: tuple[str, ...]
    depth: int
    other_depth: int
    best: tuple[str, str]
    """The pair of layers that the headline is about, chosen on one half of the texts: of two models the most alike, of
    kin the same layer where it differs most, of one the step with the most change."""
    value: float
    """Its value on the other half of the texts."""
    low: float
    high: float
    null: float
    """What rows of it paired at random give, on average."""
    random: tuple[float, ...]
    """What random weights give for the same pair; nothing when they were not asked for."""
    average: float
    """Of one model the mean over neighbouring layers, of kin over equal layers, of two over each layer's best match."""
    texts: int
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State which layers are most alike, or change most, by how much, and what chance and random weights give."""
        here, there = self.best
        said = f"{self.measure} {self.value:.2f} ({self.low:.2f} to {self.high:.2f})"
        floors = f"texts paired at random {self.null:.2f}"
        floors += "".join(f", random weights {value:.2f}" for value in self.random)
        if self.how == "one":
            found = f"{self.model} changes most from layer {here} to layer {there} of {self.depth}: {said}, "
            return found + f"{self.average:.2f} between neighbours on average; {floors}."
        if self.how == "kin":
            found = f"{self.model} and {self.other} differ most at layer {here} of {self.depth}: {said}, "
            return found + f"{self.average:.2f} over all layers on average; {floors}."
        found = f"Layer {here} of {self.depth} of {self.model} is most like layer {there} of {self.other_depth} of "
        return found + f"{self.other}: {said}; {floors}."

    def frame(self) -> pd.DataFrame:
        """Return the likeness of all pairs of layers."""
        return self.likeness

    def of(self, measure: str) -> pd.DataFrame:
        """Return the pairs of layers by one measure; raises KeyError when it was not asked for."""
        found = self.likeness[self.likeness.measure == measure]
        if found.empty:
            raise KeyError(f"'{measure}' was not measured; there are {', '.join(self.measures)}.")
        return found


def run(spec: LikenessSpec, progress: Progress) -> LikenessResult:
    """Read both models once and compare all layers; see `likening.compare`."""
    from probes.alignment.likening import compare  # on use: it imports torch, which listing the analyses must not

    return compare(spec, progress)
