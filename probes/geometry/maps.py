"""Where does each point lie, layer by layer? A map of the cloud at every layer, each laid over the one before.

What a map keeps is stated with it: trustworthiness, continuity, nearest neighbours, distances, and how far another seed
draws the same. A picture without these is an opinion.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from probes.contract import Displayed, Progress
from probes.geometry.analysis import NAMES
from probes.geometry.clusters import UNNAMED
from probes.geometry.reads import ReadsPoints
from probes.values import Source

TITLES = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE", "probe": "PCA in a probe's subspace"}
MOST = {"pca": 1_000_000, "umap": 200_000, "tsne": 20_000, "probe": 200_000}
"""Points that each method maps in a time a person would wait."""
LENDERS = {"syntax": "probes.syntax.subspace:lent", "probing": "probes.probing.directions:lent"}
"""Kind of run → what lends its subspace, by name: rooms do not import each other."""


class MapSpec(ReadsPoints):
    """Draw the same points at every layer, so that a slider over layers moves them."""

    kind: ClassVar[str] = "map"

    version: ClassVar[int] = 4

    n: int = Field(1000, ge=24, le=1_000_000)
    """Points, drawn by the seed: of UMAP at most 200,000, of t-SNE 20,000."""
    method: Literal["pca", "umap", "tsne", "probe"] = "pca"
    """How two dimensions are made: PCA leaves nothing to chance; UMAP and t-SNE keep neighbours better; probe is PCA
    inside the subspace of a finished probe."""
    run: str = Field("", pattern="^([0-9a-f]{32})?$", examples=["0" * 32])
    """Of the method probe, the digest of a syntax run (its syntactic subspace) or a probing run (class directions)."""
    metric: Literal["cosine", "euclidean"] = "cosine"
    """What near means: cosine takes every vector at length 1."""
    neighbours: int = Field(15, ge=2, le=200)
    """Neighbours that UMAP and t-SNE try to keep, and that a map is judged by; at most a third of the points."""
    apart: float = Field(0.1, ge=0, le=0.99)
    """How near UMAP puts points that are alike (min_dist)."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        most = MOST[self.method]
        if self.n > most:
            raise ValueError(f"{TITLES[self.method]} maps at most {most:,} points; PCA maps a million")
        return self


@dataclass(frozen=True)
class MapResult(Displayed):
    """Points at their places in every layer, and what these places keep."""

    quality: pd.DataFrame
    """One row a layer: order, layer, trustworthiness, continuity, neighbours (share of the nearest kept), chance (that
    share for shuffled points), distances (Spearman), stability (share of neighbours another seed draws too), random
    (neighbours that PCA of a random subspace of the probe's rank keeps; NaN for other methods)."""
    points: pd.DataFrame
    """One row a point: word, before, after, kind, type, place, origin, text; then the columns of a matrix's file."""
    xy: np.ndarray
    """float32 [layer, row, 2]: centred, at distance 1 in the root mean square, each layer laid over the one before."""
    near: np.ndarray
    """int32 [layer, row, 10]: the nearest other points in the layer itself, not in its map, nearest first; no rows for
    PCA and t-SNE of more than 20,000 points."""
    explained: np.ndarray
    """float64 [layer]: the share of the variance that PCA's two axes hold; NaN for another method."""
    clusters: np.ndarray
    """int32 [layer, row]: which cluster of the layer's map a point is in, the largest 0; -1 for none."""
    named: pd.DataFrame
    """One row a layer and cluster: cluster, size, x, y, label (its words by c-TF-IDF), order, layer."""
    method: str
    neighbours: int
    judged: int
    """Points that the quality was judged on."""
    best: str
    """The layer whose map keeps most neighbours."""
    count: int
    unit: str
    depth: int | str
    layers: tuple[str, ...]
    left_out: dict[str, int]
    source: Source
    subspace: str
    """Whose subspace the method probe maps in, in words; empty for other methods."""

    @property
    def drawn_by(self) -> str:
        """How the maps were drawn, in words."""
        return f"PCA in {self.subspace}" if self.subspace else TITLES[self.method]

    def headline(self) -> str:
        """State how many neighbours the maps keep where they keep most, beside chance, and how they are trusted."""
        row = self.quality[self.quality.layer == self.best].iloc[0]
        random = f", {_share(row.random)} in a random subspace of that rank" if self.subspace else ""
        return (
            f"{self.drawn_by} of {self.count} {NAMES[self.unit]} keeps most at layer {self.best} of "
            f"{self.depth}: {_share(row.neighbours)} of the {self.neighbours} nearest neighbours, "
            f"{_share(row.chance)} by chance{random}; trustworthiness {row.trustworthiness:.2f}, "
            f"distances {abs(row.distances):.2f}."
        )

    def frame(self) -> pd.DataFrame:
        """Return what each layer's map keeps."""
        return self.quality

    def around(self, point: int, layer: str) -> pd.DataFrame:
        """Return the nearest points of a point in a layer, nearest first; raises ValueError for an unknown layer.

        Empty when neighbours were not kept.
        """
        if not self.near.shape[1]:
            return self.points.iloc[:0]
        rows = self.near[self.layers.index(layer), point]
        return self.points.iloc[rows].reset_index(drop=True)

    def only(self, rows: np.ndarray) -> "MapResult":
        """Return the map of some of the points, in that order; their nearest points are left out, being others'."""
        return replace(
            self,
            points=self.points.iloc[rows].reset_index(drop=True),
            xy=self.xy[:, rows],
            clusters=self.clusters[:, rows],
            near=self.near[:, :0],
            count=len(rows),
        )

    def cluster_names(self, layer: str) -> list[str]:
        """Return the words of each point's cluster in a layer; raises ValueError for an unknown layer."""
        order = self.layers.index(layer)
        known = self.named[self.named.order == order]
        names = {k: f"{k + 1}: {label}" for k, label in zip(known.cluster, known.label, strict=True)}
        return [names.get(int(k), UNNAMED) for k in self.clusters[order]]


def _share(value: float) -> str:
    """Put a share in words: two decimals, or of a small one two digits that say something."""
    if not 0 < value < 0.01:
        return f"{value:.2f}"
    return np.format_float_positional(value, precision=2, fractional=False, trim="-")


def run(spec: MapSpec, progress: Progress) -> MapResult:
    """Read the points and map every layer; see `mapping.mapped`."""
    from probes.geometry.mapping import mapped  # on use: it imports torch, which listing the analyses must not

    return mapped(spec, progress)
