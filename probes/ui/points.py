"""Points of a map, looked at: picked by box, lasso, click or search; what is near one of them, layer by layer."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from probes.figures.grouped import density, tally
from probes.figures.maps import CLUSTER, OTHERS, shown, thinned
from probes.figures.points import MOST_DRAWN, SIZE, options, shapes
from probes.figures.words import shorten, visible
from probes.geometry.maps import MapResult, MapSpec
from probes.ui import beside, playing
from probes.ui.address import among, check, choice
from probes.ui.picking import Look, chosen, picked
from probes.ui.results import rows
from probes.ui.taking import taking
from probes.ui.text import plain

COLUMNS = ("kind", "type", "origin", CLUSTER)
_INNER = {"word", "before", "after", "place", "text"}
"""Columns of every point that say no kind."""
_SHOWN = ["word", "kind", "type", "before", "after", "origin"]
_SAME_AS, _TOGETHER = "as the colour", " (all rarer values together)"
_MOST = 500
"""Rows of the table of picked points."""
_SAME, _BESIDE = 60, 30
"""Characters of a cell, and of what stands before and after a point."""
_NEAR = ["word", "kind", "before", "after"]


def points(result: MapResult, question: MapSpec | None = None) -> None:
    """Draw a map to be looked at closer, with a button that plays its layers, and another map beside it."""
    playing.playable(partial(_points, question=question), result)


def _points(result: MapResult, question: MapSpec | None) -> None:
    """Draw the map of a layer, the table of what is picked in it, and the neighbours of one point at every layer."""
    left, button, middle, form, right = st.columns([5, 2, 2, 2, 2], vertical_alignment="bottom")
    with left:
        playing.step("layer", result.layers, result.count)
        layer = among("layer", "Layer", result.layers, result.best, help="Starts where most neighbours are kept.")
    with button:
        playing.button("layer", result.layers, result.count)
    columns = [*COLUMNS, *(c for c in result.points.columns if c not in _INNER and c not in COLUMNS)]
    with middle:
        check("by", columns, "colour")
        by = st.selectbox("Colour by", columns, key="by", bind="query-params") or "kind"
    with form:
        shape = choice("shape", "Shape by", columns, at=st, none=_SAME_AS)
    search = right.text_input("Find", key="map_find", placeholder="a word", max_chars=100)
    rows_of = _window(result, layer) if result.count > MOST_DRAWN else np.arange(result.count)
    wanted = _wanted(result, search)
    other = beside.other(result, question, layer)
    look = (layer, by, shape)
    if other is not None:
        found = beside.pair(result, other, look, wanted)
    else:
        found = _drawn(result, rows_of, look, wanted) if len(rows_of) else []
    told, kinds = shown(result, by, layer=layer)
    bars = _bars(result, (told, kinds), found or wanted)
    found = found or wanted or [i for i, kind in enumerate(told) if kind in bars]
    _table(result, found)
    if found:
        taking(result, found, layer)
    _near(result, layer)


def _wanted(result: MapResult, search: str) -> list[int]:
    if not search:
        return []
    found: list[int] = np.flatnonzero(result.points.word.str.contains(search, case=False, regex=False)).tolist()
    return found


def _window(result: MapResult, layer: str) -> np.ndarray:
    """Draw how many points lie where; return those of the box drawn on it, when they are few enough to be drawn."""
    xy = result.xy[result.layers.index(layer)]
    said = f"{result.count:,} points, counted in cells: too many to draw one by one"
    chart = density(xy, said).to_dict()
    state = st.vega_lite_chart(chart, key="map_density", on_select="rerun", selection_mode="window", width="stretch")
    window = state.selection.get("window", {}) if state else {}
    if not {"x", "y"} <= set(window):
        st.caption(f"Drag a box to look at its points; at most {MOST_DRAWN:,} are drawn.")
        return np.zeros(0, int)
    inside = np.ones(len(xy), bool)
    for axis, name in enumerate(("x", "y")):
        low, high = sorted(map(float, window[name]))
        inside &= (xy[:, axis] >= low) & (xy[:, axis] <= high)
    found = np.flatnonzero(inside)
    some, few = thinned(len(found), MOST_DRAWN)
    st.caption(f"{len(found):,} points in the box{few.replace('points', 'drawn, an even choice')}")
    return found[some] if len(found) else found


def _drawn(result: MapResult, rows_of: np.ndarray, look: Look, wanted: Sequence[int]) -> list[int]:
    """Draw the points, those found or chosen ringed; return those that are picked in the picture."""
    seen = result if len(rows_of) == result.count else result.only(rows_of)
    point = chosen(result)
    ringed = list(wanted) if wanted else [] if point is None else [point]
    rings = [int(i) for i in np.flatnonzero(np.isin(rows_of, ringed))[:_MOST]]
    layer, by, shape = look
    drawn = options(seen, layer, by, rings, shape)
    state = st.echarts_chart(drawn, height=SIZE[1], key="map_points", on_select="rerun", alt=result.headline())
    if shape:
        known = [f"{glyph} {plain(name)}" for glyph, name in shapes(seen, shape, layer)]
        st.caption(f"Shape: {' · '.join(known)}" + _TOGETHER * known[-1].endswith(OTHERS))
    st.caption("Drag a box or a lasso (top right) to list points; scroll to zoom; click a point to see what is near.")
    return [int(rows_of[i]) for i in picked(seen, state, look)]


def _bars(result: MapResult, kinds: tuple[list[str], list[str]], picked: list[int]) -> set[str]:
    """Draw how many points of each kind there are and are picked; return the kinds whose bars are clicked."""
    chart = tally(result, *kinds, picked).to_dict()
    state = st.vega_lite_chart(chart, key="map_bars", on_select="rerun", selection_mode="bar", width="stretch")
    found = state.selection.get("bar", []) if state else []
    return {str(one.get("kind")) for one in found}


def _table(result: MapResult, picked: Sequence[int]) -> None:
    if not picked:
        return
    more = f", the first {_MOST} below" if len(picked) > _MOST else ""
    counts = result.points.kind.iloc[list(picked)].value_counts()
    kinds = ", ".join(f"{plain(str(kind))} {count:,}" for kind, count in counts.head(6).items())
    st.markdown(f"**{len(picked):,} of {result.count:,} points**{more}: {kinds}")
    some = list(picked)[:_MOST]
    said = [name for name in _SHOWN if (result.points[name] != "").any()]
    table = _tabled(result.points.iloc[some])[said]
    held = st.dataframe(
        table, hide_index=True, height=220, key="map_rows", on_select="rerun", selection_mode="single-row"
    )
    at = held.selection.rows if held else []
    point = some[at[0]] if at and at[0] < len(some) else some[0] if len(some) == 1 else None
    if point is not None and point != chosen(result):
        st.query_params["point"] = str(point)
        st.rerun(scope="app")


def _near(result: MapResult, layer: str) -> None:
    """List the nearest points of the chosen one at the layer shown, and how many of them stay from layer to layer."""
    point = chosen(result)
    if point is None:
        st.caption("No point is chosen. Click one, or pick a row of the table.")
        return
    row = result.points.iloc[point]
    st.subheader("What is near it")
    st.markdown(f"**{plain(visible(row.word))}** · {plain(str(row.kind))} · {plain(visible(row.origin))}")
    st.code(f"{row.before}{row.word}{row.after}", language=None)
    left, right = st.columns(2)
    with left:
        none = "" if result.near.shape[1] else ": not kept for so many points"
        st.caption(f"Nearest at layer {plain(layer)}, nearest first{none}")
        st.dataframe(_tabled(result.around(point, layer))[_NEAR], hide_index=True, key="map_near")
    with right:
        st.caption("Nearest at every layer")
        lines = [(name, _said(result.around(point, name))) for name in result.layers]
        rows(pd.DataFrame(lines, columns=["layer", "nearest words"]), key="map_near_layers")


def _tabled(points: pd.DataFrame) -> pd.DataFrame:
    """Return points as text to look at: short, every character seen, of what stands before a point the end."""
    cut = points.assign(before=[text[-_BESIDE:] for text in points.before], after=points.after.str[:_BESIDE])
    return cut.map(lambda cell: visible(shorten(cell, _SAME)) if isinstance(cell, str) else cell)


def _said(table: pd.DataFrame) -> str:
    return "  ".join(shorten(str(word), 20) for word in table.word.head(6))
