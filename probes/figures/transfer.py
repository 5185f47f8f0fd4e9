"""What each run's probes read of every run's functions, and what their subspaces have in common."""

from typing import TYPE_CHECKING

import altair as alt
import numpy as np

from probes.figures.dress import BLUE, GREEN, GREY, OKABE_ITO, VERMILLION
from probes.figures.theme import INK, dressed, message

if TYPE_CHECKING:
    from probes.syntax.transfer import TransferResult

BASELINES = {"control task": (VERMILLION, "square"), "random init": (GREEN, "triangle-up")}
SHAPES = ("circle", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left", "stroke", "square")
F1 = "F1 of constituents"
DARK, LIGHT = "#1B1B1B", "#FFFFFF"


def matrix(result: "TransferResult") -> alt.LayerChart:
    """Draw F1 of every run's probes on every run's functions as a heat map, the baselines of each below."""
    rows = result.scores[result.scores["layer"] == result.layer].copy()
    rows["shown"] = [f"{value:.2f}" for value in rows["f1"]]
    probes = [*result.names, *(name for name in BASELINES if name in set(rows["probe"]))]
    x = alt.X("read:N", sort=list(result.names), title="functions of", axis=alt.Axis(labelAngle=0, ticks=False))
    y = alt.Y("probe:N", sort=probes, title="probes of", axis=alt.Axis(ticks=False, domain=False, labelLimit=200))
    titles = {"f1": "F1", "low": "interval from", "high": "to", "f1_spans": "F1 of bare spans"}
    told = [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in titles.items()]
    colour = alt.Color("f1:Q", legend=None, scale=alt.Scale(domain=[0, 1], scheme="cividis"))  # its numbers are on it
    base = alt.Chart(rows).encode(x=x, y=y)
    tiles = base.mark_rect().encode(color=colour, tooltip=["probe:N", "read:N", *told])
    ink = alt.condition("datum.f1 > 0.55", alt.value(DARK), alt.value(LIGHT))
    numbers = base.mark_text(style="label", tooltip=None).encode(text="shown:N", color=ink)
    note = [
        f"F1 of constituents at layer {result.layer}, nothing trained again;",
        "the diagonal is each run's own probe",
    ]
    title = alt.TitleParams("Which probes read which functions", subtitle=note, color=INK)
    side = max(90, min(150, 460 // len(result.names)))
    chart = alt.layer(tiles, numbers).properties(width=side * len(result.names), height=40 * len(probes), title=title)
    return dressed(chart.properties(description=result.headline()))


def f1_of_transfer(result: "TransferResult") -> alt.FacetChart | alt.LayerChart:
    """Draw F1 with its interval by layer, a panel for the functions of each run, a line for each reader of them."""
    rows = result.scores.sort_values(["order", "probe"])
    layers, there = list(result.layers), set(rows["probe"])
    looks = {n: (OKABE_ITO[i], SHAPES[i]) for i, n in enumerate(result.names)}
    looks |= {name: look for name, look in BASELINES.items() if name in there and len(result.names) < 3}
    rows = rows[rows["probe"].isin(looks)]
    domain, colours, shapes = list(looks), [c for c, _ in looks.values()], [s for _, s in looks.values()]
    colour = alt.Color("probe:N", title="probes of", scale=alt.Scale(domain=domain, range=colours))
    shape = alt.Shape("probe:N", title="probes of", scale=alt.Scale(domain=domain, range=shapes))
    axis = alt.Axis(values=layers[:: -(-len(layers) // 8)], labelAngle=0, labelOverlap=False)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=axis)
    top = min(1.0, float(rows["high"].max()) * 1.08 + 0.02)
    scale = alt.Scale(domain=[0, top])
    base = alt.Chart(rows).encode(x=x)
    low, y = alt.Y("low:Q", title=F1, scale=scale), alt.Y("f1:Q", title=F1, scale=scale)
    spread = base.mark_rule(opacity=0.5, tooltip=None).encode(y=low, y2="high:Q", color=colour)
    line = base.mark_line(tooltip=None).encode(y=y, color=colour)
    titles = {"f1": "F1", "low": "interval from", "high": "to", "f1_spans": "F1 of bare spans"}
    told = [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in titles.items()]
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=y, color=colour, shape=shape, tooltip=["probe:N", "read:N", "layer:O", *told]
    )
    panels = alt.layer(spread, line, dots).properties(width=240, height=190)
    facet = alt.Facet(
        "read:N", title=None, sort=list(result.names), header=alt.Header(labelExpr="'functions of ' + datum.value")
    )
    return dressed(panels.facet(facet, columns=3).properties(description=result.headline()))


def subspace_overlap(result: "TransferResult") -> alt.LayerChart:
    """Draw how far each pair of runs' subspaces overlap by layer, and what chance gives."""
    rows = result.angles.copy()
    rows["pair"] = rows["one"] + " and " + rows["other"]
    layers = list(result.layers)
    axis = alt.Axis(values=layers[:: -(-len(layers) // 14)], labelAngle=0, labelOverlap=False)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=axis)
    y = alt.Y("overlap:Q", title="overlap of the subspaces", scale=alt.Scale(domain=[0, 1]))
    titles = {
        "overlap": "overlap",
        "chance_overlap": "by chance",
        "angle": "mean angle, °",
        "chance_angle": "by chance, °",
    }
    told = [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in titles.items()]
    pairs = list(dict.fromkeys(rows["pair"]))
    few = pairs if len(pairs) <= len(OKABE_ITO) else []
    scale = alt.Scale(domain=few, range=list(OKABE_ITO[: len(few)])) if few else alt.Undefined
    colour = alt.Color("pair:N", title=None, scale=scale) if few else alt.value(BLUE)
    base = alt.Chart(rows).encode(x=x, y=y, color=colour, detail="pair:N")
    chance = alt.Chart(rows.head(1)).mark_rule(stroke=GREY, strokeDash=[4, 3], tooltip=None)
    marks = [
        chance.encode(y=alt.Y("chance_overlap:Q", title="overlap of the subspaces")),
        base.mark_line(tooltip=None),
        base.mark_point(filled=True, opacity=1, style="dot").encode(
            tooltip=["pair:N", "layer:O", "same_start:N", *told]
        ),
    ]
    note = ["mean squared cosine of the principal angles: 1 is the same subspace; dashed: chance"]
    if rows["same_start"].any():
        note.append("some probes began at the same projection, and overlap for that reason too: ask with other seeds")
    title = alt.TitleParams("How far the subspaces overlap", subtitle=note, color=INK)
    chart = alt.layer(*marks).properties(width=560, height=240, title=title)
    return dressed(chart.properties(description="Overlap of the runs' syntactic subspaces by layer, beside chance."))


def shared_directions(result: "TransferResult") -> alt.LayerChart:
    """Draw the directions in the order of how much of them lies in all the subspaces, beside unrelated subspaces."""
    rows = result.shared
    if rows.empty:
        return message("There is no direction to show.")
    kinds = {"share": ("these runs", BLUE), "chance": ("unrelated subspaces", GREY)}
    long = rows.melt("direction", ["share", "chance"], "kind", "value")
    long["kind"] = [kinds[kind][0] for kind in long["kind"]]
    scale = alt.Scale(domain=[name for name, _ in kinds.values()], range=[colour for _, colour in kinds.values()])
    x = alt.X("direction:Q", title="direction, the most shared first", scale=alt.Scale(domain=[1, max(len(rows), 2)]))
    y = alt.Y("value:Q", title="how much of it lies in all", scale=alt.Scale(domain=[0, 1]))
    told = ["kind:N", "direction:Q", alt.Tooltip("value:Q", format=".3f")]
    base = alt.Chart(long).encode(x=x, y=y, color=alt.Color("kind:N", title=None, scale=scale))
    marks = alt.layer(
        base.mark_line(tooltip=None), base.mark_point(filled=True, opacity=1, size=14).encode(tooltip=told)
    )
    many = int(np.sum(rows["share"] > 0.9))
    note = [f"layer {result.layer}: {many} of {len(rows)} directions lie nine tenths in the subspaces of all runs"]
    title = alt.TitleParams("What the languages share", subtitle=note, color=INK)
    return dressed(marks.properties(width=560, height=240, title=title, description=note[0]))
