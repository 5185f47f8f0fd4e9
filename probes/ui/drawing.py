"""A figure on a page: drawn once a process for each answer; an answer never changes, and drawing takes the longest."""

from collections.abc import Callable
from typing import Any

import streamlit as st


def chart(draw: Callable[[Any], Any], answer: Any, *, named: tuple[str, ...], key: str, about: str) -> None:
    """Show a figure of an answer, described in words for those who cannot see it.

    `named` tells the figure from every other one: the answer's digest and the figure's name.
    """
    spec = _drawn(named, draw, answer)
    described = isinstance(spec.get("description"), str)
    # a figure that pads keeps its shape (square cells); any other one is as wide as its column
    size = spec.get("autosize")
    width: Any = "content" if isinstance(size, dict) and size.get("type") == "pad" else "stretch"
    st.vega_lite_chart(spec, key=key, alt=None if described else about, width=width)


@st.cache_data(max_entries=32, show_spinner=False)
def _drawn(named: tuple[str, ...], _draw: Callable[[Any], Any], _answer: Any) -> dict[str, Any]:
    spec: dict[str, Any] = _draw(_answer).to_dict()
    return spec
