"""Where in the model is it: a score by layer against its baselines, and what the best layer gets right.

The baselines are drawn as first-class series, because a probe's score means nothing alone (Hewitt & Liang, 2019): the
control task, the same model with random weights, code whose names mean nothing, and layer 0, which is the embeddings
before any block.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, VERMILLION
from probes.figures.theme import HALO, INK, MUTED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.syntax.analysis import SyntaxResult

LAYER_ZERO = "layer 0: embeddings, before any block"
SERIES = {
    "trained model": (BLUE, "circle", [1, 0]),
    "control task": (VERMILLION, "square", [5, 2]),
    "random init": (GREEN, "triangle-up", [2, 2]),
    "nonce names": (ORANGE, "diamond", [6, 2, 1, 2]),
    LAYER_ZERO: (GREY, "stroke", [8, 4]),
}
"""Series → colour, shape and dash: any one of the three is enough to tell them apart."""

_TICKS = 14  # layer labels that fit a single column side by side


def f1_by_layer(result: "SyntaxResult") -> alt.LayerChart:
    """Draw F1 with its interval by layer, one line a series, the best layer ringed; a layer without F1 is not drawn."""
    scores = result.scores[np.isfinite(result.scores["f1"].astype(float))].sort_values(["order", "series"])
    if scores.empty:
        return message("No layer has a score: see the run's notes for what was left out.")
    layers = scores.drop_duplicates("layer")["layer"].astype(str).tolist()
    x = alt.X(
        "layer:O",
        sort=layers,
        title="layer",
        scale=alt.Scale(domain=layers),
        axis=layer_axis(layers, str(result.best)),
    )
    top = min(1.0, float(np.nanmax(scores[["f1", "high"]].to_numpy(float))) * 1.15 + 0.02)
    y = alt.Y("f1:Q", title="F1 of constituents", scale=alt.Scale(domain=[0, top]))
    marks = [*_reference(scores, x, y), *_lines(scores, x, y), *_best(scores, x, y, best=str(result.best))]
    return dressed(alt.layer(*marks).properties(width=640, height=290, description=result.headline()))


def layer_axis(layers: list[str], best: str) -> alt.Axis:
    """Label every layer when they fit; else the first, the last, the best and an even few, none against another."""
    step = -(-len(layers) // _TICKS)
    apart = max(step, 2) if step > 1 else 1
    kept: list[int] = []
    wanted = [len(layers) - 1, 0, *(i for i, name in enumerate(layers) if name == best), *range(0, len(layers), step)]
    for place in wanted:
        if all(abs(place - other) >= apart for other in kept):
            kept.append(place)
    return alt.Axis(values=[layers[i] for i in sorted(kept)], labelAngle=0, labelOverlap=False, labelSeparation=2)


def _told_apart(legend: Any = alt.Undefined) -> dict[str, Any]:
    """Return colour, shape and dash by series, sharing one legend over all series that exist."""
    names = list(SERIES)
    colours, shapes, dashes = (list(kind) for kind in zip(*SERIES.values(), strict=True))
    return {
        "color": alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=colours), legend=legend),
        "shape": alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=shapes), legend=legend),
        "strokeDash": alt.StrokeDash(
            "series:N", title=None, scale=alt.Scale(domain=names, range=dashes), legend=legend
        ),
    }


def _lines(scores: pd.DataFrame, x: alt.X, y: alt.Y) -> list[Any]:
    """Return band, line and points of each series; with a single layer the band, having no width, becomes a rule."""
    looks = _told_apart()
    chart = alt.Chart(scores).encode(x=x, color=looks["color"])
    interval = {"y": alt.Y("low:Q", title="F1 of constituents"), "y2": "high:Q", "detail": "series:N"}
    if scores["layer"].nunique() > 1:
        band = chart.mark_area(opacity=0.16, tooltip=None, line=False).encode(**interval)
    else:
        band = chart.mark_rule(opacity=0.5, tooltip=None, style="dot").encode(**interval)
    line = chart.mark_line(tooltip=None).encode(y=y, strokeDash=looks["strokeDash"])
    fits = alt.ExprRef(f"clamp(pow(0.55 * width / {scores['layer'].nunique()}, 2), 6, 16 + width / 25)")
    dots = chart.mark_point(filled=True, opacity=1, size=fits).encode(y=y, shape=looks["shape"], tooltip=_tooltip())
    return [band, line, dots]


def _tooltip() -> list[alt.Tooltip]:
    numbers = {"f1": "F1", "low": "interval from", "high": "to", "precision": "precision", "recall": "recall"}
    numbers |= {"f1_paper": "F1 as published", "f1_inner": "F1 of inner spans"}
    fields = [alt.Tooltip("series:N"), alt.Tooltip("layer:O")]
    return fields + [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in numbers.items()]


def _reference(scores: pd.DataFrame, x: alt.X, y: alt.Y) -> list[Any]:
    """Return the trained model's layer 0 as a line across all layers, or nothing when layer 0 was not asked for."""
    zero = scores[(scores["series"] == "trained model") & (scores["order"] == 0)]
    if zero.empty:
        return []
    ends = scores.drop_duplicates("layer").iloc[[0, -1]]
    line = pd.DataFrame({"series": LAYER_ZERO, "layer": ends["layer"].to_numpy(), "f1": float(zero["f1"].iloc[0])})
    looks = _told_apart()
    mark = alt.Chart(line).mark_line(tooltip=None, style="hairline")
    return [mark.encode(x=x, y=y, color=looks["color"], strokeDash=looks["strokeDash"])]


def _best(scores: pd.DataFrame, x: alt.X, y: alt.Y, *, best: str) -> list[Any]:
    """Return a ring about the trained model at the layer chosen on validation, and its label."""
    trained = scores[scores["series"] == "trained model"].reset_index(drop=True)
    here = trained[trained["layer"].astype(str) == best]
    if here.empty:
        return []
    share = here.index[0] / max(len(trained) - 1, 1)
    align = "left" if share < 0.25 else "right" if share > 0.75 else "center"
    note = here.assign(note=[f"best: layer {best}, F1 {here['f1'].iloc[0]:.2f}"])
    ring = (
        alt.Chart(note)
        .mark_point(filled=False, style="ring", stroke=INK, shape="circle", tooltip=None)
        .encode(x=x, y=y)
    )
    above = alt.Y("high:Q", title="F1 of constituents")
    words: dict[str, Any] = {"style": "note", "align": align, "baseline": "bottom", "dy": -6, "tooltip": None}
    base = alt.Chart(note).encode(x=x, y=above, text="note:N")
    return [ring, base.mark_text(**words, stroke=HALO, strokeWidth=3), base.mark_text(**words, fill=INK)]


def recall_by_label(result: "SyntaxResult", *, limit: int = 20) -> alt.LayerChart:
    """Draw the best layer's recall of the `limit` most frequent constituent labels, each with its n."""
    recall = result.recall.sort_values(["n", "label"], ascending=[False, True]).head(limit)
    if recall.empty:
        return message("No constituent was found in the test snippets, so there is no recall by label.")
    labels = [shorten(visible(str(label)), 40) for label in recall["label"]]
    named = [f"{label}  ({int(n):,})" for label, n in zip(labels, recall["n"], strict=True)]
    rows = recall.assign(label=labels, shown=named, zero=0.0)
    axis = alt.Axis(ticks=False, domain=False, labelLimit=300, labelOverlap=False)
    x = alt.X("recall:Q", title="recall (number of spans in brackets)", scale=alt.Scale(domain=[0, 1]))
    tooltip = ["label:N", "layer:O", alt.Tooltip("recall:Q", format=".3f"), alt.Tooltip("n:Q", format=",")]
    base = alt.Chart(rows).encode(y=alt.Y("shown:N", sort=named, title=None, axis=axis))
    stick = base.mark_rule(stroke=MUTED, opacity=0.6, style="hairline", tooltip=None).encode(x=x, x2="zero")
    dot = base.mark_point(filled=True, fill=BLUE, opacity=1, style="dot").encode(x=x, tooltip=tooltip)
    more = len(result.recall) - len(rows)
    note = f"layer {result.best}, the {len(rows)} most frequent labels" + (f" of {len(rows) + more}" if more else "")
    title = alt.TitleParams("Recall by kind of constituent", subtitle=[note], color=INK)
    chart = alt.layer(stick, dot).properties(width=520, height=max(60, 20 * len(rows)), title=title)
    return dressed(chart.properties(description=f"Recall by kind of constituent: {note}."))
