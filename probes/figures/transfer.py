"""What probes of one run read of another's functions, by layer, beside that run's own probes and baselines."""

from typing import TYPE_CHECKING, Any

import altair as alt

from probes.figures.dress import BLUE, GREEN, ORANGE, VERMILLION
from probes.figures.theme import INK, dressed

if TYPE_CHECKING:
    from probes.syntax.transfer import TransferResult

LOOKS = {
    "transferred": (BLUE, "circle"),
    "own probe": (ORANGE, "diamond"),
    "control task": (VERMILLION, "square"),
    "random init": (GREEN, "triangle-up"),
}
"""Series → colour and shape: either is enough to tell them apart."""
F1 = "F1 of constituents"


def f1_of_transfer(result: "TransferResult") -> alt.LayerChart:
    """Draw F1 with its interval by layer, one line a series."""
    rows = result.scores.sort_values(["order", "series"])
    layers = rows.drop_duplicates("layer")["layer"].tolist()
    names = [name for name in LOOKS if name in set(rows["series"])]
    colour = alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=[LOOKS[n][0] for n in names]))
    shape = alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=[LOOKS[n][1] for n in names]))
    step = -(-len(layers) // 14)
    axis = alt.Axis(values=layers[::step], labelAngle=0, labelOverlap=False)
    x = alt.X("layer:O", sort=layers, title="layer", scale=alt.Scale(domain=layers), axis=axis)
    top = min(1.0, float(rows["high"].max()) * 1.08 + 0.02)
    scale = alt.Scale(domain=[0, top])
    base = alt.Chart(rows).encode(x=x)
    spread = base.mark_rule(opacity=0.5, style="dot", tooltip=None).encode(
        y=alt.Y("low:Q", title=F1, scale=scale), y2="high:Q", color=colour
    )
    y = alt.Y("f1:Q", title=F1, scale=scale)
    line = base.mark_line(tooltip=None).encode(y=y, color=colour)
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, color=colour, shape=shape, tooltip=_told())
    one, other = result.names
    title = alt.TitleParams(f"Probes of {one} on functions of {other}", color=INK)
    chart = alt.layer(spread, line, dots).properties(width=600, height=280, title=title)
    return dressed(chart.properties(description=result.headline()))


def _told() -> list[Any]:
    numbers = {"f1": "F1", "low": "interval from", "high": "to", "f1_spans": "F1 of bare spans"}
    numbers |= {"gain": "transferred above it by", "gain_low": "from", "gain_high": "up to"}
    shown = [alt.Tooltip(f"{name}:Q", title=title, format=".3f") for name, title in numbers.items()]
    return [alt.Tooltip("series:N"), alt.Tooltip("layer:O"), *shown]
