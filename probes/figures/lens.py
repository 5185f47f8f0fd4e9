"""What each layer predicts: the grid of likeliest tokens, the ranks of the true ones, and how sharp predictions are."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREY, ORANGE
from probes.figures.theme import INK, dressed, message, symlog
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.intervention import LensResult

ACROSS = 22
"""Positions drawn: a cell must hold a token."""
NORMED = "after the final norm"


def what_each_layer_says(result: "LensResult") -> alt.LayerChart:
    """Draw the likeliest token of every layer and position; colour is its probability, a frame where it has settled."""
    rows, x, note = _grid(result)
    tops = result.tops[(result.tops["reading"] == NORMED) & result.tops["position"].isin(set(rows["position"]))]
    said = [f"{_seen(top)} {p:.2f}" for top, p in zip(tops["top"], tops["probability"], strict=True)]
    told = tops.assign(said=said).groupby(["layer", "position"], sort=False)["said"].agg(" · ".join).reset_index()
    rows = rows.merge(told, on=["layer", "position"])
    colour = alt.Color("probability:Q", title="probability of the likeliest token", scale=alt.Scale(domain=[0, 1]))
    seen = ["read:N", "layer:O", alt.Tooltip("said:N", title="likeliest")]
    seen += [alt.Tooltip(f"{name}:Q", format=".2f") for name in ("probability", "entropy", "kl")]
    base = alt.Chart(rows).encode(x=x, y=_down(result))
    cells = base.mark_rect().encode(color=colour, tooltip=seen)
    light = alt.condition("datum.probability < 0.55", alt.value("white"), alt.value("black"))  # on the ends of cividis
    text = base.mark_text(style="label", tooltip=None, limit=36).encode(text="said_short:N", color=light)
    return _finished(result, [cells, text], "What each layer would say next", note)


def rank_of_the_truth(result: "LensResult") -> alt.LayerChart:
    """Draw the rank of the true token at every layer and position, 1 being the likeliest; on a logarithmic scale."""
    rows, x, note = _grid(result)
    rows = rows[rows["rank"].notna()]
    if rows.empty:
        return message("No true token of this text is known.")
    scale = alt.Scale(type="log", scheme="cividis", reverse=True)
    colour = alt.Color("rank:Q", title="rank of the true token", scale=scale)
    seen = ["read:N", alt.Tooltip("right:N", title="true token"), "layer:O", "rank:Q"]
    seen += [alt.Tooltip("truth_p:Q", title="its probability", format=".3f")]
    seen += [alt.Tooltip("shuffled:Q", title="rank under a shuffled head")]
    cells = alt.Chart(rows).mark_rect().encode(x=x, y=_down(result), color=colour, tooltip=seen)
    return _finished(result, [cells], "How far down each layer has the true token", note)


def sharpness_by_layer(result: "LensResult") -> alt.HConcatChart:
    """Draw entropy, the distance from the last layer, and what is right, by layer, with and without the final norm."""
    rows = result.layers.sort_values(["order", "reading"])
    panels = [
        _lines(rows, "entropy", "entropy, nats"),
        _lines(rows, "kl", "KL from the last layer, nats", bent=symlog(rows[["kl"]], 0.1)),
        _lines(rows, "hits", "true token first", beside="shuffled"),
    ]
    note = "means over the positions of the text; grey: the same with the rows of the head shuffled"
    title = alt.TitleParams("How sharp and how right predictions are", subtitle=[note], color=INK)
    chart = alt.hconcat(*panels, spacing=18).resolve_scale(color="shared")
    return dressed(chart.properties(title=title, description=result.headline()))


def where_it_settles(result: "LensResult") -> alt.LayerChart:
    """Draw, for every position, the layer from which on the likeliest token no longer changes."""
    rows = result.settled.head(2 * ACROSS)
    labels = [f"{n}\u00a0{shorten(_seen(token), 12)}" for n, token in zip(rows["position"], rows["token"], strict=True)]
    rows = rows.assign(read=labels, top=[_seen(t) for t in rows["top"]], truth=[_seen(t) for t in rows["truth"]])
    rows = rows.assign(found=["right" if right else "wrong, or not known" for right in rows["right"]])
    scale = alt.Scale(domain=["right", "wrong, or not known"], range=[BLUE, ORANGE])
    x = alt.X("read:N", sort=labels, title=None, axis=alt.Axis(labelAngle=-50, labelLimit=120, labelOverlap=False))
    y = alt.Y("order:Q", title="settles at layer", scale=alt.Scale(domain=[0, result.depth], nice=False))
    colour = alt.Color("found:N", title="the prediction is", scale=scale)
    shapes = alt.Scale(domain=scale.domain, range=["circle", "triangle-up"])  # one legend: of one domain
    shape = alt.Shape("found:N", title="the prediction is", scale=shapes)
    base = alt.Chart(rows[["read", "order", "layer", "top", "truth", "found"]]).encode(x=x)
    stem = base.mark_rule(opacity=0.4, tooltip=None).encode(y=y, y2=alt.datum(0), color=colour)
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=y, color=colour, shape=shape, tooltip=["read:N", "layer:O", alt.Tooltip("top:N", title="predicts"), "truth:N"]
    )
    title = alt.TitleParams("Where predictions settle", color=INK)
    width = max(240, 24 * len(rows))
    return dressed(
        alt.layer(stem, dots).properties(width=width, height=260, title=title, description=result.headline())
    )


def _lines(rows: pd.DataFrame, field: str, title: str, *, beside: str = "", bent: dict[str, Any] | None = None) -> Any:
    layers = rows.drop_duplicates("layer")["layer"].tolist()
    axis = alt.Axis(values=layers[:: -(-len(layers) // 8)], labelAngle=0, labelOverlap=False)
    x = alt.X("layer:O", sort=layers, title="layer", axis=axis, scale=alt.Scale(domain=layers))
    names = rows["reading"].unique().tolist()
    colour = alt.Color("reading:N", title="read", scale=alt.Scale(domain=names, range=[BLUE, ORANGE][: len(names)]))
    dash = alt.StrokeDash(
        "reading:N", title="read", scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]][: len(names)])
    )
    base = alt.Chart(rows).encode(x=x)
    told = ["layer:O", "reading:N", alt.Tooltip(f"{field}:Q", format=".3f")]
    parts: list[Any] = [
        base.mark_line().encode(
            y=alt.Y(f"{field}:Q", title=title, **bent or {}), color=colour, strokeDash=dash, tooltip=told
        )
    ]
    if beside:
        parts.insert(0, base.mark_line(color=GREY, tooltip=None).encode(y=f"{beside}:Q", detail="reading:N"))
    return alt.layer(*parts).properties(width=235, height=240)


def _grid(result: "LensResult") -> tuple[pd.DataFrame, alt.X, str]:
    every = result.settled["position"].tolist()
    shown = every[:ACROSS]
    rows = result.cells[(result.cells["reading"] == NORMED) & result.cells["position"].isin(shown)]
    token = dict(zip(result.settled["position"], result.settled["token"], strict=True))
    labels = {n: f"{n}\u00a0{shorten(_seen(token[n]), 12)}" for n in shown}
    rows = rows.assign(
        read=[labels[n] for n in rows["position"]],
        said_short=[shorten(_seen(top), 7) for top in rows["top"]],
        right=[_seen(truth) for truth in rows["truth"]],
    ).drop(columns=["token", "top", "truth", "reading"])
    axis = alt.Axis(orient="top", labelAngle=-50, labelLimit=120, labelOverlap=False)
    x = alt.X("read:N", sort=list(labels.values()), title=None, axis=axis)
    asked = "what comes after each token" if result.task == "next" else "each token, masked"
    note = f"{asked}; the first {len(shown)} of {len(every)}" if len(shown) < len(every) else asked
    return rows, x, note


def _down(result: "LensResult") -> alt.Y:
    layers = [str(i) for i in range(result.depth, -1, -1)]
    return alt.Y("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers))


def _finished(result: "LensResult", marks: list[Any], head: str, note: str) -> alt.LayerChart:
    across = min(ACROSS, len(result.settled))
    title = alt.TitleParams(head, subtitle=[note], color=INK)
    size = {"width": max(220, 40 * across), "height": 16 * (result.depth + 1)}
    chart = alt.layer(*marks).properties(**size, title=title, description=result.headline())
    return dressed(chart)


def _seen(token: str) -> str:
    return shorten(visible(token).replace(" ", "␣") if token else "", 40)
