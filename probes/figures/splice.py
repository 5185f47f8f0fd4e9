"""What going on from codes costs the model, by layer and for all of them at once, beside the mean state and zero."""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import BLUE, GREEN, GREY, ORANGE
from probes.figures.theme import INK, dressed

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
    told = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("kl", "agree")]
    scale = alt.Scale(type="symlog", constant=0.05)  # codes add hundredths where zero adds ten
    y = alt.Y("value:Q", title="loss added, nats a token", scale=scale)
    head = f"Loss when the model goes on from codes: {result.base:.2f} nats as it is"
    note = f"{result.task}-token loss on {_texts(result)} held-out texts; intervals over texts"
    return _drawn(result, rows, y, INSTEAD, (head, note), told)


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
    low = min(0.0, float(rows["value"].min()))
    y = alt.Y("value:Q", title="share kept by codes", scale=alt.Scale(domain=[max(low, -1.0), 1.0], clamp=True))
    note = "1: as good as the state itself; 0: as bad as the mean state"
    return _drawn(result, rows, y, KEPT, ("What codes keep of a layer", note), [])


def _drawn(
    result: "SpliceResult", rows: pd.DataFrame, y: alt.Y, looks: dict[str, Look], said: tuple[str, str], told: list[Any]
) -> alt.LayerChart:
    rows = rows.assign(shown=[_short(name, result.site) for name in rows["layer"]]).sort_values(["order", "series"])
    names = rows.drop_duplicates("shown")["shown"].tolist()
    ticks = sorted({*names[:-1][:: -(-len(names) // _TICKS)], names[-1]}, key=names.index)
    if len(ticks) > 2 and len(names) > _TICKS and names.index(ticks[-2]) > len(names) - 3:
        del ticks[-2]  # "all" stands there
    title = "layer" if result.site == "residual" else f"layer ({result.site})"
    axis = alt.Axis(values=ticks, labelAngle=0, labelOverlap=False)
    x = alt.X("shown:O", sort=names, title=title, scale=alt.Scale(domain=names), axis=axis)
    colour = alt.Scale(domain=list(looks), range=[look[0] for look in looks.values()])
    shape = alt.Scale(domain=list(looks), range=[look[1] for look in looks.values()])
    base = alt.Chart(rows).encode(x=x, color=alt.Color("series:N", title=None, scale=colour))
    numbers = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high")]
    spread = base.mark_rule(opacity=0.7, tooltip=None).encode(
        y=alt.Y("low:Q", title=y.title, scale=y.scale), y2="high:Q"
    )
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(
        y=y,
        shape=alt.Shape("series:N", title=None, scale=shape),
        tooltip=[alt.Tooltip("series:N"), alt.Tooltip("layer:N"), *numbers, *told],
    )
    head = alt.TitleParams(said[0], subtitle=[said[1]], color=INK)
    chart = alt.layer(spread, dots).properties(width=640, height=270, title=head)
    return dressed(chart.properties(description=result.headline()))


def _short(layer: str, site: str) -> str:
    return "all" if layer == "all at once" else layer.removesuffix(f" {site}")


def _texts(result: "SpliceResult") -> int:
    return int(result.texts.groupby(["layer", "instead"]).size().max())
