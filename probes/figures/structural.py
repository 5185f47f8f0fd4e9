"""Dependency trees in the states: four measures by layer over their rivals, UUAS by rank, one sentence's two trees."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, VERMILLION
from probes.figures.layers import layer_axis
from probes.figures.theme import INK, dressed, message
from probes.figures.words import shorten, visible
from probes.probing.analysis import RANDOM, TRAINED
from probes.probing.structural import CHAIN, CONTROL, DISTANCE, MEASURES, UUAS

if TYPE_CHECKING:
    from probes.probing.structural import StructuralResult

SERIES = {
    TRAINED: (BLUE, "circle", [1, 0]),
    CONTROL: (VERMILLION, "square", [5, 2]),
    RANDOM: (GREEN, "triangle-up", [2, 2]),
    CHAIN: (GREY, "stroke", [8, 4]),
}
"""Series → colour, shape and dash: any one of the three is enough to tell them apart."""
FOUND, MISSED, WRONG = "in both", "only in the tree", "only in the states"
EDGES = {FOUND: (BLUE, [1, 0]), MISSED: (GREY, [4, 3]), WRONG: (ORANGE, [2, 2])}
"""Which edge it is → colour and dash."""
_POINTS, _GAP, _MOST = 25, 46, 30
"""Points of an arc, the room of a word, and the words that are drawn."""


def trees_by_layer(result: "StructuralResult") -> alt.VConcatChart:
    """Draw the four measures with their intervals by layer, a line a series, a level line for the chain."""
    names = [name for name in SERIES if name == CHAIN or name in set(result.scores["series"])]
    panels = [_panel(result, measure, names) for measure in MEASURES]
    pairs = [alt.hconcat(*panels[i : i + 2], spacing=28) for i in (0, 2)]
    chart = alt.vconcat(*pairs, spacing=18).resolve_scale(color="shared", shape="shared", strokeDash="shared")
    return dressed(chart.properties(description=result.headline()))


def _panel(result: "StructuralResult", measure: str, names: list[str]) -> Any:
    rows = result.scores[result.scores["measure"] == measure].drop(columns="measure")
    layers, looks = list(result.layers), _looks(names)
    axis = layer_axis(layers, result.best[measure])
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=axis)
    level = result.baselines[(result.baselines["name"] == CHAIN) & (result.baselines["measure"] == measure)]
    ends = pd.DataFrame({"layer": [layers[0], layers[-1]], "value": float(level["value"].iloc[0]), "series": CHAIN})
    low = min(0.0, float(rows["low"].min()), float(level["value"].iloc[0]))
    y = alt.Y("value:Q", title=measure, scale=alt.Scale(domain=[max(low, -1.0), 1.0], clamp=True))
    base = alt.Chart(rows).encode(x=x, color=looks["color"])
    tips = [alt.Tooltip("series:N"), alt.Tooltip("layer:O")]
    tips += [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high")]
    marks = [
        alt.Chart(ends).mark_line(tooltip=None).encode(x=x, y=y, color=looks["color"], strokeDash=looks["strokeDash"]),
        base.mark_area(opacity=0.16, tooltip=None, line=False).encode(
            y=alt.Y("low:Q", title=measure), y2="high:Q", detail="series:N"
        ),
        base.mark_line(tooltip=None).encode(y=y, strokeDash=looks["strokeDash"]),
        base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, shape=looks["shape"], tooltip=tips),
    ]
    title = alt.TitleParams(f"{measure}; best on validation: layer {result.best[measure]}", color=INK)
    return alt.layer(*marks).properties(width=290, height=190, title=title)


def _looks(names: list[str]) -> dict[str, Any]:
    colours, shapes, dashes = (list(kind) for kind in zip(*(SERIES[name] for name in names), strict=True))
    return {
        "color": alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=colours)),
        "shape": alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=shapes)),
        "strokeDash": alt.StrokeDash("series:N", title=None, scale=alt.Scale(domain=names, range=dashes)),
    }


def trees_by_rank(result: "StructuralResult") -> alt.LayerChart:
    """Draw UUAS and the distance correlation of the best layer by the dimensions of the projection."""
    if result.ranks.empty:
        return message("This run was not asked for other ranks.")
    scale = alt.Scale(type="log", base=2, nice=False)
    ticks = sorted(result.ranks["rank"].unique().tolist())
    x = alt.X("rank:Q", title="dimensions of the projection", scale=scale, axis=alt.Axis(values=ticks, format="d"))
    domain = [UUAS, DISTANCE]
    legend = alt.Legend(symbolOpacity=1)  # that of the bands would be all but invisible
    colour = alt.Color("measure:N", title=None, scale=alt.Scale(domain=domain, range=[BLUE, ORANGE]), legend=legend)
    looks = alt.Scale(domain=domain, range=["circle", "square"])
    shape = alt.Shape("measure:N", title=None, scale=looks, legend=legend)
    floor = min(0.0, float(result.ranks["low"].min()))
    y = alt.Y("value:Q", title="score", scale=alt.Scale(domain=[floor, 1.0]))
    base = alt.Chart(result.ranks).encode(x=x, color=colour)
    tips = [alt.Tooltip("measure:N"), alt.Tooltip("rank:Q")]
    tips += [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high")]
    marks = [
        base.mark_area(opacity=0.16, tooltip=None, line=False).encode(y=alt.Y("low:Q", title="score"), y2="high:Q"),
        base.mark_line(tooltip=None).encode(y=y),
        base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, shape=shape, tooltip=tips),
    ]
    title = alt.TitleParams(
        f"How many dimensions the distances of layer {result.best[UUAS]} need (first draw)", color=INK
    )
    described = f"{title.text}. {result.headline()}"
    return dressed(alt.layer(*marks).properties(width=640, height=260, title=title, description=described))


def two_trees(result: "StructuralResult") -> alt.LayerChart:
    """Draw a typical test sentence with its tree above the words and the states' spanning tree below them."""
    words = result.words[result.words["sentence"] == result.example].sort_values("number")
    cut = words[words["number"] <= _MOST]
    lines = _arcs(cut)
    width = _GAP * len(cut)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0.5, len(cut) + 0.5]))
    most = float(lines["y"].abs().max()) if len(lines) else 1.0
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-most - 0.2, most + 0.2]))
    names = list(EDGES)
    colour = alt.Color("edge:N", title=None, scale=alt.Scale(domain=names, range=[EDGES[n][0] for n in names]))
    dash = alt.StrokeDash("edge:N", title=None, scale=alt.Scale(domain=names, range=[EDGES[n][1] for n in names]))
    arcs = (
        alt.Chart(lines)
        .mark_line(interpolate="monotone")
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dash,
            detail="arc:N",
            order="point:Q",
            tooltip=["edge:N", "from:N", "to:N"],
        )
    )
    shown = pd.DataFrame({"x": cut["number"], "y": 0.0, "word": [shorten(visible(w), 9) for w in cut["word"]]})
    shown["depth"], shown["said depth"] = cut["depth"].to_numpy(), cut["said_depth"].to_numpy()
    tips = ["word:N", "depth:Q", alt.Tooltip("said depth:Q", format=".2f")]
    text = alt.Chart(shown).mark_text(style="note", fill=INK).encode(x=x, y=y, text="word:N", tooltip=tips)
    row = result.sentences[result.sentences["sentence"] == result.example].iloc[0]
    note = [f"above: the tree; below: the spanning tree of the distances at layer {result.best[UUAS]}"]
    if len(words) > len(cut):
        note[0] += f"; the first {_MOST} of {len(words)} words"
    head = f"{row['right']} of {row['edges']} edges found; root {_word(row['root'])!r}"
    title = alt.TitleParams(f"{head}, said {_word(row['said_root'])!r}", subtitle=note, color=INK)
    chart = alt.layer(arcs, text).properties(width=max(320, width), height=260, title=title)
    return dressed(chart.properties(description=f"{title.text}. {result.headline()}"))


def _arcs(words: pd.DataFrame) -> pd.DataFrame:
    """Return the points of an arc an edge: those of the tree above zero, those of the states below."""
    last, name = int(words["number"].max()), dict(zip(words["number"], words["word"], strict=True))
    counted = words[words["counted"]]
    true = {_pair(n, h) for n, h in zip(counted["number"], counted["head"], strict=True) if 0 < h <= last}
    said = {_pair(n, t) for n, t in zip(counted["number"], counted["said"], strict=True) if 0 < t <= last}
    steps, parts = np.linspace(0, np.pi, _POINTS), []
    for side, edges, other, unlike in ((1, true, said, MISSED), (-1, said, true, WRONG)):
        for a, b in sorted(edges):
            x = (a + b) / 2 - (b - a) / 2 * np.cos(steps)
            y = side * (0.25 + np.sin(steps) * (b - a) ** 0.8 / 2)
            part = pd.DataFrame({"x": x, "y": y, "point": range(_POINTS), "arc": f"{side} {a} {b}"})
            edge = FOUND if (a, b) in other else unlike
            parts.append(part.assign(edge=edge, **{"from": _word(name[a]), "to": _word(name[b])}))
    empty = pd.DataFrame(columns=["x", "y", "point", "arc", "edge", "from", "to"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def _word(word: object) -> str:
    """Return a word that may be as long as a line, and hold anything, as it is drawn."""
    return visible(shorten(str(word), 32))


def _pair(one: int, other: int) -> tuple[int, int]:
    return (int(min(one, other)), int(max(one, other)))
