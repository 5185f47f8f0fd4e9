"""The shape of the cloud by layer: measures over their nulls, before and after treatment, norms, rogue dimensions."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION
from probes.figures.theme import INK, MUTED, dressed, message
from probes.geometry.analysis import RANDOM, RAW, TRAINED
from probes.geometry.contexts import ADJUSTED
from probes.geometry.measures import MEASURES
from probes.geometry.nulls import GAUSSIAN, ISOTROPIC
from probes.geometry.treatments import TREATMENTS

if TYPE_CHECKING:
    from probes.geometry.analysis import GeometryResult

Look = tuple[str, str, list[int]]
SERIES: dict[str, Look] = {
    TRAINED: (BLUE, "circle", [1, 0]),
    RANDOM: (GREEN, "triangle-up", [2, 2]),
    ISOTROPIC: (GREY, "cross", [8, 3]),
    GAUSSIAN: (VERMILLION, "square", [5, 2]),
}
"""Series → colour, shape and dash: any one of the three is enough to tell them apart."""
TREATED: dict[str, Look] = dict(
    zip(
        TREATMENTS,
        [(BLUE, "circle", [1, 0]), (ORANGE, "square", [5, 2]), (GREEN, "triangle-up", [2, 2])]
        + [(PURPLE, "diamond", [8, 3])],
        strict=True,
    )
)
SHOWN = (
    ("mean-cosine", "isoscore", "partition", ADJUSTED, "hubness", "rogue-share"),
    ("effective-rank", "participation", "stable-rank", "two-nn", "mle", "norm"),
)
"""Measures drawn by layer, the second group on logarithmic axes: noise fills dimensions many times over."""
MOVED = (("mean-cosine", "isoscore", "hubness"), ("participation", "stable-rank", "two-nn"))
"""Measures drawn before and after treatment, in the same two groups."""
_TITLES = {row.name: row.title for row in MEASURES} | {ADJUSTED: "self-similarity of words, adjusted"}
_TITLES |= {"two-nn": "dimension (TwoNN)", "mle": "dimension (MLE)", "rogue-share": "share of one coordinate"}


def by_layer(result: "GeometryResult") -> Any:
    """Draw measures of the untreated cloud by layer, over noise and random weights, in a panel each."""
    rows = result.scores[result.scores.treatment == RAW]
    note = f"{result.points:,} points of {result.texts:,} texts, with 95 % intervals over texts"
    return _panels(result, rows.assign(told=rows.series), SERIES, (SHOWN, "The cloud, layer by layer", note))


def after_treatment(result: "GeometryResult") -> Any:
    """Draw what centring, all-but-the-top and whitening do to some measures, by layer."""
    own = result.scores[result.scores.series == TRAINED]
    note = "treatments are fitted on other texts than those measured"
    return _panels(result, own.assign(told=own.treatment), TREATED, (MOVED, "Before and after treatment", note))


def _panels(
    result: "GeometryResult", rows: pd.DataFrame, looks: dict[str, Look], about: tuple[tuple[Any, ...], str, str]
) -> Any:
    groups, head, note = about
    rows = rows[np.isfinite(rows.value)].drop(columns=["series", "treatment", "order"])
    rows = rows.assign(low=rows.low.fillna(rows.value), high=rows.high.fillna(rows.value))
    drawn = [_facets(result, rows[rows.measure.isin(names)], looks, log=i > 0) for i, names in enumerate(groups)
             if rows.measure.isin(names).any()]  # fmt: skip
    if not drawn:
        return message("No measure has a value.")
    title = alt.TitleParams(head, subtitle=[note], color=INK, subtitleColor=MUTED)
    chart = alt.vconcat(*drawn, spacing=14).properties(title=title, description=f"{head}: {result.headline()}")
    return dressed(chart)


def _facets(result: "GeometryResult", rows: pd.DataFrame, looks: dict[str, Look], *, log: bool) -> Any:
    """Return a panel a measure, each with its own axis, all of them logarithmic or none."""
    if log:
        rows = rows[rows.value > 0]
        rows = rows.assign(low=np.maximum(rows.low, rows.value / 2))
    names = [name for name in _TITLES if name in set(rows.measure)]
    rows = rows.assign(measure=rows.measure.map(_TITLES))
    colours, shapes, dashes = (list(look) for look in zip(*looks.values(), strict=True))
    legend = alt.Legend(columns=4, symbolOpacity=1, symbolDash=[1, 0], symbolStrokeWidth=0)
    colour = alt.Color("told:N", title=None, scale=alt.Scale(domain=list(looks), range=colours), legend=legend)
    shape = alt.Shape("told:N", title=None, scale=alt.Scale(domain=list(looks), range=shapes))
    dash = alt.StrokeDash("told:N", scale=alt.Scale(domain=list(looks), range=dashes), legend=None)
    layers = list(result.layers)
    x = alt.X("layer:O", sort=layers, title="layer" if log else None, axis=sparse(layers))
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=False)
    y = alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4, format="~g"))
    tooltip = [alt.Tooltip("measure:N"), alt.Tooltip("told:N", title="of"), alt.Tooltip("layer:O")]
    tooltip += [alt.Tooltip(f"{c}:Q", format=".4~g") for c in ("value", "low", "high")]
    base = alt.Chart().encode(x=x, color=colour)
    band = base.mark_area(opacity=0.18, tooltip=None, line=False).encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    line = base.mark_line(tooltip=None).encode(y=y, strokeDash=dash)
    dots = base.mark_point(filled=True, opacity=1, size=14).encode(y=y, shape=shape, tooltip=tooltip)
    header = alt.Header(labelColor=INK, labelPadding=4)
    facet = alt.Facet("measure:N", sort=[_TITLES[name] for name in names], title=None, header=header)
    panels = alt.layer(band, line, dots, data=rows).properties(width=225, height=100)
    return panels.facet(facet=facet, columns=3, spacing=12).resolve_scale(y="independent")


def sparse(layers: list[str]) -> alt.Axis:
    """Return an axis that labels at most seven layers."""
    step = -(-len(layers) // 7)
    return alt.Axis(values=layers[::step], labelAngle=0, labelOverlap=False)


def norms(result: "GeometryResult") -> alt.LayerChart:
    """Draw how long the vectors are: the median, the middle half and the middle nine tenths, by layer."""
    layers = list(result.layers)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=sparse(layers))
    scale = alt.Scale(type="log", nice=False) if (result.norms.p5 > 0).all() else alt.Scale()
    base = alt.Chart(result.norms.drop(columns="order")).encode(x=x)
    tooltip = ["layer:O", *(alt.Tooltip(f"p{q}:Q", title=f"{q} % point", format=".4~g") for q in (5, 25, 50, 75, 95))]
    outer = base.mark_area(color=BLUE, opacity=0.15, tooltip=None, line=False)
    inner = base.mark_area(color=BLUE, opacity=0.25, tooltip=None, line=False)
    y = alt.Y("p50:Q", title="norm", scale=scale)
    marks = [
        outer.encode(y=alt.Y("p5:Q", scale=scale), y2="p95:Q"),
        inner.encode(y=alt.Y("p25:Q", scale=scale), y2="p75:Q"),
        base.mark_line(color=BLUE, tooltip=None).encode(y=y),
        base.mark_point(filled=True, opacity=1, size=30, color=BLUE).encode(y=y, tooltip=tooltip),
    ]
    note = "median, the middle half and the middle nine tenths"
    title = alt.TitleParams("How long the vectors are", subtitle=[note], color=INK, subtitleColor=MUTED)
    chart = alt.layer(*marks).properties(width=620, height=260, title=title)
    return dressed(chart.properties(description=f"Norms by layer: {note}."))


def rogue_dimensions(result: "GeometryResult") -> alt.LayerChart:
    """Draw the five dimensions of each layer that add most to the mean cosine, by number."""
    layers = list(result.layers)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=sparse(layers))
    y = alt.Y("share:Q", title="share of the mean cosine", axis=alt.Axis(format="~%"))
    numbers = [alt.Tooltip(f"{c}:Q", format=".3~g") for c in ("share", "mean", "sd")]
    base = alt.Chart(result.rogue.drop(columns="order")).encode(x=x, y=y)
    dots = base.mark_point(filled=True, opacity=0.9, style="dot", color=BLUE)
    dots = dots.encode(tooltip=["layer:O", "dimension:O", *numbers])
    first = base.transform_filter("datum.rank == 1").mark_text(style="note", fill=INK, dy=-10, tooltip=None)
    marks = [dots, first.encode(text="dimension:O")] if len(layers) <= 14 else [dots]
    note = "what each of the five largest adds; the largest is named by its number"
    title = alt.TitleParams("Rogue dimensions", subtitle=[note], color=INK, subtitleColor=MUTED)
    chart = alt.layer(*marks).properties(width=620, height=260, title=title)
    return dressed(chart.properties(description=f"Rogue dimensions by layer: {note}."))
