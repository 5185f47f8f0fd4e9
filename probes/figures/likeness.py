"""Layers side by side: how alike each is to each, how much each step changes, and whether measures agree."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.alignment.kernels import kernel
from probes.figures.dress import BLUE, MAX_ROWS, ORANGE
from probes.figures.layers import layer_axis
from probes.figures.theme import INK, MUTED, SHAPED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.alignment.likeness import LikenessResult

"""As large as its cells, whatever the width of the page."""
SIDE = 400
"""Pixels of the longer side of the map."""
SMALLEST, LARGEST = 10, 34
"""Pixels of a cell."""
_FIELDS = ("layer", "other_layer", "value", "low", "high", "null", "random")


def all_pairs(result: "LikenessResult") -> Any:
    """Draw how alike each layer is to each, the first at the top left, as square cells; the headline's pair ringed."""
    every = result.of(result.measures[0])
    every = every[np.isfinite(every.value)]
    if every.empty:
        return message("No two layers could be compared.")
    (down, across), note = _kept(result)
    rows = every[every.layer.isin(down) & every.other_layer.isin(across)]
    cell = int(np.clip(SIDE / max(len(down), len(across)), SMALLEST, LARGEST))
    x = alt.X("other_layer:O", sort=across, title=f"layer of {_name(result.other)}", axis=_axis(across, result.best[1]))
    y = alt.Y("layer:O", sort=down, title=f"layer of {_name(result.model)}", axis=_axis(down, result.best[0]))
    low, high = float(rows.value.min()), float(rows.value.max())
    scale = alt.Scale(scheme="viridis", domain=[low, high], reverse=result.distance)
    legend = alt.Legend(format=".2f", gradientLength=min(200, cell * len(across)))
    colour = alt.Color("value:Q", title=result.measure, scale=scale, legend=legend)
    cells = alt.Chart(rows[list(_FIELDS)]).mark_rect(stroke=None).encode(x=x, y=y, color=colour, tooltip=_tooltip(rows))
    pairs = [result.best] if result.how == "two" else [result.best, result.best[::-1]]
    best = pd.DataFrame(pairs[: 1 if result.how == "kin" else 2], columns=["layer", "other_layer"])
    best = best[best.layer.isin(down) & best.other_layer.isin(across)]
    ring: dict[str, Any] = {"shape": "circle", "size": cell**2 * 0.3, "filled": False, "tooltip": None, "opacity": 1}
    rings = [alt.Chart(best).mark_point(**ring, stroke=stroke, strokeWidth=width).encode(x=x, y=y)
             for stroke, width in (("white", 4), ("black", 1.5))]  # fmt: skip
    title = alt.TitleParams(
        f"{_name(result.model)} and {_name(result.other)}" if result.how != "one" else _name(result.model),
        subtitle=[f"{result.measure} on {result.texts} texts; {_RINGED[result.how]}{note}"],
        color=INK,
    )
    size = {"width": cell * len(across), "height": cell * len(down)}
    return dressed(
        alt.layer(cells, *rings).properties(**size, title=title, autosize=SHAPED, description=result.headline())
    )


_RINGED = {
    "one": "a ring marks the largest step",
    "kin": "a ring marks the layer that differs most",
    "two": "a ring marks the most alike",
}


def _name(name: str) -> str:
    return shorten(visible(name), 30)


def _kept(result: "LikenessResult") -> tuple[tuple[list[str], list[str]], str]:
    """Return the layers that are drawn, every other one or fewer where there would be too many cells, and a note."""
    step = 1
    while -(-len(result.layers) // step) * -(-len(result.other_layers) // step) > MAX_ROWS:
        step += 1
    kept = [
        [name for i, name in enumerate(layers) if i % step == 0 or name == best]
        for layers, best in zip((result.layers, result.other_layers), result.best, strict=True)
    ]
    return (kept[0], kept[1]), f"; one layer in {step} is shown" if step > 1 else ""


def _axis(layers: list[str], best: str) -> alt.Axis:
    axis = layer_axis(layers, best)
    axis.ticks, axis.domain = False, False
    return axis


def _tooltip(rows: pd.DataFrame) -> list[Any]:
    numbers = {"value": "likeness", "low": "interval from", "high": "to", "null": "texts paired at random"}
    if np.isfinite(rows["random"]).any():
        numbers |= {"random": "random weights"}
    fields: list[Any] = [alt.Tooltip("layer:O", title="layer"), alt.Tooltip("other_layer:O", title="with layer")]
    return fields + [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in numbers.items()]


def change_by_layer(result: "LikenessResult") -> Any:
    """Draw how far each layer is from the one before, with its interval, beside the same with random weights."""
    rows = result.change[result.change.measure == result.measures[0]]
    rows = rows[np.isfinite(rows.change)]
    if rows.empty:
        return message("There is one layer only, so nothing changes.")
    panels = [_panel(result, rows[rows.model == name], name) for name in dict.fromkeys(rows.model)]
    what = result.measure if result.distance else f"1 - {result.measure}"
    title = alt.TitleParams(
        f"What each layer changes ({what})", subtitle=["from the layer before it, with 95 % intervals"], color=INK
    )
    alone = panels[0].properties(title=title, height=260)
    chart = alt.vconcat(*panels, title=title, autosize=SHAPED) if len(panels) > 1 else alone
    return dressed(chart.properties(description=result.headline()))


def _panel(result: "LikenessResult", rows: pd.DataFrame, name: str) -> Any:
    layers = rows.layer.tolist()
    long = pd.concat(
        [
            rows.assign(series="trained"),
            rows.assign(series="random weights", change=rows.random, low=rows.random, high=rows.random),
        ],
        ignore_index=True,
    )
    long = long[np.isfinite(long.change)][["series", "before", "layer", "change", "low", "high"]]
    series = list(dict.fromkeys(long.series))
    marked = result.best[1] if result.how == "one" else layers[0]
    x = alt.X("layer:O", sort=layers, title=f"layer of {_name(name)}", axis=layer_axis(layers, marked))
    y = alt.Y("change:Q", title="change", scale=alt.Scale(domainMin=min(0.0, float(long.low.min()))))
    colours, dashes, shapes = [BLUE, ORANGE], [[1, 0], [5, 2]], ["circle", "square"]
    legend = alt.Legend(symbolOpacity=1, symbolDash=[1, 0], symbolStrokeWidth=0)
    scale = alt.Scale(domain=series, range=colours[: len(series)])
    color = alt.Color("series:N", title=None, scale=scale, legend=legend)
    dash = alt.StrokeDash("series:N", title=None, scale=alt.Scale(domain=series, range=dashes), legend=None)
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=series, range=shapes))
    tooltip: list[Any] = ["series:N", alt.Tooltip("before:O", title="from layer"), alt.Tooltip("layer:O", title="to")]
    tooltip += [alt.Tooltip(f"{field}:Q", format=".3f") for field in ("change", "low", "high")]
    base = alt.Chart(long).encode(x=x, color=color)
    marks = [
        base.mark_area(opacity=0.18, tooltip=None, line=False).encode(y=alt.Y("low:Q", title="change"), y2="high:Q"),
        base.mark_line(tooltip=None).encode(y=y, strokeDash=dash),
        base.mark_point(filled=True, opacity=1, size=30).encode(y=y, shape=shape, tooltip=tooltip),
    ]
    return alt.layer(*marks).properties(width=640, height=150)


def agreement_of_measures(result: "LikenessResult") -> Any:
    """Draw whether measures rank the pairs of layers alike, as a map with its numbers."""
    rows = result.agreement[np.isfinite(result.agreement.rho)]
    if len(result.measures) < 2 or rows.empty:
        return message("One measure was asked for, or too few layers; agreement needs two measures.")
    titles = {name: kernel(name).title for name in result.measures}
    rows = rows.assign(measure=rows.measure.map(titles), other=rows.other.map(titles))
    names = list(titles.values())
    x = alt.X("other:N", sort=names, title=None, axis=alt.Axis(ticks=False, domain=False, labelAngle=-35))
    y = alt.Y("measure:N", sort=names, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=220))
    low = float(rows.rho.min())
    scale = alt.Scale(scheme="viridis", domain=[min(low, 0.0), 1])
    colour = alt.Color("rho:Q", title="rank correlation", scale=scale, legend=alt.Legend(format=".1f"))
    tooltip: list[Any] = ["measure:N", "other:N", alt.Tooltip("rho:Q", format=".3f")]
    base = alt.Chart(rows).encode(x=x, y=y)
    cells = base.mark_rect(stroke=None).encode(color=colour, tooltip=tooltip)
    dark = rows.assign(light=rows.rho > (1 + min(low, 0.0)) / 2)
    words = alt.Chart(dark).mark_text(style="label", tooltip=None).encode(
        x=x, y=y, text=alt.Text("rho:Q", format=".2f"),
        color=alt.condition("datum.light", alt.value("black"), alt.value("white")),
    )  # fmt: skip
    title = alt.TitleParams(
        "Do the measures agree?",
        subtitle=[f"Spearman over {int(rows.pairs.iloc[0])} pairs of layers, distances turned round"],
        color=INK,
        subtitleColor=MUTED,
    )
    side = 52 * len(names)
    chart = alt.layer(cells, words).properties(width=side, height=side, title=title, autosize=SHAPED)
    return dressed(chart.properties(description=f"Rank correlations of {len(names)} measures over pairs of layers."))
