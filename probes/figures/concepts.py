"""Concepts and the codes that find them: F1 on held-out text beside a word's, and which layer has a code for what."""

from typing import TYPE_CHECKING

import altair as alt

from probes.figures.dress import BLUE, ORANGE
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.codebooks import ConceptsResult


def f1_of_concepts(result: "ConceptsResult") -> alt.LayerChart:
    """Draw the F1 of each concept's best code with its interval, the best single word's, and a line where it counts."""
    rows = result.concepts
    rows = rows.assign(
        where=[f"layer {row.layer}, code {row.code}" for row in rows.itertuples()],
        best_word=[shorten(visible(word), 30) for word in rows["best_word"]],
        word=[shorten(visible(word), 30) for word in rows["word"]],
    )
    names = rows["concept"].tolist()
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(ticks=False, domain=False, labelLimit=300, labelOverlap=False, labelFlush=False)
    down = alt.Y("concept:N", sort=names, title=None, axis=axis)
    seen = ["concept:N", "where:N", alt.Tooltip("word:N", title="its commonest word"), "support:Q"]
    seen += [alt.Tooltip(f"{name}:Q", format=".2f") for name in ("f1", "precision", "recall")]
    seen += [alt.Tooltip("best_word:N", title="best single word")]
    seen += [alt.Tooltip("word_f1:Q", format=".2f"), alt.Tooltip("union_f1:Q", format=".2f")]
    columns = ["concept", "where", "word", "support", "f1", "precision", "recall", "best_word", "word_f1", "union_f1"]
    base, reach = alt.Chart(rows[columns]), alt.Chart(rows[["concept", "low", "high"]])
    good = alt.Chart(result.summary.assign(good=result.good)[["good"]]).mark_rule(stroke=MUTED, strokeDash=[4, 3])
    marks = [
        good.encode(x=alt.X("good:Q", scale=scale)),
        reach.mark_rule(stroke=MUTED, style="span", tooltip=None).encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q", y=down
        ),
        base.mark_point(shape="stroke", angle=90, size=90, opacity=1, strokeWidth=2, color=ORANGE).encode(
            x=alt.X("word_f1:Q", scale=scale), y=down, tooltip=seen
        ),
        base.mark_point(filled=True, opacity=1, style="dot", color=BLUE).encode(
            x=alt.X("f1:Q", title="F1 on held-out tokens", scale=scale), y=down, tooltip=seen
        ),
    ]
    note = f"dot: the code, with its interval; stroke: the best single word; dashed: {result.good:.1f}"
    title = alt.TitleParams("The best code of any layer, by concept", subtitle=[note], color=INK)
    chart = alt.layer(*marks).properties(width=520, height=max(60, 17 * len(rows)), title=title)
    return dressed(chart.properties(description=result.headline()))


def concepts_by_layer(result: "ConceptsResult") -> alt.LayerChart:
    """Draw the F1 on held-out tokens of each layer's best code, a row a concept, a column a layer."""
    order = result.concepts["concept"].tolist()
    layers = result.by_layer.sort_values("order")["layer"].unique().tolist()
    axis = alt.Axis(labelLimit=300, labelOverlap=False, labelFlush=False)
    cells = (
        alt.Chart(result.by_layer[["concept", "layer", "code", "f1"]])
        .mark_rect()
        .encode(
            x=alt.X("layer:O", sort=layers, title="layer", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("concept:N", sort=order, title=None, axis=axis),
            color=alt.Color("f1:Q", title="F1 on held-out tokens", scale=alt.Scale(domain=[0, 1])),
            tooltip=["concept:N", "layer:O", "code:O", alt.Tooltip("f1:Q", format=".2f")],
        )
    )
    title = alt.TitleParams("Which layer has a code for what", color=INK)
    chart = alt.layer(cells).properties(
        width=max(120, 36 * len(layers)),
        height=max(60, 17 * len(order)),
        title=title,
        description=result.headline(),
    )
    return dressed(chart)
