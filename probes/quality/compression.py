"""In how many bytes can a vector be stored, and what is lost? (Learnable vector storage compression, a benchmark)

One layer's vectors are stored by eight methods at several sizes and judged by the same pairs: half precision, int8,
product quantisation, low rank, the first dimensions, pruning, random hashing and signs. What a method learns it learns
from other texts.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.quality.reads import ReadsPairs
from probes.values import Source

PLAIN = "float32"
NEARLY = 0.95
"""The share of the plain vectors' quality that the smallest good storage must keep."""


class CompressionSpec(ReadsPairs):
    """Store the vectors of one layer in fewer bytes and measure what they are still worth."""

    kind: ClassVar[str] = "compression"

    version: ClassVar[int] = 2

    layer: str = ""
    """The layer whose vectors are stored; none for the last one."""
    neighbours: int = Field(10, ge=1, le=100)
    """Nearest texts whose overlap with those of the plain vectors is measured."""


@dataclass(frozen=True)
class CompressionResult(Displayed):
    """Quality and neighbours kept, by method and size."""

    sizes: pd.DataFrame
    """One row a method and size: method, level, bytes (of a vector), shared (once for all), value, low, high, lost,
    lost_low, lost_high (plain minus this, in the same resamples), overlap (of nearest texts), pareto."""
    plain: float
    """The quality of the plain vectors, on the half of the pairs that reports."""
    best: str
    """The method of the smallest storage that keeps 95 % of the plain quality on the half that chooses."""
    best_bytes: float
    plain_bytes: float
    value: float
    """Its quality on the other half."""
    low: float
    high: float
    overlap: float
    chance: float
    """The overlap of nearest texts that random ones have."""
    neighbours: int
    layer: str
    depth: int
    measure: str
    title: str
    pairs: int
    texts: int
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State the smallest storage that seemed as good on half, what it has on the other, and the neighbours kept."""
        return (
            f"{self.best[:1].upper()}{self.best[1:]} in {self.best_bytes:.0f} bytes of {self.plain_bytes:.0f} a vector "
            f"at layer {self.layer} of {self.depth} is the least that seems enough on half of the pairs: on the other "
            f"half {self.measure} {self.value:.2f} ({self.low:.2f} to {self.high:.2f}) where the plain vectors have "
            f"{self.plain:.2f}, and {self.overlap:.2f} of the {self.neighbours} nearest texts, "
            f"{self.chance:.2f} by chance."
        ).replace("-0.00", "0.00")

    def frame(self) -> pd.DataFrame:
        """Return the sizes."""
        return self.sizes


def run(spec: CompressionSpec, progress: Progress) -> CompressionResult:
    """Read the texts once and store them every way; see `compressing.study`."""
    from probes.quality.compressing import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
