"""From trained probes to the numbers and tables of a SyntaxResult."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pandas as pd

from probes.linalg import principal_axes
from probes.stats import bootstrap
from probes.syntax import agree, cloud, compare, evaluate, where
from probes.syntax.analysis import RANDOM, TRAINED, SyntaxResult, SyntaxSpec
from probes.syntax.dataset import Dataset
from probes.syntax.tables import F1, Extras, Fit, Shape, Tables
from probes.values import Source

Sides = tuple[Tables, Extras]
FRAMED = 20_000
"""Test words that a plane is laid through, at most."""


def result(
    spec: SyntaxSpec, data: Dataset, fits: Sequence[Fit], sides: Sides, of: tuple[Shape, Source]
) -> SyntaxResult:
    """Report on test the layer that is best on validation, with everything that stands beside it."""
    (tables, extras), (shape, source) = sides, of
    layers, first, best = shape.layers, fits[0], tables.best()
    sizes = (len(data.train), len(data.validation), len(data.test))
    ends = np.cumsum((0, *sizes))
    probe, own = first.trained.probe, slice(0, len(layers))
    frames = [_frame(first, layer, int(ends[2])) for layer in range(len(layers))]
    chart = spec.decoding == "chart"
    said = evaluate.answers(probe, first.data, first.goal, np.arange(ends[2], ends[3]), chart=chart)
    compared = compare.controls(layers, tables, extras, spec.seed)
    return SyntaxResult(
        scores=_scores(layers, tables, spec.seed),
        recall=where.recall(said, best).assign(layer=layers[best])[["label", "layer", "recall", "n"]],
        cells=where.cells(said, best),
        examples=where.examples(said, best, data.test),
        confusions=where.confusions(said, best),
        cloud=cloud.cloud(first, layers, data, seed=spec.seed),
        snippets=_snippets(layers, tables.test, data),
        controls=compared,
        dimension=compare.dimension(tables, extras, spec),
        agreement=agree.agreement(layers, _bases(fits, len(layers))),
        best=layers[best],
        depth=shape.depth,
        gain=compare.gains(tables, extras, spec.seed),
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


def _scores(layers: Sequence[str], tables: Tables, seed: int) -> pd.DataFrame:
    """Return one row a series and layer; a series that only tests has no F1 on validation."""
    rows = []
    for name, table in tables.test.items():
        bounds = bootstrap(table[..., F1], seed=seed)
        means = table.mean((1, 2))
        for order, layer in enumerate(layers):
            metrics = dict(zip(evaluate.METRICS, means[order].tolist(), strict=True))
            f1, low, high = bounds[order].tolist()
            valid_f1 = float(tables.valid[name][order, ..., F1].mean()) if name in tables.valid else np.nan
            row = {"series": name, "order": order, "layer": layer, **metrics, "f1": f1, "low": low, "high": high}
            rows.append({**row, "valid_f1": valid_f1})
    columns = ["series", "order", "layer", "f1", "low", "high", *(m for m in evaluate.METRICS if m != "f1"), "valid_f1"]
    return pd.DataFrame(rows)[columns]


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


def _bases(fits: Sequence[Fit], depth: int) -> list[np.ndarray]:
    """Return the subspaces [layer, width, rank] of the trained model, one array a start."""
    return [fit.trained.probe.basis[:depth].cpu().numpy() for fit in fits if fit.name == TRAINED]


def _frame(fit: Fit, layer: int, first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the center, the two axes and their shares of the projected test words of one layer."""
    start = fit.goal.starts[first]
    stop = min(fit.goal.starts[-1], start + FRAMED)
    states = (fit.data.arrays[layer][start:stop] - fit.data.center[layer]) * fit.data.scale[layer]
    return principal_axes(states @ fit.trained.probe.basis[layer].cpu().numpy())


def _validation(fits: Sequence[Fit], layers: Sequence[str]) -> pd.DataFrame:
    """Return the training curves of the first seed: epoch, series, layer, loss."""
    rows = []
    for fit in {fit.name: fit for fit in reversed(fits)}.values():
        for epoch, losses in enumerate(fit.trained.validation):
            for series, loss in enumerate(losses):
                name = fit.name if series < len(layers) else RANDOM
                if np.isfinite(loss):  # a stopped one has none
                    rows.append((epoch, name, layers[series % len(layers)], float(loss)))
    return pd.DataFrame(rows, columns=["epoch", "series", "layer", "loss"])
