"""How large is a model, and what does reading it take? Counted before a weight is read or fetched.

The answer holds what is needed, which is the same on every machine; what is free is another matter, asked where it is
shown. Sizes: `probes.models.memory`.
"""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.checkup.names import short
from probes.contract import Displayed, Progress
from probes.models.choice import ReadsModel
from probes.models.memory import Shape, Work, need, needs
from probes.values import Source, digest_of


class SizeSpec(ReadsModel):
    """Count a model's parameters, and the memory it takes to read it, in every precision."""

    kind: ClassVar[str] = "size"

    tokens: int = Field(512, ge=1, le=1_000_000)
    """Tokens of one text."""
    texts: int = Field(8, ge=1, le=65_536)
    """Texts read in one forward pass."""
    layers: int = Field(0, ge=0, le=10_000)
    """Layers kept whole; 0 when each is pooled as it passes, as in every analysis of a corpus."""

    @property
    def work(self) -> Work:
        """What one forward pass is to do."""
        return Work(self.tokens, self.texts, self.layers, self.attention)

    @property
    def precision(self) -> str:
        """The precision asked for: the quantisation where there is one, else the type."""
        return self.dtype if self.quantise == "none" else self.quantise


@dataclass(frozen=True)
class SizeResult(Displayed):
    """A model's shape, and what it needs in each precision."""

    name: str
    family: str
    parameters: int
    millions: float
    linear: int
    depth: int
    width: int
    feed_forward: int
    heads: int
    vocabulary: int
    context: int
    """Tokens a text may have; 0 when it is not known before loading."""
    counted: str
    tokens: int
    """In one forward pass, all its texts together."""
    precision: str
    gib: float
    """What the precision asked for takes."""
    needs: pd.DataFrame
    """One row a precision: precision, weights, activations, needed (bytes) and gib."""
    source: Source

    @property
    def shape(self) -> Shape:
        """What the size follows from, to weigh other work with."""
        values = {name: getattr(self, name) for name in Shape.__dataclass_fields__ if name != "layers"}
        return Shape(**values, layers=self.depth)

    def headline(self) -> str:
        """State how large the model is and what it takes."""
        return (
            f"{self.name} has {self.millions:.1f} M parameters in {self.depth} layers of {self.width}; in "
            f"{self.precision} it takes {self.gib:.2f} GiB to read {self.tokens} tokens at a time."
        )

    def frame(self) -> pd.DataFrame:
        """Return what each precision needs."""
        return self.needs


def run(spec: SizeSpec, progress: Progress) -> SizeResult:
    """Count the model; raises what finding it would raise, and nothing is loaded."""
    from probes.models import build, shapes  # on use: they import torch, which listing the analyses must not
    from probes.models.provenance import LIBRARIES

    progress.report(0, 1, "reading the configuration")
    shape = shapes.shape_of(spec.model, spec.revision)
    return SizeResult(
        name=short(spec.model),
        millions=shape.parameters / 1e6,
        depth=shape.layers,
        tokens=spec.tokens * spec.texts,
        precision=spec.precision,
        gib=need(shape, spec.work, spec.precision).needed / 2**30,
        needs=needs(shape, spec.work),
        source=Source(
            model=spec.model,
            revision=spec.revision or "",
            weights="not read",
            dtype=spec.dtype,
            device=build.device_of("auto"),
            corpus="none",
            corpus_digest=digest_of([]),
            seed=0,
            notes=(f"Parameters {shape.counted}.",),
            versions={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        ),
        **{k: v for k, v in vars(shape).items() if k != "layers"},
    )
