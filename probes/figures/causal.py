"""What removing the syntactic subspace does to the loss, by layer, beside random subspaces; code beside English."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE
from probes.figures.theme import INK, MUTED, dressed, message

if TYPE_CHECKING:
    from probes.syntax.causal import CausalResult

LOOKS = {
    "syntactic subspace": (BLUE, "circle"),
    "random, equal rank": (ORANGE, "square"),
    "random, equal variance": (GREEN, "triangle-up"),
}
"""Subspace → colour and shape: either is enough to tell them apart."""
LOSS = "change of loss, nats a token"


def loss_without(result: "CausalResult") -> alt.HConcatChart | alt.LayerChart:
    """Draw what removing the syntactic subspace adds to the loss, and what removing random ones does."""
    return _drawn(result, "remove", f"Loss without the {result.rank} syntactic dimensions")


def loss_with_only(result: "CausalResult") -> alt.HConcatChart | alt.LayerChart:
    """Draw what keeping only the syntactic subspace adds to the loss, and what keeping random ones does."""
    return _drawn(result, "keep only", f"Loss with only the {result.rank} syntactic dimensions")


def f1_further_on(result: "CausalResult") -> alt.LayerChart:
    """Draw F1 of the run's own probes from the edited layer on: subspace removed there, random ones, and nothing."""
    rows = result.downstream[result.downstream["layer"] == result.best].sort_values(["order", "subspace"])
    if rows.empty:
        return message("This run read no layer further on.")
    layers = rows.drop_duplicates("at")["at"].tolist()
    looks = {"nothing removed": (GREY, "diamond")} | LOOKS
    names = [name for name in looks if name in set(rows["subspace"])]
    colour = alt.Color("subspace:N", title=None, scale=alt.Scale(domain=names, range=[looks[n][0] for n in names]))
    shape = alt.Shape("subspace:N", title=None, scale=alt.Scale(domain=names, range=[looks[n][1] for n in names]))
    axis = alt.Axis(values=layers[:: -(-len(layers) // 14)], labelAngle=0, labelOverlap=False)
    x = alt.X("at:O", sort=layers, title="layer read", scale=alt.Scale(domain=layers), axis=axis)
    scale = alt.Scale(domain=[0, min(1.0, float(rows["high"].max()) * 1.1 + 0.02)])
    base, f1 = alt.Chart(rows).encode(x=x), "F1 of constituents"
    spread = base.mark_rule(opacity=0.5, tooltip=None).encode(
        y=alt.Y("low:Q", title=f1, scale=scale), y2="high:Q", color=colour
    )
    y = alt.Y("f1:Q", title=f1, scale=scale)
    titles = {"f1": "F1", "low": "interval from", "high": "to"}
    told = [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in titles.items()]
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=y, color=colour, shape=shape, tooltip=["subspace:N", "at:O", *told]
    )
    line = base.mark_line(tooltip=None).encode(y=y, color=colour)
    note = [f"{result.rank} dimensions removed at layer {result.best}; the probes of each layer as they were trained"]
    title = alt.TitleParams("Can the tree still be read further on?", subtitle=note, color=INK)
    chart = alt.layer(spread, line, dots).properties(width=600, height=260, title=title)
    return dressed(chart.properties(description=result.headline()))


def _drawn(result: "CausalResult", edit: str, head: str) -> alt.HConcatChart | alt.LayerChart:
    rows = result.changes[result.changes["edit"] == edit].sort_values(["order", "subspace"])
    if rows.empty:
        return message("This run was not asked to keep only the subspace.")
    low, high = min(0.0, float(rows["low"].min())), max(0.0, float(rows["high"].max()))
    room = 0.06 * ((high - low) or 1.0)
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    panels = [
        _panel(result, rows[rows["text"] == text], text, scale, first=i == 0)
        for i, text in enumerate(rows["text"].unique())
    ]
    note = f"{result.task}-token loss on texts the probe has not seen; intervals over texts and draws"
    title = alt.TitleParams(head, subtitle=[note], color=INK)
    chart = alt.hconcat(*panels, spacing=24).resolve_scale(color="shared", shape="shared")
    chart = chart.properties(title=title, description=result.headline())
    return dressed(chart)


def _panel(result: "CausalResult", rows: pd.DataFrame, text: str, scale: alt.Scale, *, first: bool) -> Any:
    layers = rows.drop_duplicates("layer")["layer"].tolist()
    names, looks = list(LOOKS), list(LOOKS.values())
    colours = alt.Scale(domain=names, range=[colour for colour, _ in looks])
    shapes = alt.Scale(domain=names, range=[shape for _, shape in looks])
    colour = alt.Color("subspace:N", title=None, scale=colours)
    shape = alt.Shape("subspace:N", title=None, scale=shapes)
    axis = alt.Axis(labelAngle=0, ticks=False)
    x = alt.X("layer:N", sort=layers, title="layer", axis=axis, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.2))
    base = alt.Chart(rows).encode(x=x, xOffset=alt.XOffset("subspace:N", sort=names, scale=alt.Scale(domain=names)))
    title = LOSS if first else None
    spread = base.mark_rule(opacity=0.8, tooltip=None).encode(
        y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", color=colour
    )
    y = alt.Y("change:Q", title=title, scale=scale)
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, color=colour, shape=shape, tooltip=_told())
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(stroke=MUTED, style="hairline", tooltip=None)
    line = zero.encode(y=alt.Y("zero:Q", title=title, scale=scale))
    head = alt.TitleParams(f"{text}, {result.base[text]:.2f} nats as it is", color=INK)
    return alt.layer(line, spread, dots).properties(width=max(130, 60 * len(layers)), height=260, title=head)


def _told() -> list[Any]:
    numbers = {"change": "change", "low": "interval from", "high": "to", "loss": "loss", "share": "share of variance"}
    numbers |= {"above": "syntactic above it by", "above_low": "from", "above_high": "up to"}
    shown = [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in numbers.items()]
    return [alt.Tooltip("subspace:N"), alt.Tooltip("layer:N"), *shown]
