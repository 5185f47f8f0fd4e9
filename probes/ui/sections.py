"""Sections of an answer of which one is open: only that one is computed, and the address says which."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from probes.ui import address


@st.fragment
def sections(parts: Mapping[str, Callable[..., None]], *given: Any, key: str = "section") -> None:
    """Draw a tab a section, by name, and in the open one what it draws of what is `given`.

    The first is open unless the address names another.
    """
    address.check(key, list(parts), "section")
    tabs = st.tabs(list(parts), key=key, on_change="rerun", bind="query-params")
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw(*given)
