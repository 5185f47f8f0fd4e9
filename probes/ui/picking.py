"""What is picked of a map's points: what the browser says of a picture, and which point the address names."""

from typing import Any

import numpy as np
import streamlit as st

from probes.figures.points import members
from probes.geometry.maps import MapResult

Look = tuple[str, str, str]
"""Layer, column of the colour, column of the shape."""


def picked(result: MapResult, state: Any, look: Look) -> list[int]:
    """Return the points that are picked: those inside the boxes and lassos drawn on a picture, or else those clicked.

    What lies inside is found here: the browser would send the number of every point, and of many it knows none.
    """
    layer, by, shape = look
    if not state:
        return []
    if state.selection.areas:
        xy = result.xy[result.layers.index(layer)]
        found = np.zeros(len(xy), bool)
        for area in state.selection.areas:
            found |= inside(xy, area["brush_type"], area["coord_range"])
        return [int(i) for i in np.flatnonzero(found)]
    groups, clicked = members(result, by, layer, shape), set[int]()
    for part in state.selection.selected:
        k = part["series_index"]
        if k < len(groups):
            clicked |= {int(groups[k][i]) for i in part["data_indices"] if i < len(groups[k])}
    return sorted(clicked)


def inside(xy: np.ndarray, kind: str, corners: Any) -> np.ndarray:
    """Return which places [row, 2] lie in a box ([x, x], [y, y]) or a polygon ([x, y], …), by the even-odd rule."""
    if kind == "rect":
        low, high = np.sort(np.array(corners, float), axis=1).T
        within: np.ndarray = ((xy >= low) & (xy <= high)).all(1)
        return within
    points = np.array(corners, float).reshape(-1, 2)
    if len(points) < 3:
        return np.zeros(len(xy), bool)
    near = np.flatnonzero(((xy >= points.min(0)) & (xy <= points.max(0))).all(1))
    x, y = xy[near].T.astype(float)
    odd = np.zeros(len(near), bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        odd[crosses] ^= x[crosses] < x1 + (y[crosses] - y1) * (x2 - x1) / (y2 - y1)
    found = np.zeros(len(xy), bool)
    found[near[odd]] = True
    return found


def chosen(result: MapResult) -> int | None:
    """Return the point that the address names, if the map has it."""
    given = st.query_params.get("point", "")
    return int(given) if given.isdecimal() and len(given) < 8 and int(given) < result.count else None
