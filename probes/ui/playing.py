"""Play: a slider over layers that moves on by itself, one layer at a time, until the last or a press of Pause.

Each step is a rerun of one fragment, so the widgets beside the slider keep their values.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import streamlit as st

PACE, SLOW, MANY = 1.4, 5.0, 20_000
"""Seconds a layer stays, those of a map of many points, and how many are many: the browser must have drawn it."""
_NEXT = "strata_play_next"
"""Where a session keeps when the next layer is due; absent when nothing plays."""


def playable(draw: Callable[[Any], None], result: Any) -> None:
    """Draw a result as a fragment of its own, which comes again by itself while its layers are played."""
    timed = _NEXT in st.session_state

    def part() -> None:
        if timed != (_NEXT in st.session_state):
            st.rerun()  # a fragment gets or loses its clock only when the page is drawn
        draw(result)

    st.fragment(part, run_every=_pace(result.count) if timed else None)()


def step(name: str, layers: Sequence[str], count: int) -> None:
    """Move the slider of that name on, when it is due; at the last layer playing ends. To be called before it."""
    due = st.session_state.get(_NEXT)
    if due is None or monotonic() < due:
        return
    here = st.session_state.get(name)
    after = layers.index(here) + 1 if here in layers else len(layers)
    if after < len(layers):
        st.session_state[name] = layers[after]
        st.session_state[_NEXT] = monotonic() + 0.8 * _pace(count)
    else:
        del st.session_state[_NEXT]
        st.rerun()


def button(name: str, layers: Sequence[str], count: int) -> None:
    """Draw the button that plays the layers from the one shown, or from the first when it is the last."""
    label, icon = ("Pause", ":material/pause:") if _NEXT in st.session_state else ("Play", ":material/play_arrow:")
    one = len(layers) == 1
    said = "There is one layer only." if one else "Moves the points through the layers, one at a time."
    st.button(
        label, icon=icon, key=f"{name}_play", help=said, on_click=_press, args=(name, layers, count), disabled=one
    )


def _pace(count: int) -> float:
    return PACE if count <= MANY else SLOW


def _press(name: str, layers: Sequence[str], count: int) -> None:
    if st.session_state.pop(_NEXT, None) is not None:
        return
    st.session_state[_NEXT] = monotonic() + 0.8 * _pace(count)
    if st.session_state.get(name) == layers[-1]:
        st.session_state[name] = layers[0]
