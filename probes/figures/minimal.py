"""How many minimal pairs a probe tells apart: by layer, by how many pairs it learnt from, and both at once."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION
from probes.figures.layers import layer_axis
from probes.figures.theme import INK, MUTED, dressed
from probes.probing.analysis import LAYER_0, RANDOM, TRAINED, WORDS
from probes.probing.minimal import COINS, OWN

if TYPE_CHECKING:
    from probes.probing.minimal import PairsResult

SERIES = {
    TRAINED: (BLUE, "circle", [1, 0]),
    COINS: (VERMILLION, "square", [5, 2]),
    RANDOM: (GREEN, "triangle-up", [2, 2]),
    LAYER_0: (GREY, "stroke", [8, 4]),
    WORDS: (ORANGE, "stroke", [6, 2, 1, 2]),
    OWN: (PURPLE, "stroke", [1, 3]),
}
"""Series → colour, shape and dash: any one of the three is enough to tell them apart."""
_WIDTH, _SHARE = 640, "share of pairs told"
_CHOSEN = "at every number the penalty is chosen on all validation pairs"


def told_by_layer(result: "PairsResult") -> Any:
    """Draw the share of pairs told with its interval by layer, a line a series, level lines for what has no layer."""
    layers = list(result.layers)
    x = alt.X(
        "layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=layer_axis(layers, result.best)
    )
    rows = result.scores[result.scores["pairs"] == result.most]
    title = f"after {result.most:,} pairs"
    return _lines(result, rows, x, "layer", (LAYER_0, WORDS, OWN), title)


def told_by_pairs(result: "PairsResult") -> Any:
    """Draw the best layer's share of pairs told by how many it learnt from, beside layer 0."""
    rows = result.scores[(result.scores.series == TRAINED) & result.scores.layer.isin([result.best, result.layers[0]])]
    rows = rows.assign(series=[TRAINED if layer == result.best else LAYER_0 for layer in rows.layer])
    scale = alt.Scale(type="log", base=2, nice=False)
    counts = sorted(set(rows["pairs"]))
    axis = alt.Axis(format=",.0f", values=counts[-1:] + [k for k in counts[:-1] if k < 0.75 * counts[-1]])
    x = alt.X("pairs:Q", title="pairs learnt from", scale=scale, axis=axis)
    return _lines(result, rows, x, "pairs", (WORDS, OWN), f"layer {result.best}, by how many pairs it learnt from")


def _lines(  # limit: one picture of two axes
    result: "PairsResult", rows: pd.DataFrame, x: alt.X, along: str, flat: tuple[str, ...], title: str
) -> Any:
    level = result.baselines[result.baselines.name.isin(flat)].rename(columns={"name": "series"})[["series", "score"]]
    at = rows.sort_values("order")[along]
    ends = [at.iloc[0], at.iloc[-1]] if along == "layer" else [at.min(), at.max()]
    over = pd.concat([level.assign(**{along: [end] * len(level)}) for end in ends])
    known = [name for name in SERIES if name in {*rows.series, *level.series}]
    colours, shapes, dashes = (list(kind) for kind in zip(*(SERIES[name] for name in known), strict=True))
    colour = alt.Color("series:N", title=None, scale=alt.Scale(domain=known, range=colours))
    dash = alt.StrokeDash("series:N", title=None, scale=alt.Scale(domain=known, range=dashes))
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=known, range=shapes))
    lowest = min([float(rows.low.min()), 0.5, *level.score])
    y = alt.Y("score:Q", title=_SHARE, scale=alt.Scale(domain=[max(0.0, lowest - 0.05), 1.0], clamp=True))
    base = alt.Chart(rows[["series", "order", "layer", "pairs", "score", "low", "high", "alone"]]).encode(
        x=x, color=colour
    )
    tips = [alt.Tooltip("series:N"), alt.Tooltip("layer:O"), alt.Tooltip("pairs:Q", format=",")]
    tips += [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("score", "low", "high", "alone")]
    half = pd.DataFrame({along: ends, "score": [0.5, 0.5]})
    marks = [
        alt.Chart(half).mark_line(stroke=MUTED, strokeWidth=1, tooltip=None).encode(x=x, y=y),
        alt.Chart(over).mark_line(tooltip=None).encode(x=x, y=y, color=colour, strokeDash=dash),
        base.mark_area(opacity=0.16, tooltip=None, line=False).encode(
            y=alt.Y("low:Q", title=_SHARE), y2="high:Q", detail="series:N"
        ),
        base.mark_line(tooltip=None).encode(y=y, strokeDash=dash),
        base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, shape=shape, tooltip=tips),
    ]
    head = alt.TitleParams(f"Pairs told apart, {title}", color=INK, subtitle=_CHOSEN if along == "pairs" else "")
    chart = alt.layer(*marks).properties(width=_WIDTH, height=290, title=head, description=result.headline())
    return dressed(chart)


def layers_by_pairs(result: "PairsResult") -> Any:
    """Draw the share of pairs told of every layer by how many it learnt from, as a heat map."""
    rows = result.scores[result.scores.series == TRAINED][["order", "layer", "pairs", "score", "low", "high"]]
    layers = list(result.layers)
    title = "What each layer tells, by how many pairs it learnt from"
    tips = [alt.Tooltip("layer:O"), alt.Tooltip("pairs:O"), *(f"{name}:Q" for name in ("score", "low", "high"))]
    cells = alt.Chart(rows).encode(
        x=alt.X("layer:O", sort=layers, title="layer", axis=layer_axis(layers, result.best)),
        y=alt.Y("pairs:O", sort="descending", title="pairs learnt from", axis=alt.Axis(format=",")),
    )
    colour = alt.Color("score:Q", title=_SHARE, scale=alt.Scale(domain=[0.5, 1], scheme="cividis", clamp=True))
    layered = [cells.mark_rect().encode(color=colour, tooltip=tips)]
    if len(layers) <= 14:
        ink = alt.condition("datum.score > 0.75", alt.value("black"), alt.value("white"))
        layered.append(
            cells.mark_text(style="note", tooltip=None).encode(text=alt.Text("score:Q", format=".2f"), color=ink)
        )
    head = alt.TitleParams(title, color=INK, subtitle=_CHOSEN)
    size = {"width": _WIDTH, "height": 26 * rows["pairs"].nunique()}
    described = f"{title}. {result.headline()}"
    return dressed(alt.layer(*layered).properties(**size, title=head, description=described))
