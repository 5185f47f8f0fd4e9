"""Runs beside each other: each run's values with their intervals, and below them how far each is from the first.

Colour, shape and dash tell the runs apart, any one of the three alone. The interval that crosses the line at zero says
that there may be no difference.
"""

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from probes.figures.dress import OKABE_ITO
from probes.figures.theme import HALO, INK, MUTED, dressed
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.compare import Comparison

SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "stroke")
DASHES = ([1, 0], [5, 2], [2, 2], [8, 4], [8, 2, 2, 2], [1, 2], [12, 3], [4, 4, 1, 4])
_LABEL = 60
_WIDTH = 640


def side_by_side(comparison: "Comparison") -> alt.VConcatChart:
    """Draw the values of all runs, and below them the differences from the first."""
    names = {run: shorten(visible(str(run)), _LABEL) for run in comparison.values.run.unique()}
    values = comparison.values.assign(run=comparison.values.run.map(names))
    table = comparison.differences if comparison.aligned else comparison.best
    table = table[table.place == table.other] if comparison.aligned else table
    differences = table.assign(run=table.run.map(names), against=table.against.map(names))
    looks = _looks(list(names.values()))
    upper = _values(values, looks, comparison)
    lower = _by_place if comparison.aligned else _by_run
    chart = alt.vconcat(upper, lower(differences, looks, comparison), spacing=18)
    return dressed(chart.properties(description=comparison.headline()))


def _looks(names: list[str]) -> dict[str, Any]:
    """Return colour, shape and dash by run, sharing one legend; labels as long as they are, one below the other."""
    legend = alt.Legend(orient="top", direction="vertical", labelLimit=_WIDTH, title=None, symbolOpacity=1)
    count = len(names)
    return {
        "color": alt.Color("run:N", scale=alt.Scale(domain=names, range=list(OKABE_ITO[:count])), legend=legend),
        "shape": alt.Shape("run:N", scale=alt.Scale(domain=names, range=list(SHAPES[:count])), legend=legend),
        "strokeDash": alt.StrokeDash("run:N", scale=alt.Scale(domain=names, range=list(DASHES[:count])), legend=None),
    }


def _values(values: pd.DataFrame, looks: dict[str, Any], comparison: "Comparison") -> Any:
    """Return line, interval and points of each run; its best place is ringed."""
    x = _place(values, comparison.axis) if comparison.aligned else _depth(comparison.axis)
    y = alt.Y("value:Q", title=comparison.measure, scale=alt.Scale(zero=False, nice=True))
    base = alt.Chart(values).encode(x=x, color=looks["color"])
    several = values.groupby("run").place.nunique().max() > 1
    mark = base.mark_area(opacity=0.14, tooltip=None, line=False) if several else base.mark_rule(tooltip=None)
    band = mark.encode(y=alt.Y("low:Q", title=comparison.measure), y2="high:Q", detail="run:N")
    line = base.mark_line(tooltip=None).encode(y=y, strokeDash=looks["strokeDash"])
    numbers = [alt.Tooltip(f"{n}:Q", title=t, format=".3f") for n, t in _NUMBERS[:1] + _NUMBERS[2:]]
    seen = [alt.Tooltip("run:N"), alt.Tooltip("place:N", title=comparison.axis), *numbers, alt.Tooltip("texts:Q")]
    dots = base.mark_point(filled=True, opacity=1, style="dot").encode(y=y, shape=looks["shape"], tooltip=seen)
    ring = alt.Chart(values[values.best]).mark_point(
        filled=False, style="ring", stroke=INK, shape="circle", tooltip=None
    )
    return alt.layer(band, line, dots, ring.encode(x=x, y=y)).properties(width=_WIDTH, height=230)


_NUMBERS = (("value", "value"), ("difference", "difference"), ("low", "interval from"), ("high", "to"))


def _place(rows: pd.DataFrame, axis: str, **padding: Any) -> alt.X:
    places = rows.drop_duplicates("place").place.tolist()
    step = -(-len(places) // 14)  # labels that fit a single column side by side
    labels = alt.Axis(values=places[::step], labelAngle=0, labelOverlap=False)
    return alt.X("place:O", sort=places, title=axis, scale=alt.Scale(domain=places, **padding), axis=labels)


def _depth(axis: str) -> alt.X:
    title = f"relative depth: first {axis} 0, last {axis} 1"
    return alt.X("depth:Q", title=title, scale=alt.Scale(domain=[0, 1]))


def _by_place(rows: pd.DataFrame, looks: dict[str, Any], comparison: "Comparison") -> Any:
    """Return the differences by place, the runs of one place beside each other."""
    runs = rows.run.unique().tolist()
    # bands without gaps have their middles where the points of the panel above stand
    x = _place(rows, comparison.axis, paddingInner=0, paddingOuter=0)
    across = {"x": x, "xOffset": alt.XOffset("run:N", sort=runs)}
    return _differences(rows, looks, across).properties(width=_WIDTH, height=130)


def _by_run(rows: pd.DataFrame, looks: dict[str, Any], comparison: "Comparison") -> Any:
    """Return the differences of runs each at its own best place: their places do not correspond."""
    runs = rows.run.unique().tolist()
    title = f"each at its best {comparison.axis}"
    across = {"x": alt.X("run:N", sort=runs, title=title, axis=alt.Axis(labels=False, ticks=False))}
    return _differences(rows, looks, across).properties(width=_WIDTH, height=130)


def _differences(rows: pd.DataFrame, looks: dict[str, Any], across: dict[str, Any]) -> Any:
    title = f"above {shorten(str(rows.against.iloc[0]), 24)}"
    y = alt.Y("difference:Q", title=title)
    base = alt.Chart(rows).encode(**across, color=looks["color"])
    numbers = [alt.Tooltip(f"{n}:Q", title=t, format=".3f") for n, t in _NUMBERS[1:]]
    seen = [alt.Tooltip("run:N"), alt.Tooltip("against:N"), alt.Tooltip("place:N"), *numbers]
    seen += [alt.Tooltip("how:N"), alt.Tooltip("texts:N")]
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(stroke=MUTED, style="hairline", tooltip=None)
    reach = base.mark_rule(tooltip=None, style="span").encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    dots = base.mark_point(filled=True, opacity=1, stroke=HALO, style="dot")
    return alt.layer(zero.encode(y="zero:Q"), reach, dots.encode(y=y, shape=looks["shape"], tooltip=seen))
