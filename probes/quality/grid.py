"""How much is lost by stopping at an earlier layer and keeping the first d dimensions? (2DMSE, Li et al., 2024)

Quality for every (layer, first d dimensions), all from one pass. A model that was trained for it (2D Matryoshka,
Starbucks) keeps it along its diagonal; for any other the question is whether the *first* dimensions are special, so
beside them stand as many random ones, and the first of the principal axes of other texts.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.quality.reads import ReadsPairs
from probes.values import Source

NEARLY = 0.9
"""The share of the best quality that the economical cell must keep."""


class GridSpec(ReadsPairs):
    """Measure quality at every layer with the first d dimensions, for all d from 8 to the width."""

    kind: ClassVar[str] = "grid"

    version: ClassVar[int] = 2

    draws: int = Field(5, ge=1, le=100)
    """Random choices of dimensions that the first ones are set beside, and random pairings that give the floor."""
    random_init: bool = True
    """Also measure the same architecture with random weights."""


@dataclass(frozen=True)
class GridResult(Displayed):
    """Quality of every cell of layers by dimensions, over its nulls."""

    cells: pd.DataFrame
    """One row a cell: order, layer, dims, compute (share of the blocks that run), bytes (of a vector, float32), value,
    low, high, pearson (NaN for MRR), random, random_low, random_high (of as many random dimensions: mean, least, most),
    pca (of as many principal axes of other texts), untrained (random weights; NaN without), diagonal, pareto."""
    best: str
    """The layer of the best cell, on the half of the pairs that chooses."""
    best_dims: int
    value: float
    """Its quality on the other half."""
    low: float
    high: float
    cheap: str
    """The layer of the cheapest cell (compute times bytes) that keeps nine tenths of the best, chosen alike."""
    cheap_dims: int
    cheap_value: float
    """Its quality on the other half."""
    cheap_low: float
    cheap_high: float
    cheap_random: float
    """What as many random dimensions give there, and as many principal axes."""
    cheap_pca: float
    shuffled: float
    """The quality of the best cell when texts are paired at random, on the half that reports."""
    lexical: float
    """The quality that counts of words give there without a model."""
    measure: str
    title: str
    pairs: int
    texts: int
    depth: int
    width: int
    layers: tuple[str, ...]
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State the best cell, the cheapest that is nearly as good, and what chance and words alone give."""
        found = (
            f"{self.measure} on {self.title} is best at layer {self.best} of {self.depth} with {self.best_dims} "
            f"dimensions: {self.value:.2f} ({self.low:.2f} to {self.high:.2f}); "
        )
        if (self.cheap, self.cheap_dims) == (self.best, self.best_dims):
            found += "nothing cheaper keeps nine tenths of it"
        else:
            found += (
                f"layer {self.cheap} with {self.cheap_dims} has {self.cheap_value:.2f}, as many random dimensions "
                f"{self.cheap_random:.2f}, principal axes {self.cheap_pca:.2f}"
            )
        found += f"; words alone {self.lexical:.2f}, shuffled pairs {self.shuffled:.2f}."
        return found.replace("-0.00", "0.00")

    def frame(self) -> pd.DataFrame:
        """Return the cells."""
        return self.cells

    def table(self, column: str = "value") -> pd.DataFrame:
        """Return one column of the cells as a table of layers by dimensions; raises KeyError for no such column."""
        return self.cells.pivot(index="order", columns="dims", values=column).set_axis(list(self.layers))

    def cell(self, layer: str, dims: int) -> pd.Series:
        """Return one cell; raises KeyError when there is none."""
        found = self.cells[(self.cells.layer == layer) & (self.cells.dims == dims)]
        if found.empty:
            raise KeyError(f"No cell at layer '{layer}' with {dims} dimensions.")
        return found.iloc[0]

    @property
    def kept(self) -> np.ndarray:
        """Quality along Starbucks' diagonal, in its order."""
        return self.cells[self.cells.diagonal].sort_values(["dims", "order"]).value.to_numpy()


def run(spec: GridSpec, progress: Progress) -> GridResult:
    """Read the texts once and measure every cell; see `gridding.study`."""
    from probes.quality.gridding import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
