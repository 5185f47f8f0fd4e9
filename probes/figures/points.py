"""One layer's map as an option of ECharts: many points, a box and a lasso to pick them, a word on each.

Plain values: the browser draws them. Texts go into the data alone, which ECharts writes as text and never as markup.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probes.figures.maps import context, looks, numbered, spans
from probes.figures.words import shorten, visible

if TYPE_CHECKING:
    from probes.geometry.maps import MapResult

SIZE = (820, 430)
_SYMBOLS = {"circle": "circle", "square": "rect", "triangle-up": "triangle", "diamond": "diamond", "cross": "arrow"}
_SHAPES = {
    "●": "circle",
    "■": "rect",
    "▲": "triangle",
    "◆": "diamond",
    "▼": "path://M0,0L12,0L6,10Z",
    "✚": "path://M4,0H8V4H12V8H8V12H4V8H0V4H4Z",
    "➤": "path://M0,0L12,6L0,12L4,6Z",
    "○": "emptyCircle",
}
"""What a shape looks like in a sentence → its symbol, of a column that shapes the points."""
MOST_DRAWN, MANY = 100_000, 20_000
"""Points that are drawn at all, and above which each carries its word alone."""
_RINGS = 60
"""Rings above which they are thin and narrow."""
_FEW = 2_000
"""Points above which they are drawn smaller."""


def options(
    result: "MapResult", layer: str, column: str, marked: Sequence[int] = (), shape: str = ""
) -> dict[str, Any]:
    """Return the option that draws a layer, coloured by a column of the points, some of them ringed.

    Without a column for the shapes, they say what the colours say. Series k holds the points of
    `members(result, column, layer, shape)[k]`, in that order; the last one is the rings.
    """
    kinds = numbered(result, column, layer=layer)[1]
    xy = result.xy[result.layers.index(layer)].astype(np.float64).round(4)
    across, up = spans(xy, *SIZE)
    data = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "said": said(result)})
    groups = _grouped(result, column, layer, shape)
    series = _series(result.count, kinds, list(groups), shaped=bool(shape))
    if len(marked):
        series.append(_mark(data.iloc[list(marked)].to_numpy().tolist()))
    axis = {"show": False, "type": "value"}
    return {
        "grid": {"left": 8, "right": 8, "top": 56, "bottom": 8},
        "legend": {
            "data": kinds,
            "selectedMode": False,  # a box holds what lies in it: a kind that is hidden would be picked unseen
            "top": 0,
            "left": 0,
            "right": 130,
            "type": "scroll",
            "itemWidth": 12,
            "itemHeight": 12,
        },
        "xAxis": {**axis, "min": across[0], "max": across[1]},
        "yAxis": {**axis, "min": up[0], "max": up[1]},
        "tooltip": {"formatter": "{@[2]}", "confine": True},
        "dataZoom": [{"type": "inside", "xAxisIndex": 0}, {"type": "inside", "yAxisIndex": 0}],
        "brush": {"xAxisIndex": "all", "yAxisIndex": "all", "throttleType": "debounce", "throttleDelay": 50},
        "toolbox": {"right": 0, "feature": {"brush": {"type": ["rect", "polygon", "clear"]}, "restore": {}}},
        # lists, not a table: the browser reads JSON faster than it turns an Arrow table's rows into objects
        "dataset": [{"source": data.iloc[rows].to_dict("list")} for rows in groups.values()],
        "series": series,
    }


def _series(count: int, kinds: list[str], groups: list[tuple[int, int]], *, shaped: bool) -> list[dict[str, Any]]:
    """Return a series a group: its kind's colour, and its own symbol when the points are shaped, else its kind's."""
    known, symbols = looks(kinds), list(_SHAPES.values())
    size = 8 if count <= _FEW else 5 if count <= MANY else 2
    return [
        {
            "id": f"kind {k} {j}" if shaped else f"kind {k}",
            "name": kinds[k],
            "type": "scatter",
            "symbol": symbols[j] if shaped else _SYMBOLS.get(known[kinds[k]][1], "circle"),
            "symbolSize": size + 2 * shaped,
            "selectedMode": "single",
            "itemStyle": {"color": known[kinds[k]][0], "opacity": 0.75},
            "datasetIndex": at,
            "encode": {"x": "x", "y": "y"},
            "large": count > MANY,  # drawn at one stroke; a brush then finds no points, and `inside` does
            "animation": count <= MANY,
        }
        for at, (k, j) in enumerate(groups)
    ]


def said(result: "MapResult") -> list[str]:
    """Return what is written on each point: with its context, or of many points the word alone."""
    words = result.points.word
    if result.count <= MANY:
        return context(result.points)
    plain = words.str.len().between(1, 24) & words.str.fullmatch("[!-~](?:[ -~]*[!-~])?")
    told = words.to_numpy(dtype=object, copy=True)
    told[~plain.to_numpy(bool)] = [visible(shorten(word, 24)) for word in words[~plain]]
    return told.tolist()


def members(result: "MapResult", column: str, layer: str = "", shape: str = "") -> list[np.ndarray]:
    """Return the points of each series: one a kind, or with a column for the shapes one a kind and shape that occur."""
    return list(_grouped(result, column, layer, shape).values())


def shapes(result: "MapResult", column: str, layer: str) -> list[tuple[str, str]]:
    """Return each shape and what it stands for: the most frequent values of the column, all others as one."""
    return list(zip(_SHAPES, _shaped(result, column, layer)[1], strict=False))


def _shaped(result: "MapResult", column: str, layer: str) -> tuple[np.ndarray, list[str]]:
    return numbered(result, column, len(_SHAPES) - 1, layer)


def _grouped(result: "MapResult", column: str, layer: str, shape: str) -> dict[tuple[int, int], np.ndarray]:
    """Return the points of each kind and shape, by their numbers, in order of both."""
    kinds = numbered(result, column, layer=layer)[0]
    forms = _shaped(result, shape, layer)[0] if shape else np.zeros_like(kinds)
    both = kinds * len(_SHAPES) + forms
    order = np.argsort(both, kind="stable")
    found, firsts = np.unique(both[order], return_index=True)
    parts = np.split(order, firsts[1:])
    return {(int(one) // len(_SHAPES), int(one) % len(_SHAPES)): rows for one, rows in zip(found, parts, strict=True)}


def _mark(at: list[list[Any]]) -> dict[str, Any]:
    many = len(at) > _RINGS
    ring = {"color": "transparent", "borderColor": "#D55E00", "borderWidth": 1.2 if many else 2.5}
    return {
        "id": "chosen",
        "name": "chosen",
        "type": "scatter",
        "symbolSize": 20 if len(at) == 1 else 8 if many else 12,
        "itemStyle": ring,
        "data": at,
        "silent": True,
        "z": 5,
    }
