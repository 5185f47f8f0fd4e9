"""A model's self-check and its size: how far what is read is from what it says, what each precision takes."""

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from probes.figures.dress import BLUE, ORANGE, SKY, VERMILLION
from probes.figures.theme import INK, MUTED, dressed, message
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.checkup import ModelResult, SizeResult

MEASURED, EQUAL, BEYOND = "difference", "equal in every bit", "beyond the tolerance"
SERIES = {MEASURED: (BLUE, "circle"), EQUAL: (SKY, "triangle-down"), BEYOND: (VERMILLION, "cross")}
"""What a point says → its colour and shape: told by both, so that grey print keeps it."""
_TICKS = 16  # names of checks that fit a page side by side


def differences(result: "ModelResult") -> alt.LayerChart:
    """Draw the largest difference of every measured check on a log axis, under the tolerance it is judged by.

    A difference of zero has no place on a log axis: it is drawn at the foot, with a mark of its own.
    """
    rows = result.checks[result.checks["limit"] > 0].copy()
    rows = rows[np.isfinite(rows["difference"].astype(float))]
    if rows.empty:
        return message("Nothing was measured: a model without numbers has only shapes.")
    foot = float(rows["limit"].min()) * 1e-4
    rows["shown"] = rows["difference"].clip(lower=foot)
    rows["series"] = np.select([~rows["passed"], rows["difference"] == 0], [BEYOND, EQUAL], MEASURED)
    rows["check"] = [shorten(visible(str(name)), 24).removeprefix("layer ") for name in rows["name"]]
    names = rows["check"].tolist()
    step = -(-len(names) // _TICKS)
    axis = alt.Axis(values=names[::step], labelAngle=0, labelOverlap=step > 1, labelLimit=90, labelSeparation=4)
    x = alt.X("check:O", sort=names, title="layer, then the other checks", scale=alt.Scale(domain=names), axis=axis)
    top = float(max(rows["limit"].max(), rows["shown"].max())) * 4
    scale = alt.Scale(type="log", domain=[foot / 2, top], nice=False)
    y = alt.Y(
        "shown:Q", title="largest difference", scale=scale, axis=alt.Axis(format=".0e", values=_decades(foot, top))
    )
    chart = alt.layer(*_limit(rows, x, scale), _points(rows, x, y)).properties(width=720, height=230)
    return dressed(chart.properties(description=result.headline()))


def _decades(low: float, high: float) -> list[float]:
    """Return the powers of ten between two numbers, every other one where there are many."""
    first, last = int(np.ceil(np.log10(low))), int(np.floor(np.log10(high)))
    return [10.0**k for k in range(first, last + 1, 1 if last - first < 7 else 2)]


def _limit(rows: pd.DataFrame, x: alt.X, scale: alt.Scale) -> list[Any]:
    """Return the tolerance of each check, and what the row of ticks is."""
    y = alt.Y("limit:Q", title="largest difference", scale=scale)
    tick = alt.Chart(rows).mark_tick(color=ORANGE, thickness=2, tooltip=None, bandSize=30).encode(x=x, y=y)
    middle = rows.iloc[[len(rows) // 2]].assign(note=["tolerance"])
    words = alt.Chart(middle).mark_text(style="note", fill=INK, align="center", dy=-9, tooltip=None)
    return [tick, words.encode(x=x, y=y, text="note:N")]


def _points(rows: pd.DataFrame, x: alt.X, y: alt.Y) -> Any:
    names = list(SERIES)
    colours, shapes = ([look[i] for look in SERIES.values()] for i in (0, 1))
    numbers = [alt.Tooltip(f"{name}:Q", format=".2e") for name in ("difference", "limit")]
    return (
        alt.Chart(rows[["check", "detail", "difference", "limit", "series", "shown"]])
        .mark_point(filled=True, opacity=1, style="dot")
        .encode(
            x=x,
            y=y,
            color=alt.Color("series:N", title=None, scale=alt.Scale(domain=names, range=colours)),
            shape=alt.Shape("series:N", title=None, scale=alt.Scale(domain=names, range=shapes)),
            tooltip=[alt.Tooltip("check:N"), *numbers, alt.Tooltip("detail:N")],
        )
    )


PARTS = {"weights": BLUE, "activations": ORANGE}


def memory_by_precision(result: "SizeResult") -> alt.LayerChart:
    """Draw what each precision takes, weights and activations end to end, with the sum beside the bar."""
    order = result.needs["precision"].tolist()
    long = result.needs.melt(["precision", "gib"], list(PARTS), "part", "bytes")
    long["size"] = long["bytes"] / 2**30
    long["rank"] = long["part"].map({name: i for i, name in enumerate(PARTS)})
    y = alt.Y("precision:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False))
    x = alt.X("size:Q", title="memory, GiB", stack="zero", scale=alt.Scale(domain=[0, float(long["gib"].max()) * 1.15]))
    colour = alt.Scale(domain=list(PARTS), range=list(PARTS.values()))
    bars = (
        alt.Chart(long)
        .mark_bar(height=14)
        .encode(
            x=x,
            y=y,
            color=alt.Color("part:N", title=None, scale=colour),
            order=alt.Order("rank:Q"),
            tooltip=["precision:N", "part:N", alt.Tooltip("size:Q", format=".3f", title="GiB")],
        )
    )
    sums = result.needs.assign(size=result.needs["gib"])[["precision", "size"]]
    words = alt.Chart(sums).mark_text(style="note", fill=MUTED, align="left", dx=6, tooltip=None)
    text = words.encode(x=alt.X("size:Q"), y=y, text=alt.Text("size:Q", format=".2f"))
    chart = alt.layer(bars, text).properties(width=560, height=24 * len(order))
    return dressed(chart.properties(description=result.headline()))
