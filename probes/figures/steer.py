"""Steered texts, measured: topic, perplexity and variety by condition; and where patched codes carry the output."""

from typing import TYPE_CHECKING

import altair as alt

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE, PURPLE
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.codebooks import CodePatchResult, CodeSteerResult

_COLOURS = (GREY, BLUE, ORANGE, GREEN, PURPLE)


def measures_of_steering(result: "CodeSteerResult") -> alt.HConcatChart:
    """Draw each measure by condition with its interval: a panel a measure, a row a condition."""
    names = list(dict.fromkeys(result.summary["condition"]))
    colour = alt.Color("condition:N", legend=None, scale=alt.Scale(domain=names, range=list(_COLOURS[: len(names)])))
    left = alt.Axis(ticks=False, domain=False, labelLimit=220, labelOverlap=False, labelFlush=False)
    panels = []
    for n, measure in enumerate(dict.fromkeys(result.summary["measure"])):
        down = alt.Y("condition:N", sort=names, title=None, axis=None if n else left)
        rows = result.summary[result.summary["measure"] == measure]
        base = alt.Chart(rows)
        x = alt.X("value:Q", title=None, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True))
        told = ["condition:N", *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("value", "low", "high"))]
        marks = [
            base.mark_rule(style="span", tooltip=None).encode(x=alt.X("low:Q"), x2="high:Q", y=down, color=colour),
            base.mark_point(filled=True, opacity=1, style="dot").encode(x=x, y=down, color=colour, tooltip=told),
        ]
        head = alt.TitleParams(measure, color=INK, fontSize=12, offset=4)
        panels.append(alt.layer(*marks).properties(width=125, height=24 * len(names), title=head))
    note = f"{result.size[0]} samples each, the same random numbers; perplexity under the plain model; 95 % intervals"
    title = alt.TitleParams("With the codes and without", subtitle=[note], color=INK)
    chart = alt.hconcat(*panels, spacing=16).properties(title=title, description=result.headline())
    return dressed(chart)


def moved_by_patching(result: "CodePatchResult") -> alt.HConcatChart:
    """Draw how far each place and layer takes the output, for codes, for whole states and for codes at random."""
    rows = result.cells
    named = {
        int(row.place): f"{row.place}  {shorten(visible(row.token), 12)} ← {shorten(visible(row.instead), 12)}"
        for row in rows.drop_duplicates("place").itertuples()
    }
    rows = rows.assign(shown=rows["place"].map(named))
    order = [named[place] for place in sorted(named)]
    layers = rows.sort_values("order")["layer"].unique().tolist()
    colour = alt.Color(
        "moved:Q", title="part of the way to the source's output", scale=alt.Scale(domain=[0, 1], clamp=True)
    )
    told = ["layer:O", "shown:N", alt.Tooltip("moved:Q", format=".2f"), alt.Tooltip("jsd:Q", format=".3f")]
    panels = []
    for n, series in enumerate(dict.fromkeys(rows["series"])):
        axis = alt.Axis(ticks=False, labelLimit=220, labelOverlap=False, labelFlush=False) if n == 0 else None
        cells = (
            alt.Chart(rows[rows["series"] == series])
            .mark_rect()
            .encode(
                x=alt.X("layer:O", sort=layers, title="layer", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
                y=alt.Y("shown:N", sort=order, title=None, axis=axis),
                color=colour,
                tooltip=told,
            )
        )
        head = alt.TitleParams(series, color=MUTED, fontSize=12, offset=4)
        size = max(60, min(220, 24 * len(layers)))
        panels.append(cells.properties(width=size, height=max(40, 18 * len(order)), title=head))
    after = (shorten(visible(text), 20) for text in (result.next_target, result.next_source))
    note = "next token {} → {}; places are counted from the end".format(*after)
    title = alt.TitleParams("Where the source's codes carry the output", subtitle=[note], color=INK)
    chart = alt.hconcat(*panels, spacing=12).resolve_scale(color="shared")
    return dressed(chart.properties(title=title, description=result.headline()))
