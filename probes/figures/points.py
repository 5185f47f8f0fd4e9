"""One layer's map as an option of ECharts: many points, a box and a lasso to pick them, a word on each.

Plain values: the browser draws them. Texts go into the data alone, which ECharts writes as text and never as markup.
"""

from typing import TYPE_CHECKING, Any

from probes.figures.maps import context, looks, shown, spans

if TYPE_CHECKING:
    from probes.geometry.maps import MapResult

SIZE = (820, 430)
_SYMBOLS = {"circle": "circle", "square": "rect", "triangle-up": "triangle", "diamond": "diamond", "cross": "arrow"}
_LEGEND = {"type": "scroll", "itemWidth": 12, "itemHeight": 12}
_FEW = 2_000
"""Points above which they are drawn smaller."""


def options(result: "MapResult", layer: str, column: str, marked: int | None = None) -> dict[str, Any]:
    """Return the option that draws a layer, coloured by a column of the points, one point marked.

    Series k holds the points of `members(result, column)[k]`, in that order; the last series is the mark.
    """
    _, kinds = shown(result, column)
    xy, names = result.xy[result.layers.index(layer)], context(result.points)
    across, up = spans(xy, *SIZE)
    known, size = looks(kinds), 8 if result.count <= _FEW else 5
    series = [
        {
            "id": f"kind {k}",
            "name": kinds[k],
            "type": "scatter",
            "symbol": _SYMBOLS.get(known[kinds[k]][1], "circle"),
            "symbolSize": size,
            "selectedMode": "single",
            "itemStyle": {"color": known[kinds[k]][0], "opacity": 0.75},
            "data": [[*xy[row].round(4).tolist(), names[row]] for row in rows],
        }
        for k, rows in enumerate(members(result, column))
    ]
    if marked is not None:
        series.append(_mark([*xy[marked].round(4).tolist(), names[marked]]))
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


def members(result: "MapResult", column: str) -> list[list[int]]:
    """Return the points of each series."""
    told, kinds = shown(result, column)
    return [[row for row, kind in enumerate(told) if kind == one] for one in kinds]


def _mark(at: list[Any]) -> dict[str, Any]:
    ring = {"color": "transparent", "borderColor": "#D55E00", "borderWidth": 2.5}
    return {
        "id": "chosen",
        "name": "chosen",
        "type": "scatter",
        "symbolSize": 20,
        "itemStyle": ring,
        "data": [at],
        "silent": True,
        "z": 5,
    }
