"""What going on from codes costs the model, by layer and for all of them at once, beside the mean state and zero."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE
from probes.figures.theme import INK, dressed, symlog

if TYPE_CHECKING:
    from probes.codebooks.splice import SpliceResult

Look = tuple[str, str]
INSTEAD: dict[str, Look] = {
    "codes": (BLUE, "circle"),
    "mean": (ORANGE, "square"),
    "zero": (GREY, "triangle-up"),
}
KEPT: dict[str, Look] = {
    "variance explained": (GREY, "triangle-up"),
    "of the mean's loss": (BLUE, "circle"),
    "of the mean's divergence": (GREEN, "square"),
}
"""Series → colour and shape: either is enough to tell them apart."""
_TICKS = 14  # layer labels that fit a single column side by side


def damage_by_layer(result: "SpliceResult") -> alt.LayerChart:
    """Draw the loss that each layer's codes add, with its interval, beside what the mean state and zero add."""
    rows = result.damage.rename(columns={"instead": "series", "loss": "value", "loss_low": "low", "loss_high": "high"})
    head = f"Loss when the model goes on from codes: {result.base:.2f} nats as it is"
    texts = int(result.texts.groupby(["layer", "instead"]).size().max())
    note = f"{result.task}-token loss on {texts} held-out texts; intervals over texts"
    bent = symlog(rows[["low", "high", "value"]], 0.05)  # codes add hundredths where zero adds ten
    marks = _marks(result, rows, INSTEAD, {"title": "loss added, nats a token", **bent})
    return _titled(result, marks, head, note)


def kept_by_layer(result: "SpliceResult") -> alt.LayerChart:
    """Draw how much of the damage of the mean state codes avoid, beside the variance they explain."""
    columns = dict(zip(KEPT, ("explained", "loss_mean", "kl_mean"), strict=True))
    parts = []
    for name, column in columns.items():
        part = result.scores[["order", "layer"]].assign(series=name, value=result.scores[column])
        for end in ("low", "high"):
            part[end] = result.scores.get(f"{column}_{end}", result.scores[column])
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True).dropna(subset=["value"])
    low = min(0.0, float(rows["value"].min())) if len(rows) else 0.0
    scale = alt.Scale(domain=[max(low, -1.0), 1.0], clamp=True)
    marks = _marks(result, rows, KEPT, {"title": "share kept by codes", "scale": scale})
    return _titled(
        result, marks, "What codes keep of a layer", "1: as good as the state itself; 0: as bad as the mean state"
    )


def _titled(result: "SpliceResult", marks: list[Any], head: str, note: str) -> alt.LayerChart:
    title = alt.TitleParams(head, subtitle=[note], color=INK)
    chart = alt.layer(*marks).properties(width=640, height=270, title=title)
    return dressed(chart.properties(description=result.headline()))


def _marks(result: "SpliceResult", rows: pd.DataFrame, looks: dict[str, Look], axis: dict[str, Any]) -> list[Any]:
    rows = rows.assign(shown=[_short(name, result.site) for name in rows["layer"]]).sort_values(["order", "series"])
    x = _layers(result, rows.drop_duplicates("shown")["shown"].tolist())
    colour = alt.Scale(domain=list(looks), range=[look[0] for look in looks.values()])
    shape = alt.Scale(domain=list(looks), range=[look[1] for look in looks.values()])
    beside = alt.XOffset("series:N", sort=list(looks), scale=alt.Scale(domain=list(looks)))
    base = alt.Chart(rows).encode(x=x, xOffset=beside, color=alt.Color("series:N", title=None, scale=colour))
    told = ["value", "low", "high", *(name for name in ("kl", "agree") if name in rows)]
    spread = base.mark_rule(opacity=0.85, tooltip=None).encode(y=alt.Y("low:Q", **axis), y2="high:Q")
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=alt.Y("value:Q", **axis),
        shape=alt.Shape("series:N", title=None, scale=shape),
        tooltip=["series:N", "layer:N", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in told)],
    )
    return [spread, dots]


def _layers(result: "SpliceResult", names: list[str]) -> alt.X:
    ticks = names[:-1][:: -(-len(names) // _TICKS)]
    if len(names) > _TICKS and names.index(ticks[-1]) > len(names) - 3:
        del ticks[-1]  # "all" stands there
    title = "layer" if result.site == "residual" else f"layer ({result.site})"
    axis = alt.Axis(values=[*ticks, names[-1]], labelAngle=0, labelOverlap=False)
    return alt.X("shown:O", sort=names, title=title, scale=alt.Scale(domain=names), axis=axis)


def _short(layer: str, site: str) -> str:
    return "all" if layer == "all at once" else layer.removesuffix(f" {site}")
