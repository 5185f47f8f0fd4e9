"""What is picked of a map's points: what the browser says of a picture, and which point the address names."""

from typing import Any

import streamlit as st

from probes.figures.points import members
from probes.geometry.maps import MapResult

Look = tuple[str, str, str]
"""Layer, column of the colour, column of the shape."""


def picked(result: MapResult, state: Any, look: Look) -> list[int]:
    """Return the points that the browser says are picked; what is no point of this map is left out."""
    layer, by, shape = look
    groups, found = members(result, by, layer, shape), set[int]()
    for part in state.selection.selected if state else ():
        k = part["series_index"]
        if k < len(groups):
            found |= {groups[k][i] for i in part["data_indices"] if i < len(groups[k])}
    return sorted(found)


def chosen(result: MapResult) -> int | None:
    """Return the point that the address names, if the map has it."""
    given = st.query_params.get("point", "")
    return int(given) if given.isdecimal() and len(given) < 8 and int(given) < result.count else None
