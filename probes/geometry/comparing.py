"""The run behind `ContextualSpec`: every representation of the same words, probed, pulled apart, and mapped."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.geometry import projection, reading_off
from probes.geometry.contextual import (
    ALONE,
    COMMONEST,
    STATIC,
    TABLE,
    TRAINED,
    ContextualResult,
    ContextualSpec,
)
from probes.geometry.faithful import kept, sample
from probes.geometry.points import distinct
from probes.geometry.projection import directed
from probes.geometry.reading_off import Judged
from probes.geometry.representations import Read, Representation, Words, read
from probes.geometry.senses import told_apart

NEIGHBOURS = 5
"""That t-SNE tries to keep at most, and that a map's trustworthiness is judged by."""
_DIGITS = 5
"""Decimal digits of a unit vector to which rows are equal."""
MEASURES = ("nearest use", "silhouette")
Line = tuple[object, ...]


@dataclass
class _Found:
    """What is known so far: where each representation is right [point], and the lines of the tables."""

    hits: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    scores: list[tuple[int, Representation, float, float, float]] = field(default_factory=list)
    senses: list[Line] = field(default_factory=list)
    words: list[Line] = field(default_factory=list)


def study(spec: ContextualSpec, progress: Progress) -> ContextualResult:
    """Answer a ContextualSpec."""
    given = read(spec, progress.step(0, 0.3))
    progress = progress.step(0.3, 1)
    found = _Found()
    for order, one in enumerate(given.known):
        progress.report(order, len(given.known) + 1, f"reading {spec.label} off {one.name} ({one.series})")
        _look(order, one, given.words, spec, found)
    progress.report(len(given.known), len(given.known) + 1, "drawing maps")
    return _result(spec, given, found)


def _look(order: int, one: Representation, words: Words, spec: ContextualSpec, found: _Found) -> None:
    """Probe a representation, and pull the senses of its words apart."""
    rows, at = one.rows(), words.judged
    said, penalties = reading_off.said(rows, at, spec.dimensions)
    wrong = reading_off.shuffled(rows, at, penalties, spec.seed, spec.dimensions)
    found.hits[one.series, one.name] = said == at.answers
    f1 = reading_off.macro_f1(said, at.answers)
    found.scores.append((order, one, f1, float(wrong.mean()), float(np.nanmedian(penalties))))
    if words.ambiguous:
        lines, each = _senses(order, one, rows, words, spec)
        found.senses += lines
        found.words += each


def _result(spec: ContextualSpec, given: Read, found: _Found) -> ContextualResult:
    words, hits = given.words, found.hits
    layer = max(given.layers, key=lambda name: hits[TRAINED, name][words.half].mean())
    shown = [one for one in given.known if _is_shown(one, (TABLE, given.layers[0], layer, given.layers[-1]))]
    xy, trust = _maps([one.rows() for one in shown], words.judged.answers, spec)
    rest = ~words.half
    value, low, high = reading_off.shares(hits[TRAINED, layer][rest], words.judged.text[rest], spec.seed)
    columns = ["order", "name", "series"]
    return ContextualResult(
        scores=_scores(found, words.judged, spec.seed),
        baselines=_baselines(words, spec.seed),
        senses=pd.DataFrame(
            found.senses, columns=[*columns, "measure", "value", "low", "high", "chance", "chance_high"]
        ),
        words=pd.DataFrame(found.words, columns=[*columns, "word", "uses", "senses", *MEASURES]),
        points=words.frame,
        xy=xy,
        mapped=tuple(one.name for one in shown),
        trust=trust,
        best=layer,
        value=float(value),
        low=float(low),
        high=float(high),
        more=_above(hits[TRAINED, layer], hits[TRAINED, TABLE], words, spec.seed),
        beyond=_above(hits[TRAINED, layer], _alone(words), words, spec.seed),
        label=spec.label,
        classes=int(words.judged.answers.max()) + 1,
        title=next((one.name for one in given.known if one.series == STATIC), ""),
        method=spec.method,
        depth=given.depth,
        layers=given.layers,
        left_out=given.left_out,
        source=given.source,
    )


def _is_shown(one: Representation, names: tuple[str, ...]) -> bool:
    return one.series == STATIC or (one.series == TRAINED and one.name in names)


def _above(one: np.ndarray, other: np.ndarray, words: Words, seed: int) -> tuple[float, float, float]:
    rest = ~words.half
    found = reading_off.shares(one[rest] * 1.0 - other[rest] * 1.0, words.judged.text[rest], seed)
    return float(found[0]), float(found[1]), float(found[2])


def _scores(found: _Found, at: Judged, seed: int) -> pd.DataFrame:
    rows = []
    table = found.hits[TRAINED, TABLE].astype(float)
    for order, one, *rest in found.scores:
        right = found.hits[one.series, one.name].astype(float)
        bounds = reading_off.shares(np.stack([right, right - table]), at.text, seed)
        rows.append((order, one.name, one.series, *bounds[0], *bounds[1], *rest))
    columns = ["order", "name", "series", "accuracy", "low", "high", "gain", "gain_low", "gain_high"]
    return pd.DataFrame(rows, columns=[*columns, "f1", "shuffled", "penalty"])


def _alone(words: Words) -> np.ndarray:
    """Return where the word alone is right at best [point]: on each half of the texts as if it were all."""
    answers = words.judged.answers
    found = np.zeros(len(answers), bool)
    for side in (words.half, ~words.half):
        found[side] = reading_off.at_best(words.forms[side], answers[side])
    return found


def _baselines(words: Words, seed: int) -> pd.DataFrame:
    at, forms = words.judged, words.forms
    hits = np.stack([reading_off.at_best(which, at.answers) for which in (np.zeros(len(forms)), forms)])
    bounds = reading_off.shares(hits.astype(float), at.text, seed)
    rows = [(name, *line) for name, line in zip((COMMONEST, ALONE), bounds, strict=True)]
    return pd.DataFrame(rows, columns=["name", "accuracy", "low", "high"])


def _senses(
    order: int, one: Representation, rows: np.ndarray, words: Words, spec: ContextualSpec
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the lines of both measures for one representation, and one line a word."""
    found, chance = told_apart(rows, words.ambiguous, draws=spec.draws, seed=spec.seed)
    bounds = reading_off.shares(found.T, np.arange(len(found)), spec.seed)
    means = chance.mean(1)
    lines: list[tuple[object, ...]] = [
        (order, one.name, one.series, name, *bounds[k], means[:, k].mean(), np.percentile(means[:, k], 97.5))
        for k, name in enumerate(MEASURES)
    ]
    each: list[tuple[object, ...]] = [
        (order, one.name, one.series, word.word, len(word.rows), int(word.senses.max()) + 1, *values)
        for word, values in zip(words.ambiguous, found, strict=True)
    ]
    return lines, each


def _maps(clouds: list[np.ndarray], answers: np.ndarray, spec: ContextualSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return frames float32 [map, row, 2], each laid over the one before, and the trustworthiness of each.

    t-SNE keeps fewer neighbours where a label has few uses [row]: else it draws a word as one knot, whatever its
    senses. Trustworthiness is NaN where fewer than three points differ: equal points have no neighbours to keep.
    """
    frames: list[np.ndarray] = []
    trust = []
    near = int(np.clip(np.median(np.bincount(answers)) // 3, 2, NEIGHBOURS))
    for rows in clouds:
        own = directed(rows, "cosine")
        xy = projection.pca(own)[0]
        if spec.method == "tsne":
            xy = projection.tsne(own, neighbours=near, seed=spec.seed)
        xy = projection.standard(_together(xy, own))
        frames.append(projection.laid_over(xy, frames[-1]) if frames else xy)
        several = distinct(np.round(own, _DIGITS), 3) == 3
        trust.append(kept(own, xy, NEIGHBOURS, sample(len(own))).trustworthiness if several else np.nan)
    return np.stack(frames).astype(np.float32), np.array(trust)


def _together(xy: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return places [row, 2] where rows that are equal share one, their mean: t-SNE would push them apart."""
    same = np.unique(np.round(rows, _DIGITS), axis=0, return_inverse=True)[1].ravel()
    total = np.stack([np.bincount(same, axis) for axis in xy.T], axis=1) / np.bincount(same)[:, None]
    found: np.ndarray = total[same]
    return found
