"""One code as figures: its places line by line, where in a text it fires, the tokens it raises, and how strongly."""

from typing import TYPE_CHECKING

import altair as alt
import numpy as np

from probes.figures.dress import BLUE, GREY, ORANGE, VERMILLION
from probes.figures.theme import INK, MUTED, SHAPED, dressed, message
from probes.figures.tokens import LETTER, MONO, ROW
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.codebooks import CardResult

_SIDE = 40
"""Letters on either side of a token."""


def places_of_code(result: "CardResult") -> alt.LayerChart:
    """Draw places of a code under each other, its token in colour, from the best decoded down to the worst."""
    rows = result.quantiles
    if rows.empty:
        return message("No held-out token takes this code.")
    token = [shorten(visible(text), 16) for text in rows["token"]]
    half = [len(text) / 2 for text in token]
    rows = rows.assign(
        line=np.arange(len(rows)) + 0.5,
        before=[visible(text)[-_SIDE:] if text else "" for text in rows["before"]],
        token=token,
        after=[visible(text)[:_SIDE] if text else "" for text in rows["after"]],
        left=[-width - 0.5 for width in half],
        right=[width + 0.5 for width in half],
        zero=0.0,
        origin=[shorten(visible(text), 60) for text in rows["origin"]],
    )
    reach = _SIDE + 9
    across = alt.Scale(domain=[-reach, reach], nice=False)
    down = alt.Y("line:Q", axis=None, scale=alt.Scale(domain=[0, len(rows)], reverse=True, nice=False))
    told = ["origin:N", alt.Tooltip("quantile:Q", format=".0%"), alt.Tooltip("error:Q", format=".3g")]
    columns = ["line", "before", "token", "after", "left", "right", "zero", "origin", "quantile", "error"]
    base = alt.Chart(rows[columns]).encode(y=down)
    marks = [
        base.mark_text(style="word", font=MONO, align="right", baseline="middle", fill=MUTED).encode(
            x=alt.X("left:Q", axis=None, scale=across), text="before:N", tooltip=told
        ),
        base.mark_text(style="word", font=MONO, align="center", baseline="middle", fill=BLUE).encode(
            x=alt.X("zero:Q", axis=None, scale=across), text="token:N", tooltip=told
        ),
        base.mark_text(style="word", font=MONO, align="left", baseline="middle", fill=MUTED).encode(
            x=alt.X("right:Q", axis=None, scale=across), text="after:N", tooltip=told
        ),
    ]
    title = alt.TitleParams(
        f"Code {result.code} of layer {result.layer}: held-out places",
        subtitle=["from the best decoded (top) to the worst, by quantiles of the error"],
        color=INK,
    )
    chart = alt.layer(*marks).properties(width=LETTER * 2 * reach * 0.86, height=ROW * len(rows), title=title)
    return dressed(chart.properties(description=result.headline(), autosize=SHAPED))


def density_of_code(result: "CardResult") -> alt.LayerChart:
    """Draw which share of held-out tokens takes the code, by where in their text they stand."""
    rows = result.density
    x = alt.X("part:O", title="tenth of the text", axis=alt.Axis(labelAngle=0))
    told = ["part:O", "tokens:Q", "fires:Q", alt.Tooltip("share:Q", format=".2%")]
    bars = alt.Chart(rows).mark_bar(color=BLUE)
    bars = bars.encode(x=x, y=alt.Y("share:Q", title="share of tokens", axis=alt.Axis(format="%")), tooltip=told)
    title = alt.TitleParams(
        "Where in a text it fires", subtitle=[f"{result.share:.2f} % of tokens over all"], color=INK
    )
    chart = alt.layer(bars).properties(width=460, height=200, title=title, description=result.headline())
    return dressed(chart)


def raised_and_lowered(result: "CardResult") -> alt.LayerChart:
    """Draw the tokens that a code raises and lowers most along the direct path, beside what was measured."""
    if result.logits.empty and result.nudged:
        return message("The direct path is of the residual stream, and this code is of a part that is added to it.")
    if result.logits.empty:
        return message(f"Nothing was nudged. {result.refusal}")
    rows = result.logits
    rows = rows.assign(shown=[f"{n + 1}. {shorten(visible(text), 24)}" for n, text in enumerate(rows["token"])])
    axis = alt.Axis(ticks=False, labelLimit=260, labelOverlap=False, labelFlush=False)
    down = alt.Y("shown:N", sort=rows["shown"].tolist(), title=None, axis=axis)
    long = rows.melt(["shown"], ["direct", "measured"], var_name="how", value_name="change")
    long["how"] = long["how"].map({"direct": "direct path, logit", "measured": "measured, log-probability"})
    names = ["direct path, logit", "measured, log-probability"]
    x = alt.X("change:Q", title="change when the code is added once")
    dots = (
        alt.Chart(long)
        .mark_point(filled=True, opacity=1, style="dot")
        .encode(
            x=x,
            y=down,
            color=alt.Color("how:N", title=None, scale=alt.Scale(domain=names, range=[BLUE, ORANGE])),
            shape=alt.Shape("how:N", title=None, scale=alt.Scale(domain=names, range=["circle", "square"])),
            tooltip=["shown:N", "how:N", alt.Tooltip("change:Q", format=".2f")],
        )
    )
    zero = alt.Chart(result.nudges.assign(zero=0.0)[["zero"]].head(1)).mark_rule(stroke=MUTED, tooltip=None)
    note = f"correlation of the two over the whole vocabulary: {result.agreement:.2f}; {result.nudged} places"
    title = alt.TitleParams("Tokens it raises and lowers", subtitle=[note], color=INK)
    chart = alt.layer(zero.encode(x=alt.X("zero:Q", title="change when the code is added once")), dots)
    chart = chart.properties(width=460, height=17 * len(rows), title=title, description=result.headline())
    return dressed(chart)


def effect_by_strength(result: "CardResult") -> alt.LayerChart:
    """Draw how far the next-token distribution moves by the strength of the nudge, beside other codes."""
    if result.nudges.empty:
        return message(f"Nothing was nudged. {result.refusal}")
    names = list(dict.fromkeys(result.nudges["series"]))
    colour = alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=[VERMILLION, GREY]))
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=["circle", "square"]))
    x = alt.X("strength:Q", title="times the code's vector")
    base = alt.Chart(result.nudges)
    told = ["series:N", "strength:Q", *(alt.Tooltip(f"{n}:Q", format=".3f") for n in ("kl", "low", "high"))]
    y = alt.Y("kl:Q", title="KL from the plain model, nats")
    marks = [
        base.mark_rule(style="span", tooltip=None).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        base.mark_line(tooltip=None).encode(x=x, y=y, color=colour),
        base.mark_point(filled=True, opacity=1, style="dot").encode(x=x, y=y, color=colour, shape=shape, tooltip=told),
    ]
    note = f"{result.nudged} held-out places where it fires; intervals over places"
    title = alt.TitleParams("What turning it up or down does", subtitle=[note], color=INK)
    chart = alt.layer(*marks).properties(width=460, height=240, title=title, description=result.headline())
    return dressed(chart)
