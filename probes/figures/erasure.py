"""What erasing a concept costs, by class and beside random subspaces, and what a fresh probe still reads."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE
from probes.figures.theme import INK, MUTED, dressed
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.intervention import ErasureResult

LOOKS = {
    "nothing": (GREY, "diamond"),
    "the concept": (BLUE, "circle"),
    "random, equal rank": (ORANGE, "square"),
    "random, equal variance": (GREEN, "triangle-up"),
}
"""What is removed → colour and shape."""


def cost_of_erasure(result: "ErasureResult") -> alt.LayerChart:
    """Draw the change of the loss when the concept, or a random subspace, is removed, class by class."""
    rows = result.losses.assign(label=[shorten(visible(label), 20) for label in result.losses["label"]])
    labels, names = rows["label"].unique().tolist(), [name for name in LOOKS if name != "nothing"]
    x = alt.X("label:N", sort=labels, title=None, axis=alt.Axis(labelAngle=0, ticks=False))
    base = alt.Chart(rows).encode(x=x, xOffset=alt.XOffset("removed:N", sort=names))
    colour, shape = _looks(names)
    title = "change of loss, nats a token"
    y = alt.Y("change:Q", title=title)
    low = alt.Y("change_low:Q", title=title)
    spread = base.mark_rule(opacity=0.8, tooltip=None).encode(y=low, y2="change_high:Q", color=colour)
    numbers = {"change": "change", "change_low": "interval from", "change_high": "to", "loss": "loss"}
    numbers |= {"above": "the concept above it by", "above_low": "from", "above_high": "up to"}
    told = [alt.Tooltip(f"{name}:Q", title=text, format=".3f") for name, text in numbers.items()]
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=y, color=colour, shape=shape, tooltip=["removed:N", "label:N", *told]
    )
    note = f"rank {result.rank} at layer {result.layer}, by {result.method.upper()}; intervals over texts and draws"
    head = alt.TitleParams("What the model's predictions lose", subtitle=[note], color=INK)
    chart = alt.layer(_line(0.0, title), spread, dots)
    return dressed(
        chart.properties(width=max(260, 130 * len(labels)), height=280, title=head, description=result.headline())
    )


def what_is_left(result: "ErasureResult") -> alt.LayerChart:
    """Draw how often a fresh linear probe on edited states is right on held-out texts; dashed: guessing."""
    rows, names = result.erased, list(LOOKS)
    axis = alt.Axis(labelAngle=0, ticks=False, labelLimit=200)
    x = alt.X("removed:N", sort=names, title="removed", axis=axis)
    base, (colour, shape) = alt.Chart(rows).encode(x=x), _looks(names)
    title = "accuracy of a fresh probe, balanced"
    scale = alt.Scale(domain=[0, 1])
    spread = base.mark_rule(opacity=0.8, tooltip=None).encode(
        y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", color=colour
    )
    told = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("accuracy", "low", "high", "share", "moved")]
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=alt.Y("accuracy:Q", title=title, scale=scale),
        color=colour,
        shape=shape,
        tooltip=["removed:N", "rank:Q", *told],
    )
    note = f"tokens of held-out texts at layer {result.layer}; dashed: guessing"
    head = alt.TitleParams("What can still be read", subtitle=[note], color=INK)
    chart = alt.layer(_line(result.chance, title, dashed=True), spread, dots)
    return dressed(chart.properties(width=560, height=280, title=head, description=result.headline()))


def _looks(names: list[str]) -> tuple[alt.Color, alt.Shape]:
    colours = alt.Scale(domain=names, range=[LOOKS[name][0] for name in names])
    shapes = alt.Scale(domain=names, range=[LOOKS[name][1] for name in names])
    return alt.Color("removed:N", title="removed", scale=colours), alt.Shape("removed:N", title="removed", scale=shapes)


def _line(at: float, title: str, *, dashed: bool = False) -> Any:
    mark: dict[str, Any] = {"strokeDash": [5, 3]} if dashed else {}
    rule = alt.Chart(pd.DataFrame({"at": [at]})).mark_rule(stroke=MUTED, style="hairline", tooltip=None, **mark)
    return rule.encode(y=alt.Y("at:Q", title=title))
