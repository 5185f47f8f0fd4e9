"""Quality and neighbours kept against the bytes of a vector, method by method."""

from typing import TYPE_CHECKING, Any

import altair as alt

from probes.figures.dress import OKABE_ITO
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import visible
from probes.quality.compression import PLAIN
from probes.quality.compressors import COMPRESSORS

if TYPE_CHECKING:
    from probes.quality.compression import CompressionResult

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")


def quality_by_bytes(result: "CompressionResult") -> Any:
    """Draw quality with its interval against bytes; the plain vectors' as a line, the worthwhile sizes ringed."""
    note = "95 % intervals; ringed: no other is as good in fewer bytes"
    return _against(result, "value", result.measure, note)


def neighbours_by_bytes(result: "CompressionResult") -> Any:
    """Draw the share of each text's nearest texts that are still its nearest, against bytes."""
    note = f"of the {result.neighbours} nearest texts; {result.chance:.3f} by chance"
    return _against(result, "overlap", "neighbours kept", note)


def _against(result: "CompressionResult", column: str, title: str, note: str) -> Any:
    rows = result.sizes[["method", "level", "bytes", "value", "low", "high", "lost", "overlap", "pareto"]]
    plain, rows = rows[rows.method == PLAIN], rows[rows.method != PLAIN]
    names = list(COMPRESSORS)
    scale = alt.Scale(type="log", base=2, nice=False)
    x = alt.X("bytes:Q", title="bytes of a vector", scale=scale, axis=alt.Axis(format="~g", tickCount=8))
    y = alt.Y(f"{column}:Q", title=title, scale=alt.Scale(zero=column == "overlap"))
    legend = alt.Legend(columns=8, symbolOpacity=1, symbolDash=[1, 0], symbolStrokeWidth=0)
    colour = alt.Color("method:N", title=None, scale=alt.Scale(domain=names, range=list(OKABE_ITO)), legend=legend)
    shape = alt.Shape("method:N", title=None, scale=alt.Scale(domain=names, range=list(SHAPES)))
    base = alt.Chart(rows).encode(x=x, color=colour)
    tooltip: list[Any] = ["method:N", alt.Tooltip("level:Q", title="kept"), alt.Tooltip("bytes:Q", format="~g")]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high", "lost", "overlap")]
    marks: list[Any] = [alt.Chart(plain).mark_rule(strokeDash=[5, 2], stroke=MUTED, tooltip=None).encode(y=y)]
    if column == "value":
        span = base.mark_rule(opacity=0.5, tooltip=None).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
        ring = base.transform_filter("datum.pareto").mark_point(style="ring", filled=False, stroke=INK, tooltip=None)
        marks += [span, ring.encode(y=y)]
    marks += [
        base.mark_line(tooltip=None, strokeWidth=1.2).encode(y=y),
        base.mark_point(filled=True, opacity=1, size=46).encode(y=y, shape=shape, tooltip=tooltip),
    ]
    said = [f"layer {result.layer}, {result.pairs:,} pairs of {visible(result.title)}; dashed: float32; {note}"]
    head = alt.TitleParams("Fewer bytes a vector", subtitle=said, color=INK, subtitleColor=MUTED)
    chart = alt.layer(*marks).properties(width=620, height=300, title=head)
    return dressed(chart.properties(description=result.headline()))
