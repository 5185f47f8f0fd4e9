"""A figure on a page: drawn once a process for each answer; an answer never changes, and drawing takes the longest."""

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st


def chart(draw: Callable[[Any], Any], answer: Any, *, named: tuple[str, ...], key: str, about: str) -> None:
    """Show a figure of an answer, described in words for those who cannot see it.

    `named` tells the figure from every other one: the answer's digest and the figure's name.
    """
    spec = _drawn(named, draw, answer)
    described = isinstance(spec.get("description"), str)
    st.vega_lite_chart(spec, key=key, alt=None if described else about, width=_width(spec))


def _width(spec: dict[str, Any]) -> Literal["content", "stretch"]:
    """Return what decides the width: a figure that pads keeps its shape (square cells), any other fills its column."""
    size = spec.get("autosize")
    return "content" if isinstance(size, dict) and size.get("type") == "pad" else "stretch"


def tall(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a figure of one view whose rows keep their height; else a page fits title, legend and axes into it too.

    Without a title there is little to fit. Several views, and one a value, keep their heights by themselves.
    """
    several = _SEVERAL & {*spec, *spec.get("encoding", {})}
    if several or "title" not in spec or "autosize" in spec:
        return spec
    return {**spec, "autosize": TALL}


TALL = {"type": "fit-x", "contains": "padding"}
"""As wide as its column, and as high as its rows ask for."""
_SEVERAL = {"concat", "hconcat", "vconcat", "facet", "repeat", "row", "column"}


@st.cache_data(max_entries=32, show_spinner=False)
def _drawn(named: tuple[str, ...], _draw: Callable[[Any], Any], _answer: Any) -> dict[str, Any]:
    return tall(_draw(_answer).to_dict())
