"""What a steering vector does at every strength, what that costs, and the two against each other."""

from typing import TYPE_CHECKING, Any

import altair as alt

from probes.figures.dress import BLUE, ORANGE
from probes.figures.theme import INK, dressed

if TYPE_CHECKING:
    from probes.intervention import SteeringResult

NAMES = ["steering vector", "random directions"]
COLOUR = alt.Color("direction:N", title=None, scale=alt.Scale(domain=NAMES, range=[BLUE, ORANGE]))
SHAPE = alt.Shape("direction:N", title=None, scale=alt.Scale(domain=NAMES, range=["circle", "square"]))
EFFECT, PRICE = "log odds of the wanted words", "change of loss, nats a token"


def effect_and_cost(result: "SteeringResult") -> alt.HConcatChart:
    """Draw effect and price by strength, beside random directions as long, with intervals."""
    panels = [
        _panel(result, ("effect", "effect_low", "effect_high"), EFFECT),
        _panel(result, ("change", "low", "high"), PRICE),
    ]
    length = f"the vector is {result.length:.2f} as long as a state"
    note = f"{result.pairs} pairs at layer {result.layer} of {result.depth}; {length}"
    head = alt.TitleParams("What the vector does, and what it costs", subtitle=[note], color=INK)
    chart = alt.hconcat(*panels, spacing=24).resolve_scale(color="shared", shape="shared")
    return dressed(chart.properties(title=head, description=result.headline()))


def effect_against_cost(result: "SteeringResult") -> alt.LayerChart:
    """Draw the effect over its price, strength after strength: the steeper, the more it steers for its price."""
    base = alt.Chart(result.sweep).encode(x=alt.X("change:Q", title=PRICE), y=alt.Y("effect:Q", title=EFFECT))
    line = base.mark_line(tooltip=None, opacity=0.6).encode(color=COLOUR, order="strength:Q")
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(color=COLOUR, shape=SHAPE, tooltip=_told())
    head = alt.TitleParams(
        "Effect over price", subtitle=["one dot a strength; intervals are in the other figure"], color=INK
    )
    chart = alt.layer(line, dots).properties(width=560, height=300, title=head, description=result.headline())
    return dressed(chart)


def _panel(result: "SteeringResult", fields: tuple[str, str, str], title: str) -> Any:
    value, low, high = fields
    base = alt.Chart(result.sweep).encode(x=alt.X("strength:Q", title="strength"))
    band = base.mark_area(opacity=0.18, tooltip=None, line=False).encode(
        y=alt.Y(f"{low}:Q", title=title), y2=f"{high}:Q", color=COLOUR
    )
    line = base.mark_line(tooltip=None).encode(y=alt.Y(f"{value}:Q", title=title), color=COLOUR)
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=alt.Y(f"{value}:Q", title=title), color=COLOUR, shape=SHAPE, tooltip=_told()
    )
    return alt.layer(band, line, dots).properties(width=330, height=270)


def _told() -> list[Any]:
    numbers = ["effect", "effect_low", "effect_high", "change", "low", "high", "loss"]
    return ["direction:N", "strength:Q", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in numbers)]
