"""The run behind `GridSpec`: one pass over the texts, cumulative similarities of every cell, a choice on half of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from probes import stats
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.texts import read_texts
from probes.linalg import principal_axes
from probes.models import Model, loaded
from probes.models.provenance import source_of
from probes.quality import pairs as pairs_of
from probes.quality.grid import NEARLY, GridResult, GridSpec
from probes.quality.pairs import Pairs
from probes.quality.pareto import front
from probes.quality.prefixes import diagonal, sizes, way
from probes.quality.reads import ReadsPairs
from probes.quality.scoring import Judge, chance, lexical

States = Mapping[str, np.ndarray]


def study(spec: GridSpec, progress: Progress) -> GridResult:
    """Answer a GridSpec."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    pairs = pairs_of.load(spec, model)
    texts = (*pairs.texts, *pairs.spare)
    states = read(model, texts, spec, progress.step(0.05, 0.4))
    untrained: States = {}
    if spec.random_init:
        floor = loaded(spec, random_init=spec.seed)
        untrained = read(floor, pairs.texts, spec, progress.step(0.4, 0.6))
    work = _Work(pairs, Judge(pairs, seed=spec.seed), spec, model.depth)
    cells, items = _cells(work, states, untrained, progress.step(0.6, 1))
    source = source_of(model, corpus=spec.pairs, texts=texts, seed=spec.seed, notes=pairs.notes)
    said = _said(work, cells, items, states)
    return GridResult(
        cells=cells,
        **said,
        measure=pairs.measure,
        title=pairs.title,
        pairs=len(pairs),
        texts=len(pairs.texts),
        depth=model.depth,
        width=int(next(iter(states.values())).shape[1]),
        layers=tuple(states),
        left_out=pairs.left_out,
        source=source,
    )


def read(model: Model, texts: tuple[str, ...], spec: ReadsPairs, progress: Progress) -> dict[str, np.ndarray]:
    """Return every layer of whole texts, {layer: [text, width]}; E-STATES-NAN when one cannot be measured."""
    found = read_texts(model, texts, spec.pooling, progress=progress)
    for layer, rows in found.items():
        if not np.isfinite(rows).all() or not rows.any():
            what = f"Layer {layer} of {model.name} holds NaN, infinite numbers or only zeros."
            raise StrataError("E-STATES-NAN", what, f"It was read in {model.dtype}.", "Use float32 or bfloat16.")
    return found


@dataclass(frozen=True)
class _Work:
    pairs: Pairs
    judge: Judge
    spec: GridSpec
    depth: int

    def cut(self, rows: np.ndarray, dims: tuple[int, ...]) -> Iterator[np.ndarray]:
        """Yield what quality is made of [pair], for rows [text, width] cut to each of `dims`."""
        one, other = rows[self.pairs.first], rows[self.pairs.second]
        found = way(rated=self.pairs.score is not None)(one, other, dims)
        return (self.judge.items(similarity) for similarity in found)


def _cells(work: _Work, states: States, untrained: States, progress: Progress) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Return the cells, and of each what its quality is made of."""
    rows, items = [], list[np.ndarray]()
    for order, (layer, found) in enumerate(states.items()):
        progress.report(order, len(states), f"measuring layer {layer}")
        width = found.shape[1]
        dims, judged = sizes(width), found[: len(work.pairs.texts)]
        made = list(work.cut(judged, dims))
        floors = _floors(work, judged, found[len(judged) :], dims)
        bare = [np.nan] * len(dims)
        if layer in untrained:
            bare = [work.judge.value(x) for x in work.cut(untrained[layer], dims)]
        compute = min(order, work.depth) / work.depth
        on = diagonal(work.depth, width)
        for i, d in enumerate(dims):
            pearson = np.nan if work.pairs.score is None else _pearson(made[i], work.pairs.score)
            marks = (bare[i], (order, d) in on)
            rows.append((order, layer, d, compute, 4 * d, *work.judge.bounds(made[i]), pearson, *floors[i], *marks))
        items += made
    names = ["order", "layer", "dims", "compute", "bytes", "value", "low", "high", "pearson"]
    names += ["random", "random_low", "random_high", "pca", "untrained", "diagonal"]
    cells = pd.DataFrame(rows, columns=names)
    return cells.assign(pareto=front(cells.value.to_numpy(), cells.compute, cells.bytes)), items


def _pearson(similarity: np.ndarray, score: np.ndarray) -> float:
    return float(np.nan_to_num(stats.pearson(similarity, score)))


def _floors(
    work: _Work, rows: np.ndarray, spare: np.ndarray, dims: tuple[int, ...]
) -> list[tuple[float, float, float, float]]:
    """Return, for each of `dims`, the quality of random dimensions (mean, least, most) and of principal axes."""
    draw = np.random.default_rng(work.spec.seed)
    width = rows.shape[1]
    drawn = [
        [work.judge.value(x) for x in work.cut(rows[:, draw.permutation(width)], dims)] for _ in range(work.spec.draws)
    ]
    turned = [work.judge.value(x) for x in work.cut(rows @ whole_basis(spare), dims)]
    spread = np.array(drawn)
    return [(float(v.mean()), float(v.min()), float(v.max()), p) for v, p in zip(spread.T, turned, strict=True)]


def whole_basis(rows: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis [width, width]: the principal axes of rows first, then what they leave.

    Nothing is centred when it is applied, so that all of it is a rotation and keeps every cosine.
    """
    width = rows.shape[1]
    axes = principal_axes(rows, width)[1]
    known = axes[:, np.abs(axes).any(0)]
    rest = np.linalg.svd(np.eye(width) - known @ known.T)[0][:, : width - known.shape[1]]
    return np.concatenate([known, rest], axis=1)


def _said(work: _Work, cells: pd.DataFrame, items: list[np.ndarray], states: States) -> dict[str, Any]:
    """Choose the best cell and an economical one on one half of the pairs, and measure both on the other."""
    half = work.pairs.half(work.spec.seed)
    chooser, teller = (work.judge.some(np.flatnonzero(half == side)) for side in (0, 1))
    first = np.array([chooser.value(item[half == 0]) for item in items])
    best = int(first.argmax())
    price = ((cells.compute * work.depth).clip(lower=1) * cells.bytes).to_numpy()
    enough = np.flatnonzero(first >= NEARLY * first[best])
    cheap = int(enough[np.lexsort((-first[enough], price[enough]))[0]])
    said: dict[str, Any] = {}
    for name, at in (("", best), ("cheap_", cheap)):
        value, low, high = teller.bounds(items[at][half == 1])
        said |= {f"{name}value": value, f"{name}low": low, f"{name}high": high}
    layer, dims = str(cells.layer[cheap]), int(cells.dims[cheap])
    rows, spare = np.split(states[layer], [len(work.pairs.texts)])

    def told(rows: np.ndarray) -> float:
        return teller.value(next(work.cut(rows, (dims,)))[half == 1])

    draw = np.random.default_rng(work.spec.seed)
    draws = [told(rows[:, draw.permutation(rows.shape[1])]) for _ in range(work.spec.draws)]
    words = teller.value(work.judge.items(lexical(work.pairs))[half == 1])
    own = items[best][half == 1]
    mixed = [teller.value(draw.permutation(own)) for _ in range(work.spec.draws)]
    return said | {
        "best": str(cells.layer[best]),
        "best_dims": int(cells.dims[best]),
        "cheap": layer,
        "cheap_dims": dims,
        "cheap_random": float(np.mean(draws)),
        "cheap_pca": told(rows @ whole_basis(spare)),
        "lexical": words,
        "shuffled": chance(work.pairs) if work.pairs.score is None else float(np.mean(mixed)),
    }
