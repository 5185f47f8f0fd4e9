"""The run behind `TransferSpec`: the stored states of each run's functions, read with every run's probes."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from probes import store
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.models import Model
from probes.models.provenance import source_of
from probes.stats import bootstrap
from probes.syntax import analysis, common, evaluate, look
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.dataset import Dataset
from probes.syntax.series import Series
from probes.syntax.spans import METRICS, Spans, score_rows
from probes.syntax.study import snippets, states_of
from probes.syntax.transfer import CONTROL, OWN, RANDOM, TransferResult, TransferSpec
from probes.values import Source

BASELINES = {analysis.CONTROL: CONTROL, analysis.RANDOM: RANDOM}
F1 = METRICS.index("f1")
Run = tuple[SyntaxSpec, SyntaxResult]


@dataclass(frozen=True)
class Reading:
    """What all probes make of one run's test functions."""

    read: str
    f1: dict[str, np.ndarray]
    """[layer, function] of every run's probes and of the run's own baselines."""
    spans: dict[str, np.ndarray]
    """[layer]: mean F1 of the bare spans, of probes alone."""
    origins: tuple[str, ...]


def carry(spec: TransferSpec, progress: Progress) -> TransferResult:
    """Answer a TransferSpec; refuses models of other sizes, and subspaces of different rank."""
    runs = [look.trained(digest, store.home()) for digest in spec.runs]
    notes = same(runs)
    names = named(runs)
    layers = runs[0][1].layers
    readings, sources = [], []
    for at, run in enumerate(runs):
        part = progress.step(at / len(runs), (at + 1) / len(runs))
        data, source, arrays = held_out(look.same_model(*run), run[0], part.step(0, 0.7))
        sources.append(source)
        readings.append(reading(names[at], dict(zip(names, runs, strict=True)), data, arrays))
        part.report(1, 1, "reading trees")
    layer = layers[chosen([result for _, result in runs])]
    bases = [result.basis for _, result in runs]
    return TransferResult(
        scores=pd.concat([scored(one, layers, spec.seed) for one in readings], ignore_index=True),
        gains=gained(readings, names, layers.index(layer), spec.seed),
        angles=common.angles(names, layers, bases, [asked.seed for asked, _ in runs]),
        shared=common.shared([basis[layers.index(layer)] for basis in bases], seed=spec.seed),
        snippets=pd.concat([listed(one, layers.index(layer)) for one in readings], ignore_index=True),
        layer=layer,
        layers=layers,
        depth=runs[0][1].depth,
        names=names,
        source=replace(sources[0], notes=(*sources[0].notes, *notes)),
    )


def same(runs: list[Run]) -> tuple[str, ...]:
    """Refuse (E-TRANSFER) states or subspaces of other sizes; return what a reader must know of runs of two models."""
    _, first = runs[0]
    for _, other in runs[1:]:
        if other.layers != first.layers or other.basis.shape[1] != first.basis.shape[1]:
            raise StrataError(
                "E-TRANSFER",
                f"'{first.source.model}' and '{other.source.model}' have other layers or another width.",
                "A probe of one means nothing in the other.",
                "Choose runs of the same model, or of one and what was trained from it.",
            )
        if other.basis.shape != first.basis.shape:
            ranks = first.basis.shape[2], other.basis.shape[2]
            what = f"The subspaces have {ranks[0]} and {ranks[1]} dimensions."
            raise StrataError("E-TRANSFER", what, "Their overlap would not be told from their size.", "Use one rank.")
    if len({result.source.weights for _, result in runs}) == 1:
        return ()
    return ("The runs are of different weights: their states share axes only if one model was trained from the other.",)


def named(runs: list[Run]) -> tuple[str, ...]:
    """Return the language of each run, with a letter, in the order asked, where several runs are of one."""
    languages = [asked.language for asked, _ in runs]
    return tuple(
        name if languages.count(name) == 1 else f"{name} {letter}"
        for name, letter in zip(languages, "ABCDEFGH", strict=False)
    )


def chosen(results: list[SyntaxResult]) -> int:
    """Return the place of the layer whose own probes do best on validation, on average over runs."""
    own = [result.scores[result.scores["series"] == analysis.TRAINED].sort_values("order") for result in results]
    return int(np.mean([table["valid_f1"].to_numpy(float) for table in own], axis=0).argmax())


def held_out(model: Model, asked: SyntaxSpec, progress: Progress) -> tuple[Dataset, Source, list[np.ndarray]]:
    """Return the functions of a run, where they come from, and the test words' states [word, width] of each layer."""
    data = snippets(asked, model, progress.step(0, 0.3))
    texts, grammar = [s.text for s in data.snippets], LANGUAGES[asked.language].wheel
    source = source_of(model, corpus=asked.corpus, texts=texts, seed=asked.seed, also=[grammar])
    # as the run itself left them in the store
    states = states_of(model, data, source, progress.step(0.3, 1), how=asked.states)
    first = sum(map(len, data.snippets)) - sum(map(len, data.test))
    return data, source, [np.asarray(states.at(layer)[first:]) for layer in states.layers]


def reading(read: str, runs: dict[str, Run], data: Dataset, arrays: list[np.ndarray]) -> Reading:
    """Read the test functions of the run called `read` with the probes of all runs."""
    f1, spans = {}, {}
    for name, (asked, result) in runs.items():
        goal, probe = look.goal_of(result, [s.tree for s in data.test]), look.probe_of(result)
        series = Series(tuple(arrays), result.center, result.scale, "cpu")
        chart = asked.decoding == "chart"
        said = evaluate.answers(probe, series, goal, np.arange(len(data.test)), chart=chart)
        f1[name] = said.scores()[..., F1]
        words = int(said.starts[-1])
        gold = bare(said.gold, words)
        alone = [score_rows(bare(said.spans(at), words), gold, said.starts)[:, F1] for at in range(len(arrays))]
        spans[name] = np.mean(alone, axis=1)
    return Reading(read, f1 | baselines(runs[read][1]), spans, tuple(s.origin for s in data.test))


def bare(spans: Spans, words: int) -> Spans:
    """Return the spans without their labels, each once."""
    plain = Spans(np.zeros_like(spans.label), spans.first, spans.last, spans.tree)
    _, once = np.unique(plain.keys(words), return_index=True)
    return Spans(*(getattr(plain, part.name)[once] for part in fields(Spans)))


def baselines(own: SyntaxResult) -> dict[str, np.ndarray]:
    """Return the F1 [layer, function] of a run's own baselines."""
    found = {}
    for series, name in BASELINES.items():
        rows = own.snippets[own.snippets["series"] == series]
        if len(rows):
            table = rows.pivot(index="layer", columns="snippet", values="f1").loc[list(own.layers)]
            found[name] = table.sort_index(axis=1).to_numpy(float)
    return found


def scored(one: Reading, layers: tuple[str, ...], seed: int) -> pd.DataFrame:
    """Return one row a reader and layer, with intervals over functions."""
    rows = []
    for name, values in one.f1.items():
        bounds = bootstrap(values[:, None], seed=seed)
        for at, layer in enumerate(layers):
            alone = float(one.spans[name][at]) if name in one.spans else np.nan
            rows.append((name, one.read, at, layer, *bounds[at].tolist(), alone))
    return pd.DataFrame(rows, columns=["probe", "read", "order", "layer", "f1", "low", "high", "f1_spans"])


def gained(readings: list[Reading], names: tuple[str, ...], at: int, seed: int) -> pd.DataFrame:
    """Return what each transferred probe has above the own probe and the baselines of the run it reads."""
    rows = []
    for one in readings:
        rivals = {OWN: one.f1[one.read]} | {name: f1 for name, f1 in one.f1.items() if name not in names}
        for probe in (name for name in names if name != one.read):
            for rival, values in rivals.items():
                gain = bootstrap((one.f1[probe][at] - values[at])[None, None], seed=seed)[0].tolist()
                rows.append((probe, one.read, rival, *gain))
    return pd.DataFrame(rows, columns=["probe", "read", "rival", "gain", "low", "high"])


def listed(one: Reading, at: int) -> pd.DataFrame:
    """Return one row a function and reader at one layer."""
    rows = [
        (i, origin, name, one.read, float(values[at, i]))
        for name, values in one.f1.items()
        for i, origin in enumerate(one.origins)
    ]
    return pd.DataFrame(rows, columns=["snippet", "origin", "probe", "read", "f1"])
