"""One layer's map as an option of ECharts: many points, a box and a lasso to pick them, a word on each.

Plain values: the browser draws them. Texts go into the data alone, which ECharts writes as text and never as markup.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from probes.figures.maps import context, looks, shown, spans
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.geometry.maps import MapResult

SIZE = (820, 430)
_SYMBOLS = {"circle": "circle", "square": "rect", "triangle-up": "triangle", "diamond": "diamond", "cross": "arrow"}
_LEGEND = {"type": "scroll", "itemWidth": 12, "itemHeight": 12}
MOST_DRAWN, MANY = 100_000, 20_000
"""Points that are drawn at all, and above which each carries its word alone."""
_FEW = 2_000
"""Points above which they are drawn smaller."""


def options(result: "MapResult", layer: str, column: str, marked: Sequence[int] = ()) -> dict[str, Any]:
    """Return the option that draws a layer, coloured by a column of the points, some of them ringed.

    Series k holds the points of `members(result, column, layer)[k]`, in that order; the last one is the rings.
    """
    _, kinds = shown(result, column, layer=layer)
    xy, names = result.xy[result.layers.index(layer)].astype(np.float64).round(4), said(result)
    across, up = spans(xy, *SIZE)
    known, size = looks(kinds), 8 if result.count <= _FEW else 5 if result.count <= MANY else 2
    series = [
        {
            "id": f"kind {k}",
            "name": kinds[k],
            "type": "scatter",
            "symbol": _SYMBOLS.get(known[kinds[k]][1], "circle"),
            "symbolSize": size,
            "selectedMode": "single",
            "itemStyle": {"color": known[kinds[k]][0], "opacity": 0.75},
            "data": [[*xy[row].tolist(), names[row]] for row in rows],
        }
        for k, rows in enumerate(members(result, column, layer))
    ]
    if len(marked):
        series.append(_mark([[*xy[row].tolist(), names[row]] for row in marked]))
    axis = {"show": False, "type": "value"}
    return {
        "grid": {"left": 8, "right": 8, "top": 56, "bottom": 8},
        "legend": {
            "data": kinds,
            "top": 0,
            "left": 0,
            "type": "scroll",
            "right": 130,
            "itemWidth": 12,
            "itemHeight": 12,
        },
        "xAxis": {**axis, "min": across[0], "max": across[1]},
        "yAxis": {**axis, "min": up[0], "max": up[1]},
        "tooltip": {"formatter": "{@[2]}", "confine": True},
        "dataZoom": [{"type": "inside", "xAxisIndex": 0}, {"type": "inside", "yAxisIndex": 0}],
        "brush": {"xAxisIndex": "all", "yAxisIndex": "all", "throttleType": "debounce", "throttleDelay": 300},
        "toolbox": {"right": 0, "feature": {"brush": {"type": ["rect", "polygon", "clear"]}, "restore": {}}},
        "series": series,
    }


def said(result: "MapResult") -> list[str]:
    """Return what is written on each point: with its context, or of many points the word alone."""
    if result.count <= MANY:
        return context(result.points)
    return [visible(shorten(word, 24)) for word in result.points.word]


def members(result: "MapResult", column: str, layer: str = "") -> list[list[int]]:
    """Return the points of each series."""
    told, kinds = shown(result, column, layer=layer)
    found: dict[str, list[int]] = {kind: [] for kind in kinds}
    for row, kind in enumerate(told):
        found[kind].append(row)
    return list(found.values())


def _mark(at: list[list[Any]]) -> dict[str, Any]:
    ring = {"color": "transparent", "borderColor": "#D55E00", "borderWidth": 2.5}
    return {
        "id": "chosen",
        "name": "chosen",
        "type": "scatter",
        "symbolSize": 20 if len(at) == 1 else 12,
        "itemStyle": ring,
        "data": at,
        "silent": True,
        "z": 5,
    }
