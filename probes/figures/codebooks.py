"""What codes keep of each layer, over the floors that make it mean something; and how the codes of one layer are used.

Colour, shape and dash tell the series apart, any one of the three alone.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, MAX_ROWS, ORANGE, VERMILLION
from probes.figures.theme import HALO, INK, MUTED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.codebooks import CodebookResult

Look = tuple[str, str, list[int]]
EXPLAINED: dict[str, Look] = {
    "codes": (BLUE, "circle", [1, 0]),
    "mean of the token's word": (ORANGE, "square", [5, 2]),
    "noise of the same covariance": (GREY, "triangle-up", [2, 2]),
}
BITS: dict[str, Look] = {
    "bits a token": (BLUE, "circle", [1, 0]),
    "entropy of usage": (GREEN, "square", [5, 2]),
    "capacity": (GREY, "triangle-up", [2, 2]),
}
OVERLAP: dict[str, Look] = {
    "codes of two seeds": (BLUE, "circle", [1, 0]),
    "noise of the same covariance": (GREY, "triangle-up", [2, 2]),
    "chance": (VERMILLION, "square", [5, 2]),
}
"""Series → colour, shape and dash."""
_TICKS = 14  # layer labels that fit a single column side by side
_WIDTH = 640
_LEAVES = 20


def explained_by_layer(result: "CodebookResult") -> alt.LayerChart:
    """Draw the variance that codes explain by layer with its interval, over the word's and the noise's; best ringed."""
    columns = dict(zip(EXPLAINED, ("explained", "word", "floor"), strict=True))
    rows = _long(result.scores, columns)
    title = "variance explained, held-out tokens"
    y = alt.Y("value:Q", title=title, scale=alt.Scale(domain=_domain(rows["value"])))
    x = _layers(result)
    band = alt.Chart(result.scores[["layer", "low", "high"]])
    several = len(result.scores) > 1
    mark = band.mark_area(color=BLUE, opacity=0.16, tooltip=None) if several else band.mark_rule(color=BLUE)
    interval = mark.encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q")
    marks = [interval, *_lines(rows, x, y, EXPLAINED), *_best(rows, x, y, result)]
    return dressed(alt.layer(*marks).properties(width=_WIDTH, height=280, description=result.headline()))


def bits_by_layer(result: "CodebookResult") -> alt.LayerChart:
    """Draw the bits that a token's codes take by layer, under the most that they could."""
    rows = _long(result.scores, dict(zip(BITS, ("bits", "entropy", "capacity"), strict=True)))
    y = alt.Y("value:Q", title="bits a token", scale=alt.Scale(domain=[0, float(rows["value"].max()) * 1.1]))
    chart = alt.layer(*_lines(rows, _layers(result), y, BITS)).properties(width=_WIDTH, height=220)
    return dressed(chart.properties(description=f"Bits a token takes by layer. {result.headline()}"))


def stability_by_layer(result: "CodebookResult") -> alt.LayerChart:
    """Draw how far the codes of two seeds agree by layer, beside noise and chance."""
    if result.scores["stability"].isna().all():
        return message("These codes were not fitted here: there is no codebook of another seed to compare with.")
    rows = _long(result.scores, dict(zip(OVERLAP, ("stability", "floor_stability", "chance"), strict=True)))
    y = alt.Y("value:Q", title="overlap of codes (Jaccard)", scale=alt.Scale(domain=[0, 1]))
    chart = alt.layer(*_lines(rows, _layers(result), y, OVERLAP)).properties(width=_WIDTH, height=220)
    return dressed(chart.properties(description=f"Agreement of two seeds by layer. {result.headline()}"))


def usage(result: "CodebookResult") -> alt.LayerChart:
    """Draw every code of the best layer by how often held-out tokens use it, the most used first, coloured by purity.

    Codes without a token have no place on a log axis: their number is in the subtitle.
    """
    used = result.usage[result.usage["count"] > 0].sort_values("count", ascending=False, kind="stable")
    dead = len(result.usage) - len(used)
    used = used.assign(rank=np.arange(1, len(used) + 1), word=[shorten(visible(word), 40) for word in used["word"]])
    shown = used.head(MAX_ROWS)
    note = f"layer {result.best}: {len(used):,} codes used, {dead:,} without a held-out token"
    cut = [f"the {len(shown):,} most used are drawn"] if len(shown) < len(used) else []
    title = alt.TitleParams("How often each code is used", subtitle=[note, *cut], color=INK)
    numbers = [alt.Tooltip(f"{n}:Q", format=f) for n, f in (("count", ","), ("purity", ".2f"), ("overlap", ".2f"))]
    seen = ["book:O", "code:O", alt.Tooltip("word:N", title="commonest word"), *numbers]
    points = (
        alt.Chart(shown[["rank", "share", "book", "code", "word", "count", "purity", "overlap"]])
        .mark_point(filled=True, opacity=0.9, style="dot")
        .encode(
            x=alt.X("rank:Q", title="codes, the most used first", scale=alt.Scale(type="log", nice=False)),
            y=alt.Y("share:Q", title="share of tokens", scale=alt.Scale(type="log"), axis=alt.Axis(format="~%")),
            color=alt.Color("purity:Q", title="share of its commonest word", scale=alt.Scale(domain=[0, 1])),
            tooltip=seen,
        )
    )
    chart = alt.layer(points).properties(width=_WIDTH, height=260, title=title, description=f"Usage of codes: {note}.")
    return dressed(chart)


def leaf_types(result: "CodebookResult") -> alt.LayerChart:
    """Draw how well one code of the best layer picks out each leaf type, with its interval, beside the best word."""
    if result.leaves.empty:
        return message("The texts are not code, or no leaf type is frequent enough: there is nothing to pick out.")
    rows = result.leaves.head(_LEAVES)
    names = [
        f"{shorten(visible(str(n)), 40)}  ({int(s):,})" for n, s in zip(rows["label"], rows["support"], strict=True)
    ]
    rows = rows.assign(shown=names, word=[shorten(visible(str(w)), 40) for w in rows["word"]])
    axis = alt.Axis(ticks=False, domain=False, labelLimit=300, labelOverlap=False)
    down = alt.Y("shown:N", sort=names, title=None, axis=axis)
    scale = alt.Scale(domain=[0, 1])
    points = rows.melt(["shown", "code", "word", "precision", "recall"], ["f1", "word_f1"], "series", "value")
    points["series"] = points["series"].map({"f1": "best code", "word_f1": "best word"})
    looks = {"best code": (BLUE, "circle"), "best word": (ORANGE, "square")}
    colours, shapes = ([look[i] for look in looks.values()] for i in (0, 1))
    numbers = [alt.Tooltip(f"{n}:Q", format=".2f") for n in ("value", "precision", "recall")]
    reach = alt.Chart(rows[["shown", "low", "high"]]).mark_rule(stroke=MUTED, style="span", tooltip=None)
    dots = (
        alt.Chart(points)
        .mark_point(filled=True, opacity=1, style="dot")
        .encode(
            x=alt.X("value:Q", title="F1 on held-out tokens (number of tokens in brackets)", scale=scale),
            y=down,
            color=alt.Color("series:N", title=None, scale=alt.Scale(domain=list(looks), range=colours)),
            shape=alt.Shape("series:N", title=None, scale=alt.Scale(domain=list(looks), range=shapes)),
            tooltip=["shown:N", "series:N", "code:O", "word:N", *numbers],
        )
    )
    note = f"layer {result.best}, the {len(rows)} most frequent of {len(result.leaves)} leaf types"
    title = alt.TitleParams("Which code picks out which leaf of the syntax tree", subtitle=[note], color=INK)
    chart = alt.layer(reach.encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=down), dots)
    chart = chart.properties(width=520, height=max(60, 20 * len(rows)), title=title, description=f"F1: {note}.")
    return dressed(chart)


def _long(scores: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Return one row a series and layer: series, order, layer, value; without series that were not measured."""
    known = {name: column for name, column in columns.items() if not scores[column].isna().all()}
    parts = [scores[["order", "layer"]].assign(series=name, value=scores[column]) for name, column in known.items()]
    return pd.concat(parts, ignore_index=True)


def _domain(values: pd.Series) -> list[float]:
    return [min(0.0, float(values.min())), min(1.0, max(0.1, float(values.max()) * 1.12))]


def _layers(result: "CodebookResult") -> alt.X:
    names = result.scores["layer"].astype(str).tolist()
    axis = alt.Axis(values=names[:: -(-len(names) // _TICKS)], labelAngle=0, labelOverlap=False)
    return alt.X("layer:O", sort=names, title="layer", scale=alt.Scale(domain=names), axis=axis)


def _lines(rows: pd.DataFrame, x: alt.X, y: alt.Y, looks: dict[str, Look]) -> list[Any]:
    looks = {name: look for name, look in looks.items() if name in set(rows["series"])}
    names = list(looks)
    colours, shapes, dashes = (list(kind) for kind in zip(*looks.values(), strict=True))
    colour = alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=colours))
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=shapes))
    dash = alt.StrokeDash("series:N", title=None, scale=alt.Scale(domain=names, range=dashes))
    base = alt.Chart(rows).encode(x=x, color=colour)
    seen = [alt.Tooltip("series:N"), alt.Tooltip("layer:O"), alt.Tooltip("value:Q", format=".3f")]
    line = base.mark_line(tooltip=None).encode(y=y, strokeDash=dash)
    return [line, base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, shape=shape, tooltip=seen)]


def _best(rows: pd.DataFrame, x: alt.X, y: alt.Y, result: "CodebookResult") -> list[Any]:
    """Return a ring about the codes of the best layer, and its label."""
    codes = rows[rows["series"] == "codes"].reset_index(drop=True)
    here = codes[codes["layer"] == result.best]
    share = here.index[0] / max(len(codes) - 1, 1)
    align = "left" if share < 0.25 else "right" if share > 0.75 else "center"
    most = "explain most" if result.scores["floor"].isna().all() else "most above the noise"
    note = here.assign(note=[f"{most}: layer {result.best}, {here['value'].iloc[0]:.2f}"])
    ring = alt.Chart(note).mark_point(filled=False, style="ring", stroke=INK, shape="circle", tooltip=None)
    words: dict[str, Any] = {"style": "note", "align": align, "baseline": "bottom", "dy": -10, "tooltip": None}
    base = alt.Chart(note).encode(x=x, y=y, text="note:N")
    halo = base.mark_text(**words, stroke=HALO, strokeWidth=3)
    return [ring.encode(x=x, y=y), halo, base.mark_text(**words, fill=INK)]
