"""Quality of every layer with its first d dimensions: the grid, the first beside others, what is worth its price."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, MAX_ROWS, ORANGE, VERMILLION
from probes.figures.layers import layer_axis
from probes.figures.theme import INK, MUTED, SHAPED, dressed
from probes.figures.words import visible

if TYPE_CHECKING:
    from probes.quality.grid import GridResult

FIRST, RANDOM, AXES, UNTRAINED = (
    "the first dimensions",
    "random ones",
    "principal axes of other texts",
    "random weights",
)
SERIES = {
    FIRST: (BLUE, "circle", [1, 0]),
    AXES: (GREEN, "triangle-up", [2, 2]),
    RANDOM: (ORANGE, "square", [5, 2]),
    UNTRAINED: (GREY, "cross", [8, 3]),
}
"""Series → colour, shape and dash: any one of the three is enough to tell them apart."""
TALLEST = 30
"""Layers that the grid shows; of more, an even choice."""


def quality_grid(result: "GridResult") -> Any:
    """Draw quality as a map of layers by dimensions, Starbucks' diagonal framed, the best cell ringed."""
    layers, note = _kept(result)
    rows = result.cells[result.cells.layer.isin(layers)].drop(columns="order")
    dims = sorted(rows.dims.unique().tolist())
    height = float(np.clip(330 / len(layers), 11, 34))
    x = alt.X("dims:O", sort=dims, title="first dimensions", axis=alt.Axis(labelAngle=0, ticks=False, domain=False))
    y = alt.Y("layer:O", sort=layers, title="layer", axis=layer_axis(layers, result.best))
    bottom, top = min(0.0, float(rows.value.min())), float(rows.value.max())
    scale = alt.Scale(scheme="viridis", domain=[bottom, top if top > bottom else bottom + 1])
    legend = alt.Legend(format=".2f", gradientLength=200)
    colour = alt.Color("value:Q", title=result.measure, scale=scale, legend=legend)
    base = alt.Chart(rows).encode(x=x, y=y)
    cells = base.mark_rect(stroke=None).encode(color=colour, tooltip=_tooltip(rows))
    frames = base.transform_filter("datum.diagonal").mark_rect(
        filled=False, stroke="white", strokeWidth=2, strokeDash=[4, 2], tooltip=None
    )
    words = base.mark_text(style="label", tooltip=None).encode(
        text=alt.Text("value:Q", format=".2f"),
        color=alt.condition(f"datum.value > {(bottom + top) / 2}", alt.value("black"), alt.value("white")),
    )
    best = pd.DataFrame({"dims": [result.best_dims], "layer": [result.best]})
    ring = alt.Chart(best).mark_rect(filled=False, stroke=VERMILLION, strokeWidth=3, tooltip=None).encode(x=x, y=y)
    subtitle = [f"{_judged(result)}; red: best on half of them; dashed: Starbucks' diagonal{note}"]
    title = alt.TitleParams("Layers by dimensions", subtitle=subtitle, color=INK, subtitleColor=MUTED)
    size = {"width": 52 * len(dims), "height": height * len(layers)}
    marks = [cells, frames, ring] + ([words] if height >= 16 else [])
    chart = alt.layer(*marks).properties(**size, title=title, autosize=SHAPED)
    return dressed(chart.properties(description=result.headline()))


def _judged(result: "GridResult") -> str:
    return f"{result.measure}, {result.pairs:,} pairs of {visible(result.title)}"


def _kept(result: "GridResult") -> tuple[list[str], str]:
    step = -(-len(result.layers) // TALLEST)
    last = len(result.layers) - 1
    layers = [name for i, name in enumerate(result.layers) if i % step == 0 or i == last or name == result.best]
    return layers, f"; one layer in {step} is shown" if step > 1 else ""


def _tooltip(rows: pd.DataFrame) -> list[Any]:
    numbers = {"value": "quality", "low": "interval from", "high": "to", "random": "random dimensions"}
    numbers |= {"pca": "principal axes", "untrained": "random weights", "pearson": "Pearson"}
    known = {name: title for name, title in numbers.items() if np.isfinite(rows[name]).any()}
    fields: list[Any] = [alt.Tooltip("layer:O"), alt.Tooltip("dims:O", title="dimensions")]
    return fields + [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in known.items()]


def first_or_others(result: "GridResult") -> Any:
    """Draw, at the best layer, what the first d dimensions keep beside random ones, principal axes, random weights."""
    rows = result.cells[result.cells.layer == result.best]
    parts = {FIRST: ("value", "low", "high"), AXES: ("pca",) * 3, RANDOM: ("random", "random_low", "random_high")}
    parts |= {UNTRAINED: ("untrained",) * 3}
    long = pd.concat(
        [
            pd.DataFrame(dict(zip(("value", "low", "high"), (rows[c] for c in columns), strict=True)))
            .assign(series=name, dims=rows.dims)
            for name, columns in parts.items()
        ],
        ignore_index=True,
    )  # fmt: skip
    long = long[np.isfinite(long.value)]
    names = [name for name in SERIES if name in set(long.series)]
    colours, shapes, dashes = (list(look) for look in zip(*(SERIES[n] for n in names), strict=True))
    dims = rows.dims.tolist()
    scale = alt.Scale(type="log", base=2, domain=[dims[0], dims[-1]], nice=False)
    x = alt.X("dims:Q", title="dimensions", scale=scale, axis=alt.Axis(values=dims, format="d"))
    y = alt.Y("value:Q", title=result.measure, scale=alt.Scale(domainMin=min(0.0, float(long.low.min()))))
    legend = alt.Legend(symbolOpacity=1, symbolDash=[1, 0], symbolStrokeWidth=0)
    colour = alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=colours), legend=legend)
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=shapes))
    dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes), legend=None)
    base = alt.Chart(long).encode(x=x, color=colour)
    tooltip: list[Any] = [
        "series:N",
        "dims:Q",
        *(alt.Tooltip(f"{c}:Q", format=".3f") for c in ("value", "low", "high")),
    ]
    marks = [
        base.mark_area(opacity=0.15, tooltip=None, line=False).encode(y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_line(tooltip=None).encode(y=y, strokeDash=dash),
        base.mark_point(filled=True, opacity=1, size=36).encode(y=y, shape=shape, tooltip=tooltip),
    ]
    subtitle = [f"layer {result.best}; {_judged(result)}; band: 95 % interval, for random ones the draws"]
    title = alt.TitleParams("Are the first dimensions special?", subtitle=subtitle, color=INK, subtitleColor=MUTED)
    chart = alt.layer(*marks).properties(width=620, height=290, title=title)
    return dressed(chart.properties(description=result.headline()))


def worth_its_price(result: "GridResult") -> Any:
    """Draw quality against bytes: a dot for each cell that no other beats in quality, bytes and layers, faint the rest.

    The line is the most that so many bytes give at any layer; a cell on it is named by its layer.
    """
    layers, note = _kept(result)
    every = result.cells.drop(columns="order")
    rows = every[every.layer.isin(layers)].head(MAX_ROWS)
    sizes = sorted(every.bytes.unique().tolist())
    # a little room on both sides, where dots would be cut in half
    scale = alt.Scale(type="log", base=2, domain=[sizes[0] / 1.25, sizes[-1] * 1.25], nice=False)
    x = alt.X("bytes:Q", title="bytes of a vector", scale=scale, axis=alt.Axis(values=sizes, format=",d"))
    y = alt.Y("value:Q", title=result.measure, scale=alt.Scale(zero=False))
    ordered = alt.Scale(domain=layers, scheme="viridis")
    legend = alt.Legend(columns=11, symbolType="circle", symbolOpacity=1)
    colour = alt.Color("layer:O", title="layer", sort=layers, scale=ordered, legend=legend)
    base = alt.Chart(rows).encode(x=x, y=y)
    tooltip = [*_tooltip(rows), alt.Tooltip("bytes:Q", format=",d"), alt.Tooltip("compute:Q", format=".0%")]
    beaten = base.transform_filter("!datum.pareto").mark_point(opacity=0.35, size=18, stroke=MUTED, fill=None)
    dots = base.transform_filter("datum.pareto").mark_point(filled=True, opacity=1, size=60)
    most = alt.Chart(_most(every, sizes)).encode(x=x, y=y)
    line = most.mark_line(stroke=MUTED, strokeWidth=1.5, interpolate="step-after", tooltip=None)
    words = most.transform_filter("datum.layer != ''").mark_text(dy=-12, fill=INK, tooltip=None)
    marks = [line, beaten.encode(tooltip=tooltip), dots.encode(color=colour, tooltip=tooltip)]
    subtitle = [
        f"{_judged(result)}{note}",
        "dot: no cell is better for no more bytes and layers; ring: beaten; line: the most for so many bytes",
    ]
    title = alt.TitleParams("What is worth its price", subtitle=subtitle, color=INK, subtitleColor=MUTED)
    chart = alt.layer(*marks, words.encode(text="named:N")).properties(width=620, height=290, title=title)
    return dressed(chart.properties(description=result.headline()))


def _most(rows: pd.DataFrame, sizes: list[int]) -> pd.DataFrame:
    """Return the best cell of each step up in quality as bytes grow, and where the last one's line ends."""
    best = rows.loc[rows.groupby("bytes").value.idxmax()].sort_values("bytes")
    steps = best[best.value > best.value.cummax().shift(fill_value=-np.inf)][["bytes", "value", "layer"]]
    steps = steps.assign(named="layer " + steps.layer.astype(str))
    end = pd.DataFrame([{"bytes": sizes[-1], "value": steps.value.max(), "layer": "", "named": ""}])
    return pd.concat([steps, end] if steps.bytes.iloc[-1] < sizes[-1] else [steps], ignore_index=True)
