"""The run behind `TrustSpec`: texts that are short enough, every method on each, random values, shuffled weights."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from probes import corpora
from probes.attribution import faithful, sanity
from probes.attribution.analysis import AttributionSpec
from probes.attribution.asking import attributed, missed
from probes.attribution.baselines import baseline
from probes.attribution.names import BASELINES, COMPLETE
from probes.attribution.nodes import scores
from probes.attribution.targets import Asked, question
from probes.attribution.trust import TrustResult, TrustSpec
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import Model, loaded
from probes.models.choice import ReadsModel
from probes.models.provenance import source_of
from probes.models.tasks import task_of
from probes.stats import bootstrap, spearman

TOO_LONG, TOO_SHORT = "more tokens than asked for", "fewer than 4 tokens"
SHORTEST = 4
LOOKED_AT = 200
"""Texts looked at for each that is wanted, before fewer are taken."""
DELETION, INSERTION, ERROR = "deletion over random", "insertion over random", "completeness error"


def judging(spec: TrustSpec, progress: Progress) -> TrustResult:
    """Answer a TrustSpec; refuses no method (E-METHOD), too few short texts (E-TOO-FEW), weights in few bits."""
    if not spec.methods:
        raise StrataError("E-METHOD", "There is no method to judge.", fix="Name at least one.")
    if spec.sanity and spec.quantise != "none":
        what = "Weights in 8 or 4 bits cannot be shuffled."
        raise StrataError("E-QUANTISED", what, fix="Ask without the sanity check, or without quantising.")
    progress.report(0, 1, "loading the model")
    model = loaded(spec)
    texts, left_out = _texts(spec, model)
    asked, target = asked_of(model, texts)
    shared = {name: getattr(spec, name) for name in (*ReadsModel.model_fields, "baseline", "steps", "samples", "seed")}
    methods = [AttributionSpec(method=name, **shared) for name in spec.methods]
    originals, errors, gains = _judged(model, asked, methods, spec.draws, progress.step(0, 0.5 if spec.sanity else 1))
    table = pd.DataFrame(columns=["method", "blocks", "spearman", "low", "high"])
    if spec.sanity:
        progress.report(0.5, 1, "shuffling weights")
        at, found = sanity.cascade(model, asked, methods, originals, spec.stages)
        table = _sanity(spec, at, found)
    return TrustResult(
        scores=_scores(spec, errors, gains),
        agreement=_agreement(spec, originals),
        sanity=table,
        texts=len(texts),
        target=target,
        baseline=BASELINES[spec.baseline],
        blocks=len(model.sites.blocks),
        left_out=left_out,
        source=source_of(model, corpus=spec.corpus, texts=texts, seed=spec.seed, also=("captum",)),
    )


def _texts(spec: TrustSpec, model: Model) -> tuple[list[str], dict[str, int]]:
    chosen: list[str] = []
    left_out: Counter[str] = Counter()
    stream = corpora.stream(spec.corpus, language=spec.language or None, seed=spec.seed, skipped=left_out)
    for seen, text in enumerate(stream):
        if len(chosen) == spec.n or seen >= LOOKED_AT * spec.n:
            break
        length = int(model.lengths([text.text])[0]) if len(text.text) < 20 * spec.tokens else spec.tokens + 1
        if SHORTEST <= length <= spec.tokens:
            chosen.append(text.text)
        else:
            left_out[TOO_LONG if length > spec.tokens else TOO_SHORT] += 1
    if len(chosen) < 2:
        what = f"Only {len(chosen)} texts have {SHORTEST} to {spec.tokens} tokens."
        raise StrataError("E-TOO-FEW", what, fix="Allow more tokens, or choose another corpus.")
    return chosen, dict(left_out)


def asked_of(model: Model, texts: list[str]) -> tuple[list[Asked], str]:
    """Return what each text is asked: its last token where the model predicts any, else its likeness to the next."""
    task = task_of(getattr(model.net.config, "architectures", None))
    if task is None or model.weights.startswith("random init"):
        others = [*texts[1:], texts[0]]
        return [Asked(a, "similarity", other=b) for a, b in zip(texts, others, strict=True)], "similarity"
    target = "a token" if task == "next" else "masked token"
    return [Asked(text, target) for text in texts], target  # type: ignore[arg-type]  # two of the names


def _judged(
    model: Model, asked: list[Asked], methods: list[AttributionSpec], draws: int, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return attributions object [method, text], errors [method, text], and gains over random [method, way, text]."""
    shape = (len(methods), len(asked))
    originals = np.empty(shape, object)
    errors, gains = np.full(shape, np.nan), np.full((shape[0], 2, shape[1]), np.nan)
    for t, one in enumerate(asked):
        each = question(model, one)
        own, ends = each.own.cpu().numpy(), (each.states(), baseline(each, methods[0].baseline))
        random = np.random.default_rng([methods[0].seed, t]).standard_normal((draws, len(own)))
        score, without = scores(each, *ends, np.stack([np.ones_like(own), ~own])).tolist()
        for m, spec in enumerate(methods):
            values = attributed(each, spec, ends)[0]
            originals[m, t] = values[own]
            errors[m, t] = missed(values, score - without)
            areas = faithful.area(faithful.curves(each, *ends, values, random))
            deletion, insertion = areas[0] - areas[1:].mean(0)
            gains[m, :, t] = -deletion, insertion
        progress.report(t + 1, len(asked), "attributing")
    return originals, errors, gains


def _interval(values: np.ndarray, seed: int) -> list[float]:
    """Return mean and bounds over the texts whose value is known."""
    known = values[np.isfinite(values)]
    return bootstrap(known[None], seed=seed).tolist() if len(known) else [np.nan] * 3


def _scores(spec: TrustSpec, errors: np.ndarray, gains: np.ndarray) -> pd.DataFrame:
    rows = []
    for m, method in enumerate(spec.methods):
        rows += [(method, name, *_interval(gains[m, way], spec.seed)) for way, name in enumerate((DELETION, INSERTION))]
        if method in COMPLETE:
            rows.append((method, ERROR, *_interval(errors[m], spec.seed)))
    return pd.DataFrame(rows, columns=["method", "measure", "value", "low", "high"])


def _agreement(spec: TrustSpec, originals: np.ndarray) -> pd.DataFrame:
    rows = []
    for a, method in enumerate(spec.methods):
        for b, other in enumerate(spec.methods):
            found = np.array([spearman(x, y) for x, y in zip(originals[a], originals[b], strict=True)])
            rows.append((method, other, *_interval(found, spec.seed)))
    return pd.DataFrame(rows, columns=["method", "other", "spearman", "low", "high"])


def _sanity(spec: TrustSpec, at: list[int], found: np.ndarray) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for m, method in enumerate(spec.methods):
        rows.append((method, 0, 1.0, 1.0, 1.0))  # nothing shuffled: the original itself
        rows += [(method, count, *_interval(found[i, m], spec.seed)) for i, count in enumerate(at)]
    return pd.DataFrame(rows, columns=["method", "blocks", "spearman", "low", "high"])
