"""Methods of attribution judged: what they gain over random values, how they agree, and what shuffled weights leave."""

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from probes.figures.theme import INK, MUTED, SHAPED, dressed, message

if TYPE_CHECKING:
    from probes.attribution import TrustResult


def over_random(result: "TrustResult") -> alt.LayerChart:
    """Draw how much better than random values each method finds what the score rests on, with intervals."""
    rows = result.scores[result.scores["measure"] != "completeness error"]
    y = alt.Y("method:N", title=None, sort=list(dict.fromkeys(rows["method"])))
    shift = alt.YOffset("measure:N")
    colour = alt.Color("measure:N", title=None)
    base = alt.Chart(rows[["method", "measure", "value", "low", "high"]])
    told = ["method:N", "measure:N", *(alt.Tooltip(f"{n}:Q", format=".2f") for n in ("value", "low", "high"))]
    marks = [
        base.mark_rule(tooltip=None).encode(x="low:Q", x2="high:Q", y=y, yOffset=shift, color=colour),
        base.mark_point(filled=True, opacity=1, style="dot").encode(
            x=alt.X("value:Q", title="share of the score over random"), y=y, yOffset=shift, color=colour, tooltip=told
        ),
        alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(stroke=MUTED, strokeDash=[4, 3], tooltip=None).encode(
            x=alt.X("zero:Q")
        ),
    ]  # fmt: skip
    note = f"{result.texts} texts, {result.target}; 0: no better than random values"
    title = alt.TitleParams("Does the output rest on what is named?", subtitle=[note], color=INK)
    height = 56 * rows["method"].nunique()
    chart = alt.layer(*marks).properties(width=520, height=height, title=title, description=result.headline())
    return dressed(chart)


def agreement_of_methods(result: "TrustResult") -> alt.LayerChart:
    """Draw the rank correlation between methods, over the tokens of a text."""
    names = list(dict.fromkeys(result.agreement["method"]))
    x = alt.X("other:N", title=None, sort=names, axis=alt.Axis(orient="top", labelAngle=-40, labelLimit=180))
    y = alt.Y("method:N", title=None, sort=names)
    colour = alt.Color("spearman:Q", title="Spearman", scale=alt.Scale(domain=[0, 1], clamp=True))
    told = ["method:N", "other:N", *(alt.Tooltip(f"{n}:Q", format=".2f") for n in ("spearman", "low", "high"))]
    cells = alt.Chart(result.agreement).mark_rect().encode(x=x, y=y, color=colour, tooltip=told)
    light = alt.condition("datum.spearman < 0.5", alt.value("white"), alt.value("black"))
    words = alt.Chart(result.agreement).mark_text(style="label", tooltip=None)
    text = words.encode(x=x, y=y, text=alt.Text("spearman:Q", format=".2f"), color=light)
    title = alt.TitleParams("Do the methods agree?", subtitle=[f"mean over {result.texts} texts"], color=INK)
    side = 70 * len(names)
    chart = alt.layer(cells, text).properties(width=side, height=side * 0.6, title=title, description=result.headline())
    return dressed(chart.properties(autosize=SHAPED))


def shuffled_weights(result: "TrustResult") -> alt.LayerChart:
    """Draw how an attribution's likeness to the original falls as blocks are shuffled from the top."""
    if result.sanity.empty:
        return message("No weights were shuffled: ask with the sanity check on.")
    base = alt.Chart(result.sanity)
    x = alt.X("blocks:Q", title="blocks shuffled, from the top", scale=alt.Scale(domain=[0, result.blocks], nice=False))
    colour = alt.Color("method:N", title=None)
    told = ["method:N", "blocks:Q", *(alt.Tooltip(f"{n}:Q", format=".2f") for n in ("spearman", "low", "high"))]
    band = base.mark_area(opacity=0.15, tooltip=None).encode(x=x, y="low:Q", y2="high:Q", color=colour)
    y = alt.Y("spearman:Q", title="Spearman with the original")
    line = base.mark_line(point=True).encode(x=x, y=y, color=colour, tooltip=told)
    note = "an attribution that speaks of the model falls to about 0"
    title = alt.TitleParams("Does it depend on what the model learnt?", subtitle=[note], color=INK)
    chart = alt.layer(band, line).properties(width=520, height=260, title=title, description=result.headline())
    return dressed(chart)
