"""The run behind `TransferSpec`: the stored states of one run's functions, read with two runs' probes."""

import numpy as np
import pandas as pd

from probes import store
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.models.provenance import source_of
from probes.stats import bootstrap
from probes.syntax import look
from probes.syntax.analysis import CONTROL, RANDOM, SyntaxResult
from probes.syntax.dataset import Snippet
from probes.syntax.scores import score
from probes.syntax.study import snippets, states_of
from probes.syntax.transfer import OWN, TRANSFERRED, TransferResult, TransferSpec
from probes.syntax.tuples import Span, decode

BASELINES = {CONTROL: "control task", RANDOM: "random init"}


def carry(spec: TransferSpec, progress: Progress) -> TransferResult:
    """Answer a TransferSpec; refuses runs about different models."""
    (from_spec, theirs), (to_spec, own) = (look.trained(d, store.home()) for d in (spec.probe, spec.run))
    same(theirs, own)
    model = look.same_model(to_spec, own)
    data = snippets(to_spec, model, progress.step(0, 0.2))
    source = source_of(
        model,
        corpus=to_spec.corpus,
        texts=[s.text for s in data.snippets],
        seed=spec.seed,
        also=[LANGUAGES[to_spec.language].wheel],
    )
    states = states_of(model, data, source, progress.step(0.2, 0.6))  # as the run itself left them in the store
    first = len(data.train) + len(data.validation)
    starts = np.cumsum([0, *map(len, data.snippets)])[first:]
    tables = {TRANSFERRED: (from_spec, theirs), OWN: (to_spec, own)}
    values = {name: np.zeros((len(own.layers), len(data.test), 2)) for name in tables}
    for at, layer in enumerate(own.layers):
        rows = states.at(layer)
        for i, piece in enumerate(data.test):
            part = np.asarray(rows[starts[i] : starts[i + 1]])
            for name, (asked, result) in tables.items():
                guess = look.predict(result, at, part, chart=asked.decoding == "chart")
                values[name][at, i] = both(guess, piece)
        progress.report(0.6 + 0.4 * (at + 1) / len(own.layers), 1, "reading trees")
    f1 = {name: table[..., 0] for name, table in values.items()} | baselines(own, data.test)
    spans = {name: table[..., 1].mean(1) for name, table in values.items()}
    return TransferResult(
        scores=scored(own.layers, f1, spans, spec.seed),
        snippets=listed(own.layers, f1, data.test),
        best=theirs.best,
        depth=own.depth,
        names=(from_spec.language, to_spec.language),
        source=source,
    )


def same(theirs: SyntaxResult, own: SyntaxResult) -> None:
    """Refuse (E-TRANSFER) probes of another model: its states have other axes."""
    if (theirs.source.weights, theirs.layers) != (own.source.weights, own.layers):
        raise StrataError(
            "E-TRANSFER",
            f"The probes are of '{theirs.source.model}', the functions were read by '{own.source.model}'.",
            "Two models' states have different axes, so a probe of one means nothing in the other.",
            "Choose two runs of the same model.",
        )


def both(guess: list[Span], piece: Snippet) -> tuple[float, float]:
    """Return F1 with labels, and F1 of the bare spans, each counted once."""
    tree = piece.tree
    truth = decode(tree.distances, tree.constituents, tree.unaries)
    bare = [sorted({Span("", s.first, s.last) for s in spans}) for spans in (guess, truth)]
    return score(guess, truth).f1, score(*bare).f1


def baselines(own: SyntaxResult, test: tuple[Snippet, ...]) -> dict[str, np.ndarray]:
    """Return the F1 [layer, function] of the run's own baselines."""
    found = {}
    for series, name in BASELINES.items():
        rows = own.snippets[own.snippets["series"] == series]
        if len(rows):
            table = rows.pivot(index="layer", columns="snippet", values="f1").loc[list(own.layers)]
            found[name] = table.sort_index(axis=1).to_numpy(float)
            assert found[name].shape[1] == len(test)
    return found


def scored(layers: tuple[str, ...], f1: dict[str, np.ndarray], spans: dict[str, np.ndarray], seed: int) -> pd.DataFrame:
    """Return one row a series and layer, with intervals over functions."""
    rows = []
    for name, values in f1.items():
        bounds = bootstrap(values[:, None], seed=seed)
        gains = bootstrap((f1[TRANSFERRED] - values)[:, None], seed=seed)
        for i, layer in enumerate(layers):
            bare = float(spans[name][i]) if name in spans else np.nan
            rows.append((name, i, layer, *bounds[i].tolist(), bare, *gains[i].tolist()))
    names = ["series", "order", "layer", "f1", "low", "high", "f1_spans", "gain", "gain_low", "gain_high"]
    return pd.DataFrame(rows, columns=names)


def listed(layers: tuple[str, ...], f1: dict[str, np.ndarray], test: tuple[Snippet, ...]) -> pd.DataFrame:
    """Return one row a function, series and layer."""
    rows = [
        (i, piece.origin, name, layer, float(values[at, i]))
        for name, values in f1.items()
        for at, layer in enumerate(layers)
        for i, piece in enumerate(test)
    ]
    return pd.DataFrame(rows, columns=["snippet", "origin", "series", "layer", "f1"])
