"""What leaving out each block, part or head costs: by layer, and as a heat map of layers and parts."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, ORANGE, PURPLE, SKY
from probes.figures.theme import INK, MUTED, dressed, message, symlog

if TYPE_CHECKING:
    from probes.intervention import AblationResult

LOOKS = {"zero": (ORANGE, "square"), "mean": (GREEN, "triangle-up"), "resample": (BLUE, "circle")}
"""What takes the place of what the block adds → colour and shape."""
PARTS = {"attention": (PURPLE, "diamond"), "mlp": (SKY, "square")}
"""Part of a block → colour and shape, where one way of leaving it out is drawn."""
INSTEAD = {"zero": "nothing", "mean": "its mean", "resample": "what another token got"}
"""Way → what takes the place."""
SHORT = {"zero": "nothing", "mean": "its mean", "resample": "another token's"}
TITLE = "change of loss, nats a token"
WIDE = 900
"""Pixels that heat maps may take beside each other."""


def loss_without_each(result: "AblationResult") -> alt.LayerChart:
    """Draw the change of the loss without one block, part or head, on a scale that shows small ones too."""
    rows = result.changes
    if result.site == "blocks":
        rows, by, legend, looks = rows.merge(result.added[["layer", "ratio"]], on="layer"), "way", "in its place", LOOKS
    else:
        rows = rows[rows["way"] == result.told]
        by, legend, looks = "part", "left out", PARTS
    layers = rows.sort_values("order")["layer"].drop_duplicates().tolist()
    axis = alt.Axis(values=layers[:: -(-len(layers) // 16)], labelAngle=0, labelOverlap=False)
    x = alt.X("layer:O", sort=layers, title="block", axis=axis, scale=alt.Scale(domain=layers))
    names = [name for name in looks if name in set(rows[by])] or sorted(rows[by].unique(), key=_number)
    base = alt.Chart(rows).encode(x=x, xOffset=alt.XOffset(f"{by}:N", sort=names, scale=alt.Scale(domain=names)))
    bent = symlog(rows[["low", "high", "change", "random"]].astype(float), 0.1)
    spread = base.mark_rule(opacity=0.6, tooltip=None).encode(
        y=alt.Y("low:Q", title=TITLE, **bent), y2="high:Q", **_colour(by, legend, names, looks)
    )
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=alt.Y("change:Q", title=TITLE, **bent),
        tooltip=["layer:O", "part:N", "way:N", *_told(ratio="ratio" in rows)],
        **_colour(by, legend, names, looks, shaped=True),
    )
    note = f"{result.base:.2f} nats as it is; intervals over {result.texts} texts; distances shrink above 0.1"
    control = rows["random"].notna().any()
    beside = [_random(base, bent)] if control else []
    note += "; grey bars: as much changed in random directions" if control else ""
    what = {"blocks": "what one block adds", "parts": "one attention or MLP", "heads": "one head"}[result.site]
    instead = "" if result.site == "blocks" else f", {INSTEAD[result.told]} in its place"
    head = alt.TitleParams(f"Loss without {what}{instead}", subtitle=[note], color=INK)
    size = {"width": max(320, min(820, 34 * len(layers))), "height": 300}
    return dressed(alt.layer(*beside, spread, dots).properties(**size, title=head, description=result.headline()))


def loss_by_part(result: "AblationResult") -> alt.HConcatChart | alt.VConcatChart | alt.LayerChart:
    """Draw the change of the loss as a heat map of layers and parts or heads, one a way of leaving them out.

    Maps that are too wide to stand beside each other stand below each other.
    """
    if result.site == "blocks":
        return message("Whole blocks were left out. Ask for parts or heads to see which of them count.")
    rows = result.changes.assign(part=[name.removeprefix("head ") for name in result.changes["part"]])
    panels = [_grid(result, rows[rows["way"] == way], way) for way in LOOKS if way in set(rows["way"])]
    what = {"parts": "an attention or an MLP", "heads": "one head"}[result.site]
    note = f"change of the loss from {result.base:.2f} nats, on a scale whose ends are drawn together"
    title = alt.TitleParams(f"Loss without {what}", subtitle=[note], color=INK)
    beside = sum(panel.width for panel in panels) <= WIDE
    chart = (alt.hconcat if beside else alt.vconcat)(*panels, spacing=28).resolve_scale(color="shared")
    return dressed(chart.properties(title=title, description=result.headline()))


def _grid(result: "AblationResult", rows: pd.DataFrame, way: str) -> Any:
    layers = rows.sort_values("order", ascending=False)["layer"].drop_duplicates().tolist()
    parts = rows["part"].drop_duplicates().tolist()
    most = max(0.01, float(result.changes["change"].abs().max()))
    scale = alt.Scale(type="symlog", constant=0.05, scheme="blueorange", domain=[-most, most])
    colour = alt.Color("change:Q", title=TITLE, scale=scale)
    across = alt.Axis(orient="top", labelAngle=0, labelOverlap=False)
    x = alt.X("part:N", sort=parts, title="head" if result.site == "heads" else None, axis=across)
    y = alt.Y("layer:O", sort=layers, title="block", scale=alt.Scale(domain=layers))
    told = ["layer:O", "part:N", *_told()]
    cells = alt.Chart(rows.drop(columns=["way"])).mark_rect().encode(x=x, y=y, color=colour, tooltip=told)
    head = alt.TitleParams(f"instead: {SHORT[way]}", color=INK)
    wide = 34 if result.site == "heads" else 76
    return alt.layer(cells).properties(width=wide * len(parts), height=18 * len(layers), title=head)


def _random(base: alt.Chart, bent: dict[str, Any]) -> alt.Chart:
    ticks = base.transform_filter("isValid(datum.random)").mark_tick(
        orient="horizontal", thickness=3, size=12, color=MUTED
    )
    told = [alt.Tooltip("layer:O"), alt.Tooltip("part:N"), alt.Tooltip("random:Q", format=".3f")]
    return ticks.encode(y=alt.Y("random:Q", title=TITLE, **bent), tooltip=told)


def _told(*, ratio: bool = False) -> list[Any]:
    told = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("change", "low", "high", "loss", "random")]
    length = alt.Tooltip("ratio:Q", title="length of what it adds, of what it is added to", format=".2f")
    return [*told, length] if ratio else told


def _colour(
    by: str, legend: str, names: list[str], looks: dict[str, tuple[str, str]], *, shaped: bool = False
) -> dict[str, Any]:
    if not set(names) <= set(looks):
        return {"color": alt.value(BLUE)}  # heads: told apart by their place
    colours = alt.Scale(domain=names, range=[looks[name][0] for name in names])
    shapes = alt.Scale(domain=names, range=[looks[name][1] for name in names])
    shape = {"shape": alt.Shape(f"{by}:N", title=legend, scale=shapes)} if shaped else {}
    return {"color": alt.Color(f"{by}:N", title=legend, scale=colours), **shape}


def _number(name: str) -> int:
    return int(name.removeprefix("head "))
