"""Poolings side by side: quality on every set of pairs, under both attention masks, beside random weights."""

from typing import TYPE_CHECKING, Any

import altair as alt

from probes.figures.dress import BLUE, ORANGE
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import visible

if TYPE_CHECKING:
    from probes.quality.pooling import PoolingResult

MASKS = ("bidirectional", "causal")


def poolings_by_task(result: "PoolingResult") -> Any:
    """Draw quality with its interval, one panel a set of pairs; the model's own mask is filled."""
    names = list(dict.fromkeys(result.scores.task))
    panels = [_panel(result, name, first=i % 2 == 0) for i, name in enumerate(names)]
    rows = [alt.hconcat(*panels[i : i + 2], spacing=16) for i in range(0, len(panels), 2)]
    note = f"layer {result.layer}; filled: the model's own mask ({result.own}); 95 % intervals; tick: random weights"
    head = alt.TitleParams("One vector a text", subtitle=[note], color=INK, subtitleColor=MUTED)
    chart = alt.vconcat(*rows, spacing=14).resolve_scale(color="shared", stroke="shared", shape="shared")
    return dressed(chart.properties(title=head, description=result.headline()))


def _panel(result: "PoolingResult", name: str, *, first: bool) -> Any:
    rows = result.scores[result.scores.task == name]
    order = list(dict.fromkeys(rows.pooling))
    title = f"{visible(name)[-60:]}: {rows.measure.iloc[0]}"
    axis = alt.Axis(labels=first, ticks=first)
    y = alt.Y("pooling:N", title=None, sort=order, axis=axis)
    offset = alt.YOffset("mask:N", sort=list(MASKS))
    colours = alt.Scale(domain=list(MASKS), range=[BLUE, ORANGE])
    colour = alt.Color("mask:N", title=None, scale=colours)
    rim = alt.Stroke("mask:N", title=None, scale=colours)  # or what is not filled would not be seen
    shape = alt.Shape("mask:N", title=None, scale=alt.Scale(domain=list(MASKS), range=["circle", "square"]))
    opacity = alt.condition("datum.own", alt.value(1), alt.value(0.15))
    base = alt.Chart(rows).encode(y=y, yOffset=offset, color=colour)
    told: list[Any] = ["pooling:N", "mask:N"]
    columns = ("value", "low", "high", "more", "more_low", "more_high", "spread", "untrained")
    told += [alt.Tooltip(f"{column}:Q", format=".3f") for column in columns]
    x = alt.X("value:Q", title=title, scale=alt.Scale(zero=False))
    bare = base.mark_tick(stroke=MUTED, thickness=1.5, height=7, tooltip=None)
    marks: list[Any] = [
        base.mark_rule(tooltip=None).encode(x=alt.X("low:Q", title=title), x2="high:Q"),
        base.mark_point(style="dot", filled=True, opacity=1).encode(
            x=x, shape=shape, stroke=rim, fillOpacity=opacity, tooltip=told
        ),
    ]
    if rows.untrained.notna().any():
        marks.insert(0, bare.encode(x=alt.X("untrained:Q", title=title), color=alt.value(MUTED)))
    return alt.layer(*marks).properties(width=275, height=190)
