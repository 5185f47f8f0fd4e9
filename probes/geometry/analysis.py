"""What shape is the cloud of embeddings, at every layer? (Ethayarajh 2019; Rudman et al. 2022; Facco et al. 2017)

Isotropy, rank, intrinsic dimension, hubs, norms and rogue dimensions of the same points in every layer; before and
after centring, all-but-the-top and whitening, which are fitted on other texts. Beside each number stands what it is for
noise of the same norms, for noise of the same covariance, and for the same architecture with random weights.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress
from probes.geometry.reads import ReadsPoints
from probes.values import Source

TRAINED, RANDOM = "trained model", "random init"
RAW = "as they are"
NAMES = {
    "leaf": "leaves of code",
    "word": "words",
    "token": "tokens",
    "text": "texts",
    "snippet": "snippets of code",
    "row": "rows of a matrix",
}
"""Unit → what its points are called."""


class GeometrySpec(ReadsPoints):
    """Measure the shape of the cloud of embeddings at every layer, beside noise and random weights."""

    kind: ClassVar[str] = "geometry"

    draws: int = Field(2, ge=1, le=100)
    """Clouds of noise of each kind that a number is set beside."""
    random_init: bool = True
    """Also measure the same architecture with random weights."""


@dataclass(frozen=True)
class GeometryResult(Displayed):
    """Every measure of every layer, treated and not, over its nulls."""

    scores: pd.DataFrame
    """One row a layer, series, treatment and measure: order, layer, series, treatment, measure, value, low, high.
    Bounds: a jackknife over texts for the untreated model, the least and most of the draws for noise, else NaN."""
    norms: pd.DataFrame
    """One row a layer: order, layer, and the 5, 25, 50, 75 and 95 % points of the norms: p5, p25, p50, p75, p95."""
    rogue: pd.DataFrame
    """The five dimensions of each layer that add most to the mean cosine: order, layer, rank, dimension, share (of all
    that is added, in absolute value), mean, sd."""
    narrowest: str
    """The layer whose points are most alike by mean cosine."""
    unit: str
    depth: int | str
    width: int
    points: int
    """Points that were measured; treatments were fitted on as many others."""
    texts: int
    layers: tuple[str, ...]
    left_out: dict[str, int]
    source: Source

    def headline(self) -> str:
        """State where the cloud is narrowest, by how much, and in how many dimensions it lies there."""
        at = self.narrowest
        cosine, iso, two = (self.row(name, at) for name in ("mean-cosine", "isoscore", "two-nn"))
        half = (cosine.high - cosine.low) / 2
        beside = [f"{self.row('mean-cosine', at, 'isotropic, same norms').value + 0.0:.2f} for isotropic noise"]
        floor = self.scores[(self.scores.series == RANDOM) & (self.scores.layer == at)]
        if len(floor):
            beside.append(f"{self.row('mean-cosine', at, RANDOM).value:.2f} for random weights")
        said = (
            f"{NAMES[self.unit].capitalize()} are most alike at layer {at} of {self.depth}: mean cosine "
            f"{cosine.value:.2f} ± {half:.2f}, {' and '.join(beside)}"
        )
        known = f"IsoScore {iso.value:.2f}" if np.isfinite(iso.value) else ""
        lies = f"{two.value:.1f} of {self.width} dimensions by TwoNN" if np.isfinite(two.value) else ""
        return "; ".join(filter(None, (said, ", ".join(filter(None, (known, lies)))))).replace("-0.00", "0.00") + "."

    def row(self, measure: str, layer: str, series: str = TRAINED, treatment: str = RAW) -> pd.Series:
        """Return one row of the scores; raises KeyError when there is none."""
        every = self.scores
        at = (every.measure == measure) & (every.layer == layer)
        found = every[at & (every.series == series) & (every.treatment == treatment)]
        if found.empty:
            raise KeyError(f"No value of '{measure}' at layer '{layer}' for {series}, {treatment}.")
        return found.iloc[0]

    def frame(self) -> pd.DataFrame:
        """Return the scores."""
        return self.scores


def run(spec: GeometrySpec, progress: Progress) -> GeometryResult:
    """Read the points once and measure every layer; see `study.study`."""
    from probes.geometry.study import study  # on use: it imports torch, which listing the analyses must not

    return study(spec, progress)
