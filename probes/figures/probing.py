"""What a probe reads: its score by layer over its rivals, confusions, calibration, few labels, and bits a label."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION
from probes.figures.layers import layer_axis
from probes.figures.theme import HALO, INK, MUTED, dressed, message
from probes.figures.words import shorten, visible
from probes.probing.analysis import COMMONEST, CONTROL, LAYER_0, RANDOM, TRAINED, WORDS

if TYPE_CHECKING:
    from probes.probing.analysis import ProbingResult

SERIES = {
    TRAINED: (BLUE, "circle", [1, 0]),
    CONTROL: (VERMILLION, "square", [5, 2]),
    RANDOM: (GREEN, "triangle-up", [2, 2]),
    LAYER_0: (GREY, "stroke", [8, 4]),
    WORDS: (ORANGE, "stroke", [6, 2, 1, 2]),
    COMMONEST: (PURPLE, "stroke", [1, 3]),
}
"""Series → colour, shape and dash: any one of the three is enough to tell them apart."""
_WIDTH = 640


def read_by_layer(result: "ProbingResult") -> Any:
    """Draw the score with its interval by layer, a line a series, level lines for what needs no layer."""
    scores = result.scores[["series", "order", "layer", "score", "low", "high", "balanced"]]
    layers = scores.drop_duplicates("layer").sort_values("order").layer.astype(str).tolist()
    axis = layer_axis(layers, result.best)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=axis)
    low = min(0.0, float(scores.low.min()))
    scale = alt.Scale(domain=[max(low, -1.0), min(1.0, float(scores.high.max()) * 1.12 + 0.02)], clamp=True)
    y = alt.Y("score:Q", title=result.measure, scale=scale)
    level = result.baselines[result.baselines.name.isin([LAYER_0, WORDS, COMMONEST])]
    level = level.assign(series=level["name"])[["series", "score"]]
    ends = pd.concat([level.assign(layer=layer) for layer in (layers[0], layers[-1])])
    known = [name for name in SERIES if name in {*scores.series, *level.series}]
    looks = _looks(known)
    base = alt.Chart(scores).encode(x=x, color=looks["color"])
    tips = [alt.Tooltip("series:N"), alt.Tooltip("layer:O")]
    tips += [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("score", "low", "high", "balanced")]
    marks = [
        alt.Chart(ends).mark_line(tooltip=None).encode(x=x, y=y, color=looks["color"], strokeDash=looks["strokeDash"]),
        base.mark_area(opacity=0.16, tooltip=None, line=False).encode(
            y=alt.Y("low:Q", title=result.measure), y2="high:Q", detail="series:N"
        ),
        base.mark_line(tooltip=None).encode(y=y, strokeDash=looks["strokeDash"]),
        base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, shape=looks["shape"], tooltip=tips),
        *_ringed(result, scores, x, y),
    ]
    return dressed(alt.layer(*marks).properties(width=_WIDTH, height=290, description=result.headline()))


def _looks(names: list[str]) -> dict[str, Any]:
    colours, shapes, dashes = (list(kind) for kind in zip(*(SERIES[name] for name in names), strict=True))
    return {
        "color": alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=colours)),
        "shape": alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=shapes)),
        "strokeDash": alt.StrokeDash("series:N", title=None, scale=alt.Scale(domain=names, range=dashes)),
    }


def _ringed(result: "ProbingResult", scores: pd.DataFrame, x: alt.X, y: alt.Y) -> list[Any]:
    here = scores[(scores.series == TRAINED) & (scores.layer == result.best)]
    note = here.assign(note=[f"best: layer {result.best}, {result.measure} {here.score.iloc[0]:.2f}"])
    base = alt.Chart(note).encode(x=x, y=y)
    share = result.layers.index(result.best) / max(len(result.layers) - 1, 1)
    align: Any = "left" if share < 0.25 else "right" if share > 0.75 else "center"
    words: dict[str, Any] = {"style": "note", "align": align, "baseline": "bottom", "dy": -12, "tooltip": None}
    text = base.encode(text="note:N")
    return [
        base.mark_point(filled=False, style="ring", stroke=INK, shape="circle", tooltip=None),
        text.mark_text(**words, stroke=HALO, strokeWidth=3),
        text.mark_text(**words, fill=INK),
    ]


def confused(result: "ProbingResult") -> Any:
    """Draw which class is said for which, as shares of the true class, the most frequent classes first."""
    if result.confusion.empty:
        return message("The answers are numbers: no class is confused with another. See the errors below the figure.")
    names = result.classes.sort_values(["n", "label"], ascending=[False, True]).label.tolist()
    shown = {name: shorten(visible(str(name)), 24) for name in {*result.confusion.true, *result.confusion.said}}
    rows = result.confusion.assign(true=result.confusion.true.map(shown), said=result.confusion.said.map(shown))
    order = list(dict.fromkeys([shown[name] for name in names] + sorted(set(rows.said))))
    axis = alt.Axis(labelAngle=-40, labelLimit=160)
    cells = alt.Chart(rows).encode(
        x=alt.X("said:N", sort=order, title="said", axis=axis, scale=alt.Scale(domain=order)),
        y=alt.Y("true:N", sort=order, title="true", axis=alt.Axis(labelLimit=180), scale=alt.Scale(domain=order)),
    )
    tips = ["true:N", "said:N", alt.Tooltip("n:Q", format=","), alt.Tooltip("share:Q", format=".2f")]
    colour = alt.Color("share:Q", title="share of the true class", scale=alt.Scale(domain=[0, 1], scheme="cividis"))
    ink = alt.condition("datum.share > 0.55", alt.value("black"), alt.value("white"))
    text = cells.mark_text(style="note", tooltip=None).encode(text=alt.Text("share:Q", format=".2f"), color=ink)
    text = text.transform_filter("datum.share >= 0.05")
    size = max(160, 26 * len(order))
    title = alt.TitleParams(f"What layer {result.best} says for what is true", color=INK)
    chart = alt.layer(cells.mark_rect().encode(color=colour, tooltip=tips), text)
    described = f"{title.text}. {result.headline()}"
    chart = chart.properties(width=_WIDTH, height=size, title=title, description=described)
    return dressed(chart)


def calibrated(result: "ProbingResult") -> Any:
    """Draw how often the best layer is right by how sure it is, over the line of a probe that knows how sure to be."""
    if result.calibration.empty:
        return message("The answers are numbers: a probe for numbers says no probability.")
    rows = result.calibration
    line = pd.DataFrame({"confidence": [0.0, 1.0], "accuracy": [0.0, 1.0]})
    x = alt.X("confidence:Q", title="confidence", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("accuracy:Q", title="accuracy", scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(rows).encode(x=x)
    tips = [alt.Tooltip(f"{name}:Q", format=".2f") for name in ("confidence", "accuracy", "low", "high")]
    marks = [
        alt.Chart(line).mark_line(stroke=MUTED, strokeDash=[5, 3], tooltip=None).encode(x=x, y=y),
        base.mark_rule(stroke=BLUE, tooltip=None).encode(y=alt.Y("low:Q", title="accuracy"), y2="high:Q"),
        base.mark_point(filled=True, fill=BLUE, opacity=1, style="dot").encode(
            y=y, tooltip=[*tips, alt.Tooltip("n:Q", format=",")]
        ),
    ]
    error = float(result.row(TRAINED, result.best).ece)
    title = alt.TitleParams(
        f"How sure layer {result.best} is, and how often it is right",
        subtitle=[f"expected calibration error {error:.3f}"],
        color=INK,
    )
    described = f"{title.text}: expected calibration error {error:.3f}."
    return dressed(alt.layer(*marks).properties(width=_WIDTH, height=290, title=title, description=described))


def few_labels(result: "ProbingResult") -> Any:
    """Draw the best layer's score by how many labels it learnt from, on a logarithmic axis."""
    if result.few.empty:
        return message("No closer look was asked for, or there are too few labels to learn from fewer.")
    axis = alt.Axis(format=",.0f")
    x = alt.X("labels:Q", title="labels learnt from", scale=alt.Scale(type="log", nice=False), axis=axis)
    return _curve(result, result.few, x, "score", (result.measure, "How few labels do"))


def bits_a_label(result: "ProbingResult") -> Any:
    """Draw the bits that a label costs in the online code, by layer, under the uniform code."""
    if result.coding.empty:
        return message("No closer look was asked for, or the answers are numbers, which have no code here.")
    layers = result.coding.sort_values("order").layer.astype(str).tolist()
    rows = result.coding
    x = alt.X("layer:O", sort=layers, title="layer", axis=layer_axis(layers, result.best))
    rule = alt.Chart(rows).mark_line(stroke=MUTED, strokeDash=[5, 3], tooltip=None).encode(x=x, y="uniform:Q")
    return _curve(result, rows, x, "bits", ("bits a label", "What a label costs, given the states"), rule)


def _curve(
    result: "ProbingResult", rows: pd.DataFrame, x: alt.X, name: str, words: tuple[str, str], *under: Any
) -> Any:
    axis, head = words
    y = alt.Y(f"{name}:Q", title=axis)
    base = alt.Chart(rows).encode(x=x)
    tips = [alt.Tooltip(f"{one}:Q", format=".3f") for one in (name, "low", "high") if one in rows]
    band = base.mark_area(opacity=0.16, fill=BLUE, tooltip=None, line=False)
    marks = [
        *under,
        *([band.encode(y=alt.Y("low:Q", title=axis), y2="high:Q")] if name == "score" else []),
        base.mark_line(stroke=BLUE, tooltip=None).encode(y=y),
        base.mark_point(filled=True, fill=BLUE, opacity=1, style="dot").encode(y=y, tooltip=tips),
    ]
    title = alt.TitleParams(head, color=INK)
    described = f"{head}. {result.headline()}"
    return dressed(alt.layer(*marks).properties(width=_WIDTH, height=290, title=title, description=described))
