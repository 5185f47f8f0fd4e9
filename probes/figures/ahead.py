"""How far ahead each layer knows the next tokens: a grid of layers and offsets, and lines over their floors."""

from typing import TYPE_CHECKING

import altair as alt

from probes.figures.dress import GREY
from probes.figures.theme import INK, dressed

if TYPE_CHECKING:
    from probes.intervention import AheadResult

TOLD = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("top1", "low", "high", "top5", "commonest", "shuffled")]


def known_ahead(result: "AheadResult") -> alt.LayerChart:
    """Draw how often a layer's likeliest token is the one so many places on; the numbers are in the cells."""
    rows = result.rates
    layers = rows["layer"].drop_duplicates().tolist()[::-1]
    down = alt.Y("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers))
    x = alt.X("ahead:O", title="tokens ahead (0: the one that is read)", axis=alt.Axis(labelAngle=0))
    most = float(rows["top1"].max()) or 1.0
    colour = alt.Color("top1:Q", title="share of places", scale=alt.Scale(domain=[0, most]))
    light = alt.condition(f"datum.top1 < {0.55 * most}", alt.value("white"), alt.value("black"))
    base = alt.Chart(rows).encode(x=x, y=down)
    cells = base.mark_rect().encode(color=colour, tooltip=["layer:O", "ahead:O", *TOLD])
    text = base.mark_text(style="label", tooltip=None).encode(text=alt.Text("top1:Q", format=".2f"), color=light)
    note = f"likeliest token of the layer; {result.places:,} places of {result.texts} texts"
    title = alt.TitleParams("What each layer already knows of the tokens ahead", subtitle=[note], color=INK)
    size = {"width": max(280, 64 * rows["ahead"].nunique()), "height": 26 * len(layers)}
    chart = alt.layer(cells, text).properties(**size, title=title, description=result.headline())
    return dressed(chart)


def over_the_floor(result: "AheadResult") -> alt.LayerChart:
    """Draw the same as one line an offset, with its interval, over the commonest token's share (dashes)."""
    rows = result.rates[result.rates["ahead"] > 0]
    layers = rows["layer"].drop_duplicates().tolist()
    x = alt.X("layer:O", sort=layers, title="layer", axis=alt.Axis(labelAngle=0), scale=alt.Scale(domain=layers))
    named = alt.Scale(domain=sorted(rows["ahead"].unique().tolist()))  # one legend: of one domain
    colour = alt.Color("ahead:N", title="tokens ahead", scale=named)
    shape = alt.Shape("ahead:N", title="tokens ahead", scale=named)
    base, title = alt.Chart(rows).encode(x=x, color=colour), "share of places"
    floor = base.mark_line(strokeDash=[4, 3], stroke=GREY, tooltip=None).encode(
        y=alt.Y("commonest:Q", title=title), detail="ahead:N"
    )
    spread = base.mark_rule(opacity=0.6, tooltip=None).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    line = base.mark_line(tooltip=None).encode(y=alt.Y("top1:Q", title=title))
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=alt.Y("top1:Q", title=title), shape=shape, tooltip=["layer:O", *TOLD]
    )
    note = f"dashes: the commonest token at those places; intervals over {result.texts} texts"
    head = alt.TitleParams("Tokens ahead, over the commonest token", subtitle=[note], color=INK)
    chart = alt.layer(floor, spread, line, dots)
    return dressed(chart.properties(width=560, height=300, title=head, description=result.headline()))
