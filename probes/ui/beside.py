"""Two maps of the same points beside each other: what is picked in one is ringed in the other, and listed once.

The other map is another layer of the same run, or another run about the same texts: another model, another method.
Its points are matched by what they are and where they stand; a point that only one map has is ringed in none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from probes import analyses, store
from probes.figures.maps import CLUSTER, thinned
from probes.figures.points import MOST_DRAWN, SIZE, options
from probes.geometry.maps import MapResult, MapSpec
from probes.ui.address import among, choice
from probes.ui.picking import Look, chosen, picked
from probes.ui.text import plain

SAME = ("corpus", "language", "unit", "n", "per_text", "seed")
"""Fields that two questions share when they are about the same points."""
_LAYER, _MOST, _RINGS = "layer ", 12, 500
_ACTIVE = "strata_map_active"
"""Where a session keeps which of the two pictures was picked in last."""
_KEYS = ("map_points", "map_beside")


@dataclass(frozen=True)
class Other:
    """The map beside: its result, the layer shown, and for each of its points the point of the first map, or -1."""

    result: MapResult
    layer: str
    rows: np.ndarray
    title: str


def other(result: MapResult, question: MapSpec | None, layer: str) -> Other | None:
    """Draw what can stand beside a map, in the address as `beside`; return what is chosen, if anything is."""
    if result.count > MOST_DRAWN:
        return None
    left, right = st.columns(2, vertical_alignment="bottom")
    runs = {} if question is None else _runs(question)
    names = [f"{_LAYER}{name}" for name in result.layers]
    name = choice("beside", "Beside it", [*names, *runs], at=left, none="nothing")
    if not name:
        return None
    if name in names:
        at = name.removeprefix(_LAYER)
        return Other(result, at, np.arange(result.count), f"Layer {plain(at)}")
    found = analyses.result_of(runs[name])
    if found is None or found.count > MOST_DRAWN:
        st.caption("That run can no longer be read, or has too many points to be drawn.")
        return None
    with right:
        at = among("beside_layer", "Its layer", found.layers, found.best)
    rows = matched(result, found)
    if not (rows >= 0).any():
        st.caption("That run is about other points: none is in both maps.")
        return None
    return Other(found, at, rows, f"{plain(name)}, layer {at}")


def _runs(question: MapSpec) -> dict[str, str]:
    """Return the newest finished maps of the same texts: how each is called, and its digest."""
    found: dict[str, str] = {}
    for run in store.runs(MapSpec.kind):
        alike = all(run.spec.get(name) == getattr(question, name) for name in SAME)
        if alike and run.digest != question.digest and len(found) < _MOST:
            found[f"{str(run.spec['model'])[-24:]}, {run.spec['method']}, run {run.digest[:8]}"] = run.digest
    return found


def matched(one: MapResult, two: MapResult) -> np.ndarray:
    """Return for each point of the second map the number of the same point of the first, -1 for none.

    Points are the same when their origin, place, words and what stands around them are.
    """
    columns = ["origin", "place", "before", "word", "after"]
    known = {key: i for i, key in enumerate(one.points[columns].itertuples(index=False, name=None))}
    return np.array([known.get(key, -1) for key in two.points[columns].itertuples(index=False, name=None)], np.int64)


def pair(result: MapResult, beside: Other, look: Look, wanted: Sequence[int]) -> list[int]:
    """Draw both maps; return the points picked last, in either, as points of the first.

    Those found or chosen are ringed in both, those picked in the picture where they were not picked.
    """
    looks, results = (look, _seen(beside, look)), (result, beside.result)
    states = [st.session_state.get(_key(k)) for k in range(2)]
    found = [picked(r, state, one) for r, state, one in zip(results, states, looks, strict=True)]
    found[1] = [int(i) for i in beside.rows[found[1]] if i >= 0]
    active = st.session_state.get(_ACTIVE, 0)
    if not found[active]:
        active = 1 - active
    point = chosen(result)
    always = list(wanted) or ([] if point is None else [point])
    numbers = (np.arange(result.count), beside.rows)
    titles = (f"Layer {plain(look[0])}", beside.title)
    for k, column in enumerate(st.columns(2)):
        ringed = found[active] if found[active] and k != active else always
        with column:
            st.markdown(f"**{titles[k]}**")
            _one(results[k], looks[k], rings(numbers[k], ringed), k)
    st.caption(
        "Drag a box or a lasso in either (top right): the same points are ringed in the other, and listed below."
    )
    return found[active]


def rings(numbers: np.ndarray, wanted: Sequence[int]) -> list[int]:
    """Return which points of a map are among those wanted of the first; of many, an even choice."""
    found = np.flatnonzero(np.isin(numbers, list(wanted)))
    some, _ = thinned(len(found), _RINGS)
    return [int(i) for i in found[some]] if len(found) else []


def _seen(beside: Other, look: Look) -> Look:
    """Return the look of the map beside: the same columns, where its points have them."""
    known = {CLUSTER, *beside.result.points.columns}
    return beside.layer, look[1] if look[1] in known else "kind", look[2] if look[2] in known else ""


def _one(result: MapResult, look: Look, ringed: list[int], k: int) -> None:
    layer, by, shape = look
    drawn = options(result, layer, by, ringed, shape)
    st.echarts_chart(drawn, height=SIZE[1], key=_key(k), on_select=partial(_activate, k), alt=result.headline())


def _key(k: int) -> str:
    """Return the name of a picture: a new one each time its box is to be forgotten."""
    times = st.session_state.get(f"{_ACTIVE}_{k}", 0)
    return f"{_KEYS[k]}_{times}" if times else _KEYS[k]


def _activate(k: int) -> None:
    """Make a picture the one that counts; a box that still stands in the other would say what no longer holds."""
    before = st.session_state.get(_key(1 - k))
    st.session_state[_ACTIVE] = k
    if before and before.selection.selected:
        st.session_state[f"{_ACTIVE}_{1 - k}"] = st.session_state.get(f"{_ACTIVE}_{1 - k}", 0) + 1
