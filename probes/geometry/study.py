"""The run behind `GeometrySpec`: points of half the texts are measured, treatments are fitted on those of the other."""

import numpy as np
import pandas as pd

from probes import stats
from probes.contract import Progress
from probes.errors import StrataError
from probes.geometry.analysis import RANDOM, TRAINED, GeometryResult, GeometrySpec
from probes.geometry.cloud import Cloud, cloud
from probes.geometry.contexts import self_similarity
from probes.geometry.coordinates import contributions
from probes.geometry.measures import every
from probes.geometry.nulls import NULLS, null
from probes.geometry.points import FEWEST, Points
from probes.geometry.reading import read, twin
from probes.geometry.treatments import RAW, TREATMENTS, fit
from probes.values import split_of

GROUPS = 10
"""Groups of texts that are left out in turn for the intervals."""
TOP = 5
"""Rogue dimensions that are named."""
Line = tuple[str, str, dict[str, np.ndarray]]
"""Series, treatment, and of each measure the value, low and high."""


def study(spec: GeometrySpec, progress: Progress) -> GeometryResult:
    """Answer a GeometrySpec."""
    points = read(spec, progress.step(0, 0.3))
    other = twin(spec, points, progress.step(0.3, 0.5)) if spec.random_init and points.unit != "row" else None
    measured = halves(points, spec.seed)
    scores, norms, rogue = [], [], []
    steps = progress.step(0.5, 1)
    flat: dict[str, int] = {}
    for order, layer, rows in points.several(2, flat, steps, "measuring", (measured, ~measured)):
        for series, treatment, values in _layer(rows, points, measured, spec):
            scores += _lines(order, layer, (series, treatment), values)
        if other:
            found = _plain(cloud(other.at(layer)[measured]), points, measured, spec)
            scores += _lines(order, layer, (RANDOM, RAW), _bare(found))
        here = cloud(rows[measured])
        norms.append((order, layer, *np.percentile(here.norms, [5, 25, 50, 75, 95])))
        rogue += _rogue(order, layer, here)
    points = points.without(flat, 2, "each half of the texts")
    table = pd.DataFrame(scores, columns=["order", "layer", "series", "treatment", "measure", "value", "low", "high"])
    return GeometryResult(
        scores=table,
        norms=pd.DataFrame(norms, columns=["order", "layer", "p5", "p25", "p50", "p75", "p95"]),
        rogue=pd.DataFrame(rogue, columns=["order", "layer", "rank", "dimension", "share", "mean", "sd"]),
        narrowest=_narrowest(table),
        unit=points.unit,
        depth=points.depth,
        width=int(points.at(points.layers[0]).shape[1]),
        points=int(measured.sum()),
        texts=int(points.frame.text[measured].nunique()),
        layers=points.layers,
        left_out=points.left_out,
        source=points.source,
    )


def halves(points: Points, seed: int) -> np.ndarray:
    """Return bool [point]: those measured, by their texts' content; raises E-CORPUS-SMALL when a side is too small."""
    side = np.array([split_of(text, (0.5, 0.5), seed=seed) for text in points.texts])
    found: np.ndarray = side[points.frame.text.to_numpy()] == 0
    few = min(int(found.sum()), int((~found).sum()))
    if few < FEWEST // 2:
        raise StrataError(
            "E-CORPUS-SMALL",
            f"One half of the texts has {few} points; at least {FEWEST // 2} are needed on each side.",
            "What is fitted on a text is never measured on it.",
            "Ask for more points, or for fewer of each text.",
        )
    return found


def _layer(rows: np.ndarray, points: Points, measured: np.ndarray, spec: GeometrySpec) -> list[Line]:
    """Return all lines of a layer of the trained model: treatments, and noise made after each."""
    lines: list[Line] = []
    for treatment in TREATMENTS:
        treated = fit(treatment, rows[~measured]).apply(rows[measured])
        found = _plain(cloud(treated), points, measured, spec)
        bounded = _bounded(found, treated, points, measured, spec) if treatment == RAW else _bare(found)
        lines.append((TRAINED, treatment, bounded))
        draw = np.random.default_rng(spec.seed)
        for name in NULLS:
            drawn = [every(cloud(null(name, treated, draw))) for _ in range(spec.draws if treatment == RAW else 1)]
            values = {key: np.array([d[key] for d in drawn]) for key in drawn[0]}
            spread = {key: np.array([v.mean(), v.min(), v.max()]) for key, v in values.items()}
            lines.append((name, treatment, spread))
    return lines


def _plain(found: Cloud, points: Points, measured: np.ndarray, spec: GeometrySpec) -> dict[str, float]:
    values = every(found)
    if points.unit not in ("text", "snippet", "row") and np.isfinite(values["mean-cosine"]):
        values |= self_similarity(found, points.frame.word[measured].tolist())
    return values


def _bare(values: dict[str, float]) -> dict[str, np.ndarray]:
    return {key: np.array([value, np.nan, np.nan]) for key, value in values.items()}


def _bounded(
    values: dict[str, float], rows: np.ndarray, points: Points, measured: np.ndarray, spec: GeometrySpec
) -> dict[str, np.ndarray]:
    """Return every value with its interval: groups of whole texts are left out in turn."""
    texts = points.frame.text[measured].to_numpy()
    known = np.unique(texts)
    order = np.random.default_rng(spec.seed).permutation(len(known))
    group = np.argsort(order)[np.searchsorted(known, texts)] % min(GROUPS, len(known))
    without = []
    for one in np.unique(group):
        kept = group != one
        some = np.flatnonzero(measured)[kept]
        mask = np.zeros(len(measured), bool)
        mask[some] = True
        without.append(_plain(cloud(rows[kept]), points, mask, spec))
    spread = np.array([[w.get(key, np.nan) for key in values] for w in without])
    bounds = stats.jackknife(np.array(list(values.values())), spread)
    return dict(zip(values, bounds, strict=True))


def _lines(order: int, layer: str, named: tuple[str, str], values: dict[str, np.ndarray]) -> list[tuple[object, ...]]:
    return [(order, layer, *named, key, *map(float, bounds)) for key, bounds in values.items()]


def _rogue(order: int, layer: str, found: Cloud) -> list[tuple[object, ...]]:
    made = contributions(found)
    total = np.abs(made).sum() or 1.0
    top = np.argsort(-np.abs(made), kind="stable")[:TOP]
    rows = found.rows[:, top]
    facts = zip(top, made[top] / total, rows.mean(0), rows.std(0), strict=True)
    return [(order, layer, rank + 1, int(j), float(s), float(m), float(d)) for rank, (j, s, m, d) in enumerate(facts)]


def _narrowest(table: pd.DataFrame) -> str:
    own = table[(table.series == TRAINED) & (table.treatment == RAW) & (table.measure == "mean-cosine")]
    if not np.isfinite(own.value).any():
        raise StrataError("E-CLOUD-ZERO", "Every layer holds zero vectors.", "They have no direction.")
    return str(own.layer[own.value.idxmax()])
