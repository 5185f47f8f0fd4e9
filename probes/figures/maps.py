"""Maps of a cloud: one that moves from layer to layer, all layers side by side, and what the maps keep."""

import json
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, MAX_ROWS, OKABE_ITO, ORANGE, PURPLE, SKY, VERMILLION
from probes.figures.geometry import sparse
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.geometry.maps import MapResult

SIZE = (640, 285)
"""Of the moving map, in pixels."""
MOST_KINDS = 7
"""Kinds with a colour of their own: as many as can be told apart; the others are one."""
OTHERS = "others"
CLUSTER = "cluster"
"""The column of a map's own clusters, which are others in every layer."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
KEPT = {
    "trustworthiness": (BLUE, "circle"),
    "continuity": (ORANGE, "square"),
    "neighbours": (GREEN, "triangle-up"),
    "distances": (PURPLE, "diamond"),
    "stability": (VERMILLION, "triangle-down"),
    "chance": (GREY, "cross"),
    "random": (SKY, "triangle-right"),
}
"""What a map keeps → colour and shape: either is enough to tell them apart."""
_AXIS = alt.Axis(labels=False, ticks=False, grid=False, domain=False)
_SHOWN = 0.998
"""On either side of an axis, the share of all places in all layers that it holds; what lies beyond is at its end."""


MOVED = 2_000
"""Points that move at most: each frame of the slider sets every one of them anew."""


def thinned(count: int, most: int) -> tuple[np.ndarray, str]:
    """Return an even choice of at most so many of the points, and what to say of it when it is not all."""
    some = np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))
    return some, f"; {len(some):,} of {count:,} points" if len(some) < count else ""


def shown(
    result: "MapResult", column: str = "kind", most: int = MOST_KINDS, layer: str = ""
) -> tuple[list[str], list[str]]:
    """Return the kind of each point as it is drawn, and the kinds, as `numbered` finds them."""
    numbers, kinds = numbered(result, column, most, layer)
    return np.array(kinds, dtype=object)[numbers].tolist(), kinds


def numbered(
    result: "MapResult", column: str = "kind", most: int = MOST_KINDS, layer: str = ""
) -> tuple[np.ndarray, list[str]]:
    """Return the number of each point's kind, and the kinds: the most frequent ones, then all others as one.

    Of a column of many different numbers, a kind is a fifth of the points; `CLUSTER` is the layer's own.
    """
    values = result.cluster_names(layer or result.best) if column == CLUSTER else result.points[column]
    of_each, texts = pd.factorize(np.array([str(value) for value in _binned(values, most)], dtype=object))
    # two texts may be drawn alike: long ones are cut
    alike, told = pd.factorize(np.array([shorten(visible(text), 30) for text in texts], dtype=object))
    of_each = alike[of_each]
    counts = pd.Series(np.bincount(of_each, minlength=len(told)), told).sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    kinds = counts.index[: most if len(counts) > most + 1 else most + 1].tolist()
    others = kinds.index(OTHERS) if OTHERS in kinds else len(kinds)
    place = {kind: k for k, kind in enumerate(kinds)}
    numbers = np.array([place.get(kind, others) for kind in told])[of_each]
    return numbers, [*kinds, *([OTHERS] if len(counts) > len(kinds) and others == len(kinds) else [])]


def _binned(values: "pd.Series | list[str]", most: int) -> list[object]:
    """Return numbers by which fifth they are in, when there are more of them than kinds; anything else as it is."""
    column = pd.Series(values)
    if not pd.api.types.is_numeric_dtype(column) or column.nunique() <= most + 1:
        return column.tolist()
    parts = pd.qcut(column, 5, duplicates="drop")
    return ["unknown" if pd.isna(part) else f"{part.left:.3g} to {part.right:.3g}" for part in parts]


def looks(kinds: list[str]) -> dict[str, tuple[str, str]]:
    """Return the colour and the shape of each kind; grey is for all others."""
    colours = [c for c in OKABE_ITO if c != GREY]
    pairs = zip(kinds, [*colours, GREY], SHAPES, strict=False)
    return {kind: (GREY if kind == OTHERS else colour, shape) for kind, colour, shape in pairs}


def _encoded(kinds: list[str]) -> dict[str, Any]:
    known = looks(kinds)
    colours, shapes = (list(look) for look in zip(*known.values(), strict=True))
    legend = alt.Legend(columns=MOST_KINDS + 1, symbolOpacity=1, labelLimit=90)
    return {
        "color": alt.Color("kind:N", title=None, scale=alt.Scale(domain=list(known), range=colours), legend=legend),
        "shape": alt.Shape("kind:N", title=None, scale=alt.Scale(domain=list(known), range=shapes)),
    }


def context(points: pd.DataFrame) -> list[str]:
    """Return each point between what stands before and after it, on one line."""
    parts = zip(points.before, points.word, points.after, strict=True)
    return [
        f"{visible(b[-24:]) if b else ''}▸{visible(shorten(w, 60))}◂{visible(a[:24]) if a else ''}" for b, w, a in parts
    ]


def moving(result: "MapResult") -> Any:
    """Draw the points at their places, with a slider that moves them from layer to layer in the browser."""
    some, few = thinned(result.count, MOVED)
    told, kinds = shown(result)
    ends = spans(result.xy, *SIZE)
    xy = within(result.xy[:, some], ends)
    points = result.points.iloc[some]
    kinds_of = [told[i] for i in some]
    kinds = [kind for kind in kinds if kind in kinds_of]
    facts = {"kind": kinds_of, "point": context(points), "origin": [visible(o) for o in points.origin]}
    rows = pd.DataFrame(facts)
    best = result.layers.index(result.best)
    rows["x"], rows["y"] = xy[best, :, 0], xy[best, :, 1]
    rows["xs"] = [",".join(f"{v:g}" for v in line) for line in xy[:, :, 0].T]
    rows["ys"] = [",".join(f"{v:g}" for v in line) for line in xy[:, :, 1].T]
    last = len(result.layers) - 1
    slider = alt.binding_range(min=0, max=last, step=0.05, name="layer ") if last else alt.Undefined
    at = alt.param(name="at", value=best, bind=slider)
    between = "(1 - at % 1) * toNumber(split(datum.{0}, ',')[floor(at)])"
    between += f" + (at % 1) * toNumber(split(datum.{{0}}, ',')[min({last}, ceil(at))])"
    across, up = (alt.Scale(domain=end, nice=False) for end in ends)
    title = f"{drawn_by(result)} of {result.count:,} points{few.replace(f' of {result.count:,} points', ' drawn')}"
    here = f"'layer ' + {json.dumps(list(result.layers))}[round(at)] + ' of {result.depth}'"
    marks = alt.Chart(rows).mark_point(filled=True, opacity=0.75, size=22, aria=False)
    chart = marks.transform_calculate(x=between.format("xs"), y=between.format("ys")).encode(
        x=alt.X("x:Q", title=None, scale=across, axis=_AXIS),
        y=alt.Y("y:Q", title=None, scale=up, axis=_AXIS),
        tooltip=["kind:N", "point:N", "origin:N"],
        **_encoded(kinds),
    )
    words = alt.Chart(pd.DataFrame({"shown": [title]})).mark_text(
        align="left", baseline="top", style="note", fill=MUTED, tooltip=None, text=alt.ExprRef(here)
    )
    label = words.encode(x=alt.value(6), y=alt.value(6))
    chart = alt.layer(chart.add_params(at), label).properties(width=SIZE[0], height=SIZE[1], title=_title(title))
    return dressed(chart.properties(description=result.headline()))


def drawn_by(result: "MapResult") -> str:
    """Return how the maps were drawn, for a title: a probe's label is a column that anyone may have named."""
    return visible(shorten(result.drawn_by, 96))


def _title(text: str, *notes: str) -> alt.TitleParams:
    return alt.TitleParams(text, subtitle=list(notes), color=INK, subtitleColor=MUTED)


def spans(xy: np.ndarray, width: int, height: int) -> tuple[list[float], list[float]]:
    """Return what the two axes show of places [..., 2], one unit as long on both; a few far out lie at its edge."""
    flat = xy.reshape(-1, 2).astype(np.float64)
    low, high = np.quantile(flat, [1 - _SHOWN, _SHOWN], axis=0)
    unit = float(((high - low) / (width, height)).max()) * 1.08 or 1 / width
    half, middle = np.array([width, height]) * unit / 2, (low + high) / 2
    ends = np.stack([middle - half, middle + half], axis=1).round(4).tolist()
    return ends[0], ends[1]


def within(xy: np.ndarray, ends: tuple[list[float], list[float]]) -> np.ndarray:
    """Return places [..., 2] with those beyond the axes at their ends."""
    low, high = np.array(ends).T
    return np.clip(xy, low, high).round(4)


def every_layer(result: "MapResult") -> Any:
    """Draw the map of every layer beside the others; of many points, an even choice that is said."""
    kinds_of, kinds = shown(result)
    layers = list(result.layers)
    most = max(1, MAX_ROWS // len(layers))
    some, few = thinned(result.count, most)
    ends = spans(result.xy, 165, 165)
    xy = within(result.xy[:, some], ends)
    rows = pd.DataFrame({"layer": np.repeat([f"layer {name}" for name in layers], len(some))})
    rows["x"], rows["y"] = xy[..., 0].ravel().round(4), xy[..., 1].ravel().round(4)
    rows["kind"] = np.tile(np.array(kinds_of, dtype=object)[some], len(layers))
    across, up = (alt.Scale(domain=end, nice=False) for end in ends)
    note = [f"each layer is laid over the one before{few}"]
    title = alt.TitleParams(f"{drawn_by(result)}, layer by layer", subtitle=note, color=INK, subtitleColor=MUTED)
    order, header = [f"layer {name}" for name in layers], alt.Header(labelColor=INK)
    facet = alt.Facet("layer:N", sort=order, title=None, header=header, columns=4)
    marks = alt.Chart(rows).mark_point(filled=True, opacity=0.7, size=8, tooltip=None)
    chart = marks.encode(
        x=alt.X("x:Q", title=None, scale=across, axis=_AXIS),
        y=alt.Y("y:Q", title=None, scale=up, axis=_AXIS),
        facet=facet,
        **_encoded(kinds),
    )
    return dressed(chart.properties(width=165, height=165, title=title, description=result.headline()))


def what_is_kept(result: "MapResult") -> alt.LayerChart:
    """Draw what the map of each layer keeps, over what shuffled points would keep."""
    long = result.quality.drop(columns="order").melt("layer", var_name="what", value_name="share")
    fixed = result.method in ("pca", "probe")
    none = {"stability" if fixed else "", "" if result.subspace else "random"}
    names = [name for name in KEPT if name not in none]
    long = long[long.what.isin(names)]
    layers = list(result.layers)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=sparse(layers))
    y = alt.Y("share:Q", title=None, scale=alt.Scale(domain=[min(0.0, float(long.share.min())), 1]))
    colour = alt.Color("what:N", title=None, scale=alt.Scale(domain=names, range=[KEPT[n][0] for n in names]))
    shape = alt.Shape("what:N", title=None, scale=alt.Scale(domain=names, range=[KEPT[n][1] for n in names]))
    base = alt.Chart(long).encode(x=x, y=y, color=colour)
    tooltip = ["what:N", "layer:O", alt.Tooltip("share:Q", format=".3f")]
    dots = base.mark_point(filled=True, opacity=1, size=30).encode(shape=shape, tooltip=tooltip)
    random = "; random: neighbours in a random subspace of that rank" if result.subspace else ""
    note = [f"on {result.judged:,} points, {result.neighbours} neighbours; chance is for neighbours{random}"]
    title = alt.TitleParams("What the maps keep", subtitle=note, color=INK, subtitleColor=MUTED)
    chart = alt.layer(base.mark_line(tooltip=None), dots).properties(width=620, height=260, title=title)
    return dressed(chart.properties(description=f"What the maps keep. {result.headline()}"))
