"""The run behind `MapSpec`: a frame a layer, each laid over the one before, judged on at most a thousand points."""

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.geometry import projection
from probes.geometry.faithful import agreement, kept
from probes.geometry.maps import MapResult, MapSpec
from probes.geometry.projection import nearest
from probes.geometry.reading import read

MOST_JUDGED = 1000
"""Points whose pairs are all compared."""
NEAREST = 10


def mapped(spec: MapSpec, progress: Progress) -> MapResult:
    """Answer a MapSpec."""
    points = read(spec, progress.step(0, 0.4))
    steps = progress.step(0.4, 1)
    frames, near, quality, explained = [], [], [], []
    k = min(spec.neighbours, (len(points.frame) - 1) // 3)
    before: tuple[np.ndarray, np.ndarray] | None = None
    for order, layer in enumerate(points.layers):
        steps.report(order, len(points.layers), f"mapping layer {layer}")
        rows = directed(points.at(layer), spec.metric)
        one, share = frame(rows, spec, spec.seed, before[0] if before else None)
        other = one if spec.method == "pca" else frame(rows, spec, spec.seed + 1, _another(spec, rows, before))[0]
        before = (one, other)
        frames.append(one)
        explained.append(share)
        near.append(nearest(rows, NEAREST))
        quality.append((order, layer, *judged(rows, one, other, k)))
    names = ["order", "layer", "trustworthiness", "continuity", "neighbours", "chance", "distances", "stability"]
    table = pd.DataFrame(quality, columns=names)
    return MapResult(
        quality=table,
        points=points.frame,
        xy=np.stack(frames).astype(np.float32),
        near=np.stack(near).astype(np.int32),
        explained=np.array(explained),
        method=spec.method,
        neighbours=k,
        judged=min(MOST_JUDGED, len(points.frame)),
        best=str(table.layer[table.neighbours.idxmax()]),
        count=len(points.frame),
        unit=spec.unit,
        depth=points.depth,
        layers=points.layers,
        left_out=points.left_out,
        source=points.source,
    )


def _another(spec: MapSpec, rows: np.ndarray, before: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray | None:
    """Return where the map of another seed begins: t-SNE from PCA leaves a seed nothing to decide, so at random."""
    if before is not None:
        return before[1]
    return np.random.default_rng(spec.seed + 1).normal(size=(len(rows), 2)) if spec.method == "tsne" else None


def directed(rows: np.ndarray, metric: str) -> np.ndarray:
    """Return float64 rows, at length 1 for cosines; a zero row stays zero."""
    rows = rows.astype(np.float64)
    if metric == "euclidean":
        return rows
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)


def frame(rows: np.ndarray, spec: MapSpec, seed: int, before: np.ndarray | None) -> tuple[np.ndarray, float]:
    """Return a standard frame [row, 2], laid over the one before if there is one, and the share of variance in it."""
    share = float("nan")
    if spec.method == "pca":
        xy, share = projection.pca(rows)
    elif spec.method == "umap":
        xy = projection.umap(rows, neighbours=spec.neighbours, apart=spec.apart, seed=seed, start=before)
    else:
        xy = projection.tsne(rows, neighbours=spec.neighbours, seed=seed, start=before)
    xy = projection.standard(xy)
    return (xy if before is None else projection.laid_over(xy, before)), share


def judged(rows: np.ndarray, one: np.ndarray, other: np.ndarray, k: int) -> tuple[float, ...]:
    """Return what a frame keeps, what shuffled points would keep of neighbours, and what another seed draws alike."""
    draw = np.random.default_rng(0)
    some = np.sort(draw.permutation(len(rows))[:MOST_JUDGED])
    found = kept(rows[some], one[some], k)
    chance = k / (len(some) - 1)  # exactly, for any cloud and any map
    stable = agreement(one[some], other[some], k)
    return found.trustworthiness, found.continuity, found.neighbours, chance, found.distances, stable
