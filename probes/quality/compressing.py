"""The run behind `CompressionSpec`: one layer's vectors, stored every way, judged in the same resamples."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.models import loaded
from probes.models.provenance import source_of
from probes.quality import pairs as pairs_of
from probes.quality.compression import NEARLY, PLAIN, CompressionResult, CompressionSpec
from probes.quality.compressors import COMPRESSORS, Coded
from probes.quality.gridding import read
from probes.quality.pairs import Pairs
from probes.quality.pareto import front
from probes.quality.prefixes import all_against_all, cosines
from probes.quality.reads import layer_of
from probes.quality.scoring import Judge, limits


def study(spec: CompressionSpec, progress: Progress) -> CompressionResult:
    """Answer a CompressionSpec; E-LAYER when the model has no such layer."""
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    layer = layer_of(model, spec.layer)
    pairs = pairs_of.load(spec, model)
    texts = (*pairs.texts, *pairs.spare)
    every = read(model, texts, spec, progress.step(0.05, 0.7))[layer].astype(np.float64)
    rows, learn = np.split(every, [len(pairs.texts)])
    judge = Judge(pairs, seed=spec.seed)
    k = min(spec.neighbours, len(rows) - 1)
    near = nearest(Coded(rows, rows, 0), k)
    made, items = [], list[np.ndarray]()
    for method, level, coded in _stored(rows, learn, spec.seed, progress.step(0.7, 1)):
        items.append(judge.items(similarities(coded, pairs)))
        overlap = (nearest(coded, k)[:, :, None] == near[:, None, :]).any(2).mean()
        made.append((method, level, float(coded.bytes), coded.shared, *_worth(judge, items), float(overlap)))
    names = ["method", "level", "bytes", "shared", "value", "low", "high", "lost", "lost_low", "lost_high", "overlap"]
    sizes = pd.DataFrame(made, columns=names)
    sizes = sizes.assign(pareto=front(sizes.value.to_numpy(), sizes.bytes))
    half = pairs.half(spec.seed)
    chooser, teller = (judge.some(np.flatnonzero(half == side)) for side in (0, 1))
    first = np.array([chooser.value(item[half == 0]) for item in items])
    enough = np.flatnonzero(first >= NEARLY * first[0])
    best = int(enough[np.lexsort((-first[enough], sizes.bytes.to_numpy()[enough]))[0]])
    value, low, high = teller.bounds(items[best][half == 1])
    row = sizes.iloc[best]
    return CompressionResult(
        sizes=sizes,
        plain=teller.value(items[0][half == 1]),
        best=str(row.method), best_bytes=float(row.bytes), plain_bytes=float(sizes.bytes[0]),
        value=value, low=low, high=high, overlap=float(row.overlap), chance=k / (len(rows) - 1), neighbours=k,
        layer=layer, depth=model.depth, measure=pairs.measure, title=pairs.title, pairs=len(pairs),
        texts=len(pairs.texts), left_out=pairs.left_out,
        source=source_of(model, corpus=spec.pairs, texts=texts, seed=spec.seed, notes=pairs.notes),
    )  # fmt: skip


def _stored(rows: np.ndarray, learn: np.ndarray, seed: int, progress: Progress) -> Iterator[tuple[str, int, Coded]]:
    """Yield the plain vectors and every method at each of its sizes."""
    width = rows.shape[1]
    yield PLAIN, width, Coded(rows, rows, 4 * width)
    plan = [(name, level) for name in COMPRESSORS for level in levels(name, width)]
    for i, (name, level) in enumerate(plan):
        progress.report(i, len(plan), f"storing by {name}")
        yield name, level, COMPRESSORS[name](rows, learn, level, seed)


def levels(name: str, width: int) -> tuple[int, ...]:
    """Return how much a method keeps, from most to least: numbers, parts or bits; only sizes the width allows.

    >>> levels("product", 384), levels("hashed", 384), levels("int8", 384)
    ((192, 96, 48, 24), (768, 384, 192, 96), (384,))
    """
    if name in ("float16", "int8", "binary"):
        return (width,)
    shares = (2, 1, 1 / 2, 1 / 4) if name == "hashed" else (1 / 2, 1 / 4, 1 / 8, 1 / 16)
    found = dict.fromkeys(int(width * share) for share in shares)
    return tuple(n for n in found if n >= 1 and (name != "product" or width % n == 0))


def similarities(coded: Coded, pairs: Pairs) -> np.ndarray:
    """Return cosines of what is asked with what is stored: [pair], or [pair, pair] where partners must be found."""
    return cosines(coded.asked[pairs.first], coded.stored[pairs.second], rated=pairs.score is not None)


def nearest(coded: Coded, k: int) -> np.ndarray:
    """Return int [row, k]: the stored rows nearest to each asked one, itself left out; the first of equals."""
    near = next(all_against_all(coded.asked, coded.stored, (coded.stored.shape[1],)))
    np.fill_diagonal(near, -np.inf)
    return np.argsort(-near, axis=1, kind="stable")[:, :k]


def _worth(judge: Judge, items: list[np.ndarray]) -> tuple[float, ...]:
    """Return the quality of the last of them and what it lost against the first, both with bounds."""
    plain, mine = judge.resampled(items[0]), judge.resampled(items[-1])
    value, whole = judge.value(items[-1]), judge.value(items[0])
    return (*limits(value, mine), *limits(whole - value, plain - mine))
