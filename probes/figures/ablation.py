"""What leaving out each block costs: by layer, for the three things that may stand in its place."""

from typing import TYPE_CHECKING

import altair as alt

from probes.figures.dress import BLUE, GREEN, ORANGE
from probes.figures.theme import INK, dressed

if TYPE_CHECKING:
    from probes.intervention import AblationResult

LOOKS = {"zero": (ORANGE, "square"), "mean": (GREEN, "triangle-up"), "resample": (BLUE, "circle")}
"""What takes the place of what the block adds → colour and shape."""


def loss_without_each(result: "AblationResult") -> alt.LayerChart:
    """Draw the change of the loss when one block's contribution is left out, on a scale that shows small ones too."""
    rows = result.changes.merge(result.added[["layer", "ratio"]], on="layer")
    layers = result.added["layer"].tolist()
    axis = alt.Axis(values=layers[:: -(-len(layers) // 16)], labelAngle=0, labelOverlap=False)
    x = alt.X("layer:O", sort=layers, title="block left out", axis=axis, scale=alt.Scale(domain=layers))
    names = list(LOOKS)
    colour = alt.Color(
        "way:N", title="in its place", scale=alt.Scale(domain=names, range=[c for c, _ in LOOKS.values()])
    )
    shape = alt.Shape(
        "way:N", title="in its place", scale=alt.Scale(domain=names, range=[s for _, s in LOOKS.values()])
    )
    scale, title = alt.Scale(type="symlog", constant=0.1), "change of loss, nats a token"
    base = alt.Chart(rows).encode(x=x, xOffset=alt.XOffset("way:N", sort=names))
    spread = base.mark_rule(opacity=0.6, tooltip=None).encode(
        y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", color=colour
    )
    told = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("change", "low", "high", "loss")]
    told.append(alt.Tooltip("ratio:Q", title="length of what it adds, of what it is added to", format=".2f"))
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=alt.Y("change:Q", title=title, scale=scale), color=colour, shape=shape, tooltip=["layer:O", "way:N", *told]
    )
    note = f"{result.base:.2f} nats as it is; intervals over {result.texts} texts; distances shrink above 0.1"
    head = alt.TitleParams("Loss without what one block adds", subtitle=[note], color=INK)
    size = {"width": max(320, min(820, 34 * len(layers))), "height": 300}
    return dressed(alt.layer(spread, dots).properties(**size, title=head, description=result.headline()))
