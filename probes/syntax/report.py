"""From trained probes to the numbers and tables of a SyntaxResult."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probes.linalg import principal_axes
from probes.stats import bootstrap
from probes.syntax import evaluate, where
from probes.syntax.analysis import CONTROL, RANDOM, TRAINED, SyntaxResult, SyntaxSpec
from probes.syntax.dataset import Dataset
from probes.values import Source

if TYPE_CHECKING:
    from probes.syntax.study import Fit, Shape

F1 = evaluate.METRICS.index("f1")


def result(spec: SyntaxSpec, data: Dataset, fits: Sequence["Fit"], shape: "Shape", source: Source) -> SyntaxResult:
    """Score all fits on validation and test, choose the best layer on the first and report it on the second."""
    layers, first = shape.layers, fits[0]
    sizes = (len(data.train), len(data.validation), len(data.test))
    ends = np.cumsum((0, *sizes))
    valid = _by_series(fits, np.arange(ends[1], ends[2]), len(layers))
    test = _by_series(fits, np.arange(ends[2], ends[3]), len(layers))
    best = int(valid[TRAINED][..., F1].mean((1, 2)).argmax())
    probe, own = first.trained.probe, slice(0, len(layers))
    frames = [_frame(first, layer, int(ends[2])) for layer in range(len(layers))]
    return SyntaxResult(
        scores=_scores(layers, valid, test, spec.seed),
        recall=_recall(first, best, layers[best], np.arange(ends[2], ends[3])),
        snippets=_snippets(layers, test, data),
        best=layers[best],
        depth=shape.depth,
        gain=_gains(best, valid, test, spec.seed),
        sizes=sizes,
        left_out=data.left_out,
        constituents=first.goal.inventory.constituents,
        unaries=first.goal.inventory.unaries,
        layers=layers,
        **{part.name: getattr(probe, part.name)[own].cpu().numpy() for part in fields(probe)},
        center=first.data.center[own],
        scale=first.data.scale[own],
        origin=np.stack([origin for origin, _, _ in frames]).astype(np.float32),
        axes=np.stack([axes for _, axes, _ in frames]).astype(np.float32),
        explained=np.stack([shares for _, _, shares in frames]),
        validation=_validation(fits, layers),
        source=source,
    )


def _by_series(fits: Sequence["Fit"], snippets: np.ndarray, depth: int) -> dict[str, np.ndarray]:
    """Return {series: [layer, seed, snippet, metric]}."""
    found: dict[str, list[np.ndarray]] = {}
    for fit in fits:
        table = evaluate.scores(fit.trained.probe, fit.data, fit.goal, snippets)
        found.setdefault(fit.name, []).append(table[:depth])
        if len(table) > depth:
            found.setdefault(RANDOM, []).append(table[depth:])
    return {name: np.stack(tables, axis=1) for name, tables in found.items()}


def _scores(
    layers: Sequence[str], valid: dict[str, np.ndarray], test: dict[str, np.ndarray], seed: int
) -> pd.DataFrame:
    rows = []
    for name, table in test.items():
        bounds = bootstrap(table[..., F1], seed=seed)
        means = table.mean((1, 2))
        for order, layer in enumerate(layers):
            metrics = dict(zip(evaluate.METRICS, means[order].tolist(), strict=True))
            f1, low, high = bounds[order].tolist()
            valid_f1 = float(valid[name][order, ..., F1].mean())
            row = {"series": name, "order": order, "layer": layer, **metrics, "f1": f1, "low": low, "high": high}
            rows.append({**row, "valid_f1": valid_f1})
    columns = ["series", "order", "layer", "f1", "low", "high", *(m for m in evaluate.METRICS if m != "f1"), "valid_f1"]
    return pd.DataFrame(rows)[columns]


def _gains(
    best: int, valid: dict[str, np.ndarray], test: dict[str, np.ndarray], seed: int
) -> dict[str, tuple[float, float, float]]:
    """Compare the best layer with each baseline on the same test snippets; the random model at its own best layer."""
    top, against = test[TRAINED][best, ..., F1], {}
    if CONTROL in test:
        against[CONTROL] = test[CONTROL][best, ..., F1]
    if RANDOM in test:
        against[RANDOM] = test[RANDOM][int(valid[RANDOM][..., F1].mean((1, 2)).argmax()), ..., F1]
    if best:
        against["layer 0"] = test[TRAINED][0, ..., F1]
    gains = {}
    for name, other in against.items():
        gain, low, high = bootstrap(top - other, seed=seed).tolist()
        gains[name] = (gain, low, high)
    return gains


def _snippets(layers: Sequence[str], test: dict[str, np.ndarray], data: Dataset) -> pd.DataFrame:
    parts = []
    for name, table in test.items():
        mean = table[..., F1].mean(1)
        for order, layer in enumerate(layers):
            parts.append(
                pd.DataFrame(
                    {
                        "snippet": np.arange(len(data.test)),
                        "origin": [s.origin for s in data.test],
                        "words": [len(s) for s in data.test],
                        "series": name,
                        "layer": layer,
                        "f1": mean[order],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _recall(fit: "Fit", best: int, layer: str, snippets: np.ndarray) -> pd.DataFrame:
    table = where.recall(evaluate.answers(fit.trained.probe, fit.data, fit.goal, snippets), best)
    return table.assign(layer=layer)[["label", "layer", "recall", "n"]]


def _frame(fit: "Fit", layer: int, first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the center, the two axes and their shares of the projected test words of one layer."""
    start, stop = fit.goal.starts[first], fit.goal.starts[-1]
    states = (fit.data.arrays[layer][start:stop] - fit.data.center[layer]) * fit.data.scale[layer]
    return principal_axes(states @ fit.trained.probe.basis[layer].cpu().numpy())


def _validation(fits: Sequence["Fit"], layers: Sequence[str]) -> pd.DataFrame:
    """Return the training curves of the first seed: epoch, series, layer, loss."""
    rows = []
    for fit in {fit.name: fit for fit in reversed(fits)}.values():
        for epoch, losses in enumerate(fit.trained.validation):
            for series, loss in enumerate(losses):
                name = fit.name if series < len(layers) else RANDOM
                if np.isfinite(loss):  # a stopped one has none
                    rows.append((epoch, name, layers[series % len(layers)], float(loss)))
    return pd.DataFrame(rows, columns=["epoch", "series", "layer", "loss"])
