"""Constituents of many functions in the plane of the syntactic subspace; a slider moves them through the layers."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import OKABE_ITO
from probes.figures.theme import HALO, INK, MUTED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.syntax.analysis import SyntaxResult

LAYER = "layer_shown"
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")


def constituents(result: "SyntaxResult") -> alt.LayerChart:
    """Draw each constituent as the step at its split, coloured by label, and where each label's read-out grows."""
    rows = result.cloud
    if rows.empty:
        return message("The test functions have no constituent of two words to draw.")
    rows = rows.assign(text=[shorten(visible(text), 80) for text in rows["text"]])
    layers = list(result.layers)
    shown = alt.param(
        name=LAYER,
        value=layers.index(result.best),
        bind=alt.binding_range(min=0, max=len(layers) - 1, step=1, name="layer "),
    )
    labels = rows.loc[rows["kind"] == "label", "label"].drop_duplicates().tolist()
    wide = max(2.5, float(np.quantile(np.abs(rows[["x", "y"]].to_numpy(float)), 0.995)))  # a label's line has 2.2
    across, up = ((alt.Scale(domain=[-side, side], nice=False)) for side in (wide * 1.35, wide))
    axis = alt.Axis(tickCount=3, grid=False, labels=False, ticks=False)
    x = alt.X("x:Q", title="main axis 1", scale=across, axis=axis)
    y = alt.Y("y:Q", title="main axis 2", scale=up, axis=axis)
    colour = alt.Color("label:N", title=None, scale=alt.Scale(domain=labels, range=list(OKABE_ITO[: len(labels)])))
    shape = alt.Shape("label:N", title=None, scale=alt.Scale(domain=labels, range=list(SHAPES[: len(labels)])))
    here = f"datum.order == {LAYER}"
    base = alt.Chart(rows).transform_filter(here)
    steps = base.transform_filter("datum.kind == 'constituent'").encode(x=x, y=y)
    dots = steps.mark_point(filled=True, opacity=0.65, style="dot", clip=True).encode(
        color=colour, shape=shape, tooltip=["label:N", "text:N", "origin:N", "layer:N"]
    )
    marks = alt.layer(dots, *_labels(base, x, y, colour), *_layer(rows, here)).add_params(shown)
    note = [
        "a point: the step between the two words a constituent is split at; a line: the direction in which",
        "its label is read off more strongly. Layers are turned onto each other, so that points can be followed.",
    ]
    title = alt.TitleParams("Constituents in the syntactic subspace", subtitle=note, color=INK)
    about = f"Constituents of test functions in the syntactic subspace by label, one of {len(layers)} layers at a time."
    return dressed(marks.properties(width=620, height=460, title=title, description=about))


def _labels(base: alt.Chart, x: alt.X, y: alt.Y, colour: alt.Color) -> list[Any]:
    """Return the directions of the labels as lines from the middle, named at their ends."""
    arrows = base.transform_filter("datum.kind == 'label'").encode(x=x, y=y)
    rules = arrows.mark_rule(opacity=0.9, tooltip=None, clip=True)
    words = arrows.encode(text="label:N")
    look: dict[str, Any] = {"style": "label", "baseline": "bottom", "dy": -3, "tooltip": None}
    names = [words.mark_text(**look, stroke=HALO, strokeWidth=3), words.mark_text(**look, fill=INK)]
    return [rules.encode(color=colour, x2=alt.datum(0), y2=alt.datum(0)), *names]


def _layer(rows: pd.DataFrame, here: str) -> list[Any]:
    """Return the name of the layer shown, in a corner."""
    names = rows.drop_duplicates("order").assign(
        text=[f"layer {name}" for name in rows.drop_duplicates("order")["layer"]]
    )
    mark = alt.Chart(names).transform_filter(here).mark_text(style="note", align="left", fill=MUTED, tooltip=None)
    return [mark.encode(x=alt.value(6), y=alt.value(10), text="text:N")]
