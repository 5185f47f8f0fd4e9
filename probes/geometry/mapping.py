"""The run behind `MapSpec`: a frame a layer, each laid over the one before, judged, and its clusters named."""

from dataclasses import replace

import numpy as np
import pandas as pd

from probes import corpora, store
from probes.contract import Progress, resolve
from probes.errors import StrataError
from probes.geometry import projection
from probes.geometry.clusters import clusters, named, terms
from probes.geometry.faithful import agreement, kept, sample
from probes.geometry.maps import LENDERS, MapResult, MapSpec
from probes.geometry.points import Points
from probes.geometry.projection import EXACT, Directed, Near, around, directed
from probes.geometry.reading import read
from probes.subspaces import Lent, Moments, of_equal_rank

NEAREST, DISTINCT = 10, 3
"""Neighbours that are listed, and points that must differ."""
MOST_NEAR = 20_000
"""Points up to which the nearest of each are kept for a PCA map; UMAP has them at any size."""
QUALITY = ["order", "layer", "trustworthiness", "continuity", "neighbours", "chance", "distances", "stability",
           "random"]  # fmt: skip
Frames = tuple[np.ndarray, np.ndarray]
"""The frame of a layer, and that of another seed."""


def mapped(spec: MapSpec, progress: Progress) -> MapResult:
    """Answer a MapSpec."""
    _one_method(spec)
    points, lent = _lent(spec, read(spec, progress.step(0, 0.4)))
    steps, count = progress.step(0.4, 1), len(points.frame)
    frames, near, quality, explained, groups, names = [], [], [], [], [], []
    k, some = min(spec.neighbours, (count - 1) // 3), sample(count)
    words = terms(points.frame.word.tolist())
    before: Frames | None = None
    flat: dict[str, int] = {}  # any map of a layer of fewer points would look perfect
    for order, layer, rows in points.several(DISTINCT, flat, steps, "mapping"):
        beside = _around(rows, spec)
        seen = lent.project(rows, layer) if lent else rows
        before, share = _pair(seen, spec, before, beside)
        frames.append(before[0].astype(np.float32))
        explained.append(share)
        near.append(beside[0][:, 1 : NEAREST + 1] if beside else np.zeros((0, NEAREST)))
        quality.append((order, layer, *_quality(rows, seen, before, spec, (k, some))))
        groups.append(clusters(before[0]))
        names.append(named(groups[-1], before[0], words).assign(order=order, layer=layer))
    points = points.without(flat, DISTINCT, "a map")
    return MapResult(
        quality=(table := pd.DataFrame(quality, columns=QUALITY)),
        points=points.frame,
        xy=np.stack(frames),
        near=np.stack(near).astype(np.int32),
        explained=np.array(explained),
        clusters=np.stack(groups),
        named=pd.concat(names, ignore_index=True),
        method=spec.method,
        neighbours=k,
        judged=len(some),
        best=str(table.layer[table.neighbours.idxmax()]),
        count=count,
        unit=points.unit,
        depth=points.depth,
        layers=points.layers,
        left_out=points.left_out,
        source=points.source,
        subspace=lent.words if lent else "",
    )


def _one_method(spec: MapSpec) -> None:
    """Refuse a probe's map without its run, a run no method draws by, and vectors no model made: E-MAP-RUN."""
    if bool(spec.run) != (spec.method == "probe"):
        what = "The method probe needs the digest of a syntax or probing run, and no other method takes one."
        raise StrataError("E-MAP-RUN", what, fix="Choose the method probe and name its run, or leave the run out.")
    if spec.run and corpora.is_matrix(spec.corpus):
        what = "A probe maps states of the model it was trained on, and a matrix is of no model."
        raise StrataError("E-MAP-RUN", what, fix="Choose another method.")


def _lent(spec: MapSpec, points: Points) -> tuple[Points, Lent | None]:
    """Return the points at the layers that a run's probe knows, and its subspaces; of no other method any.

    StrataError E-RUN-UNKNOWN when no such run is stored, E-MAP-MODEL when it is of another model.
    """
    if spec.method != "probe":
        return points, None
    asked = store.asked(spec.run)
    if asked is None or asked["kind"] not in LENDERS:
        what = f"There is no syntax or probing run '{spec.run}' in the store."
        raise StrataError("E-RUN-UNKNOWN", what, fix="Train the probe again, then ask.")
    lent: Lent = resolve(LENDERS[asked["kind"]])(spec.run)
    if lent.weights != points.source.weights:
        what = f"Run {spec.run[:12]} is of another model than {points.source.model}."
        raise StrataError("E-MAP-MODEL", what, "A subspace is one of the states it was learnt from.", "Ask its model.")
    layers = tuple(layer for layer in points.layers if layer in lent.layers)
    said = f"The places are those in {lent.words}; points of texts that it learnt from lie farther apart than others."
    source = replace(points.source, notes=(*points.source.notes, said))
    return replace(points, layers=layers, source=source), lent


def _quality(
    rows: np.ndarray, seen: np.ndarray, frames: Frames, spec: MapSpec, by: tuple[int, np.ndarray]
) -> tuple[float, ...]:
    """Return what a layer's map keeps of its rows, and in a probe's subspace what a random one of its rank keeps."""
    own = Directed(rows, spec.metric)
    floor = kept(own, _random(rows, seen, spec), *by).neighbours if spec.run else float("nan")
    return *judged(own, *frames, *by), floor


def _random(rows: np.ndarray, seen: np.ndarray, spec: MapSpec) -> np.ndarray:
    """Return the map [row, 2] of as many dimensions drawn at random: what any subspace of that rank would keep.

    The rank is that of what is seen, not its columns: the logits of two classes, less their mean, lie on one line.
    """
    middle = rows.mean(0)
    basis = of_equal_rank(Moments(middle, np.zeros((0, 0))), rank_of(seen), np.random.default_rng(spec.seed))
    return projection.pca((rows - middle).astype(np.float64) @ basis)[0]


def rank_of(seen: np.ndarray) -> int:
    """Return the rank, at least 1, of rows [row, column] about their mean, to the digits that float32 states have."""
    one = seen.astype(np.float64) - seen.mean(0, dtype=np.float64)
    values = np.linalg.eigvalsh(one.T @ one)
    return max(1, int((values > values[-1] * 1e-10).sum()))


def _pair(rows: np.ndarray, spec: MapSpec, before: Frames | None, near: Near | None) -> tuple[Frames, float]:
    """Return a layer's frame and that of another seed (PCA has none), and the share of variance in it."""
    one, share = frame(rows, spec, spec.seed, before[0] if before else None, near=near)
    if spec.method in ("pca", "probe"):
        return (one, one), share
    return (one, frame(rows, spec, spec.seed + 1, _another(spec, rows, before), near=near)[0]), share


def _around(rows: np.ndarray, spec: MapSpec) -> Near | None:
    """Return the neighbours that UMAP needs and a person asks for; None for many points of another method."""
    if spec.method != "umap" and len(rows) > MOST_NEAR:
        return None
    wanted = max(NEAREST + 1, spec.neighbours if spec.method == "umap" else 0)
    return around(_whole(rows, spec), min(wanted, len(rows) - 1), seed=spec.seed)


def _whole(rows: np.ndarray, spec: MapSpec) -> np.ndarray:
    """Return all rows as the metric sees them, in half the memory when there are many."""
    found = directed(rows, spec.metric)
    return found.astype(np.float32) if len(rows) > EXACT else found


def _another(spec: MapSpec, rows: np.ndarray, before: Frames | None) -> np.ndarray | None:
    """Return where the map of another seed begins: t-SNE from PCA leaves a seed nothing to decide, so at random."""
    if before is not None:
        return before[1]
    return np.random.default_rng(spec.seed + 1).normal(size=(len(rows), 2)) if spec.method == "tsne" else None


def frame(
    rows: np.ndarray, spec: MapSpec, seed: int, before: np.ndarray | None, *, near: Near | None
) -> tuple[np.ndarray, float]:
    """Return a standard frame [row, 2], laid over the one before if there is one, and the share of variance in it."""
    share = float("nan")
    if spec.method in ("pca", "probe"):  # what a probe sees is measured as it is, lengths included
        xy, share = projection.pca(Directed(rows, "euclidean" if spec.method == "probe" else spec.metric))
    elif near is not None and spec.method == "umap":
        kept = tuple(part[:, : min(spec.neighbours, len(rows) - 1)] for part in near)
        xy = projection.umap(_whole(rows, spec), (kept[0], kept[1]), apart=spec.apart, seed=seed, start=before)
    else:
        xy = projection.tsne(_whole(rows, spec), neighbours=spec.neighbours, seed=seed, start=before)
    xy = projection.standard(xy)
    return (xy if before is None else projection.laid_over(xy, before)), share


def judged(
    rows: np.ndarray | Directed, one: np.ndarray, other: np.ndarray, k: int, some: np.ndarray | None = None
) -> tuple[float, ...]:
    """Return what a frame keeps, what shuffled points would keep of neighbours, and what another seed draws alike."""
    some = sample(len(rows)) if some is None else some
    found = kept(rows, one, k, some)
    chance = k / (len(rows) - 1)  # exactly, for any cloud and any map
    stable = 1.0 if other is one else agreement(one, other, k, some)
    return found.trustworthiness, found.continuity, found.neighbours, chance, found.distances, stable
