"""From readings to tables: scores with intervals, rivals in pairs, and what the best layer gets wrong."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probes.probing.analysis import (
    ACCURACY,
    COMMONEST,
    CONTROL,
    LAYER_0,
    R2,
    RANDOM,
    TRAINED,
    WORDS,
    ProbingResult,
    ProbingSpec,
)
from probes.probing.labels import LABELS
from probes.probing.learning import Reading, right
from probes.probing.scoring import Resampling, bounds, calibration, confusion, macro_f1

if TYPE_CHECKING:
    from probes.probing.study import Found

ERRORS = 200
"""Errors that are kept."""
SCORES = ["order", "layer", "series", "score", "low", "high", "balanced", "balanced_low", "balanced_high"]
SCORES += ["f1", "bits", "ece", "valid", "penalty"]


def result(spec: ProbingSpec, found: "Found", left_out: dict[str, int]) -> ProbingResult:
    """Put everything that was read into the tables of a result."""
    again, examples, task = found.again, found.examples, found.task
    best = found.readings[TRAINED, found.best]
    classes, errors = _classes(found, again, best), _errors(found, best)
    label = LABELS[spec.label].title if spec.label in LABELS else spec.label
    numeric = found.answers.numeric
    hits = (best.said == found.answers.values)[:, task.test]
    bins = calibration(hits, best.confidence[:, task.test])[1]
    return ProbingResult(
        scores=_scores(found, again),
        baselines=_baselines(found, again),
        classes=classes,
        confusion=confusion(*_test(found, best), found.answers.names) if not numeric else _none("true said n share"),
        calibration=bins if not numeric else bins.iloc[:0],
        errors=errors,
        few=_few(found, again),
        coding=_coding(found),
        added=_added(found, again),
        weights=found.weights,
        said=found.answers.names if found.weights.size else (),
        best=found.best,
        measure=R2 if numeric else ACCURACY,
        label=label,
        unit=spec.unit,
        probe=spec.probe,
        depth=examples.depth,
        sizes=(round(task.train.sum(1).mean()), round(task.valid.sum(1).mean()), int(task.test.sum())),
        texts=len(examples.texts),
        layers=examples.layers,
        left_out=left_out,
        source=examples.source,
    )


def _none(columns: str) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=float) for name in columns.split()})


def _test(found: "Found", reading: Reading) -> tuple[np.ndarray, np.ndarray]:
    return found.answers.values[found.task.test], reading.said[:, found.task.test]


def draws(found: "Found", again: Resampling, said: np.ndarray, series: str = TRAINED) -> np.ndarray:
    """Return [draw] scores of what is said [seed, place] on test: accuracy, or R² against the mean of training."""
    test, true = found.task.test, found.true(series)
    if not found.answers.numeric:
        hits = (said == true)[:, test].astype(float)
        return again.ratio(hits, np.ones(int(test.sum())))
    mean = np.mean([true[train].mean() for train in found.task.train])
    spread = np.square(true[test] - mean)
    return 1 - again.ratio(np.square(said[:, test] - true[test]), spread)


def _balanced(found: "Found", again: Resampling, said: np.ndarray, series: str) -> tuple[float, float, float]:
    if found.answers.numeric:
        return np.nan, np.nan, np.nan
    test, true = found.task.test, found.true(series)
    hits = (said == true)[:, test].astype(float)
    return bounds(again.ratio(hits, np.ones(int(test.sum())), true[test]))


def _scores(found: "Found", again: Resampling) -> pd.DataFrame:
    rows, test, numeric = [], found.task.test, found.answers.numeric
    layers = found.examples.layers
    for (series, layer), reading in found.readings.items():
        true = found.true(series)
        score = bounds(draws(found, again, reading.said, series))
        balanced = _balanced(found, again, reading.said, series)
        hits = (reading.said == true)[:, test]
        f1 = np.nan if numeric else macro_f1(true[test], reading.said[:, test], len(found.answers.names))
        bits = np.nan if numeric else float(reading.loss[:, test].mean())
        ece = np.nan if numeric else calibration(hits, reading.confidence[:, test])[0]
        valid = right(reading, replace(found.answers, values=true), found.task.valid)
        facts = (f1, bits, ece, valid, float(np.median(reading.penalty)))
        rows.append((layers.index(layer), layer, series, *score, *balanced, *facts))
    order = {name: i for i, name in enumerate((TRAINED, CONTROL, RANDOM))}
    rows.sort(key=lambda row: (order[row[2]], row[0]))
    return pd.DataFrame(rows, columns=SCORES)


def _baselines(found: "Found", again: Resampling) -> pd.DataFrame:
    mine = draws(found, again, found.readings[TRAINED, found.best].said)
    first = found.examples.layers[0]
    said: dict[str, tuple[np.ndarray, str]] = {}
    for series in (CONTROL, RANDOM):
        if (series, found.best) in found.readings:
            said[series] = found.readings[series, found.best].said, series
    if found.best != first:
        said[LAYER_0] = found.readings[TRAINED, first].said, TRAINED
    said[WORDS] = found.words, TRAINED
    if not found.answers.numeric:
        said[COMMONEST] = found.commonest, TRAINED
    rows = []
    for name, (what, series) in said.items():
        theirs = draws(found, again, what, series)
        rows.append((name, *bounds(theirs), *bounds(mine - theirs)))
    return pd.DataFrame(rows, columns=["name", "score", "low", "high", "gain", "gain_low", "gain_high"])


def _classes(found: "Found", again: Resampling, best: Reading) -> pd.DataFrame:
    true, said = (np.zeros(0), np.zeros((0, 0))) if found.answers.numeric else _test(found, best)
    rows = []
    for k, name in enumerate(found.answers.names):
        here = true == k
        if here.any():
            recall = again.ratio(((said == k) & here).astype(float), here.astype(float))
            rows.append((name, int(here.sum()), *bounds(recall)))
    return pd.DataFrame(rows, columns=["label", "n", "recall", "low", "high"])


def _errors(found: "Found", best: Reading) -> pd.DataFrame:
    """Return the first seed's errors on test, the most confident first; of numbers, the largest."""
    frame = found.examples.frame.assign(place=np.arange(len(found.examples.frame)))[found.task.test]
    at, names = frame["place"].to_numpy(), np.array([*found.answers.names, ""], dtype=object)
    true, said = found.answers.values[at], best.said[0][at]
    if found.answers.numeric:
        weight, shown = np.abs(said - true), (np.round(true, 2).astype(str), np.round(said, 2).astype(str))
        kept = np.ones(len(at), bool)
    else:
        weight, shown, kept = best.confidence[0][at], (names[true], names[said]), said != true
    columns = {"true": shown[0], "said": shown[1], "confidence": weight}
    context = {name: frame[source].to_numpy() for name, source in (("before", "before"), ("word", "at"))}
    more = {name: frame[name].to_numpy() for name in ("after", "origin")}
    every = pd.DataFrame({**columns, **context, **more})[kept]
    return every.sort_values("confidence", ascending=False, kind="stable").head(ERRORS).reset_index(drop=True)


def _few(found: "Found", again: Resampling) -> pd.DataFrame:
    rows = [(labels, *bounds(draws(found, again, reading.said))) for labels, reading in found.few]
    return pd.DataFrame(rows, columns=["labels", "score", "low", "high"], dtype=float)


def _coding(found: "Found") -> pd.DataFrame:
    layers, uniform = found.examples.layers, float(np.log2(max(len(found.answers.names), 2)))
    rows = [(layers.index(layer), layer, bits, uniform, uniform / bits) for layer, bits in found.bits.items()]
    return pd.DataFrame(rows, columns=["order", "layer", "bits", "uniform", "compression"])


def _added(found: "Found", again: Resampling) -> dict[str, tuple[float, float, float]]:
    if found.joined is None:
        return {}
    joined = draws(found, again, found.joined.said)
    zero = draws(found, again, found.readings[TRAINED, found.examples.layers[0]].said)
    return {"joined": bounds(joined), "above layer 0": bounds(joined - zero)}
