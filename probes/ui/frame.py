"""The frame around every page: title, grouped navigation, what the machine has loaded.

Streamlit's own page list is hidden, and `st.navigation` is never called: a page opened by its address runs without
the entry script, so each page draws its frame itself.
"""

import psutil
import streamlit as st

from probes import __version__, access, engine
from probes.ui.shell import HOME, PAGES
from probes.ui.strip import strip
from probes.ui.token import admit

_SIDEBAR = 200
"""Pixels: at 1280 it leaves a page the 900 that the widest figure takes."""

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path fill="#56b4e9" d="M3 21 16 14l13 7-13 7z"/><path fill="#0072b2" d="M3 16 16 9l13 7-13 7z"/>'
    '<path fill="#e69f00" d="M3 11 16 4l13 7-13 7z"/></svg>'
)


def frame(title: str) -> None:
    """Set the page up, ask for the token if there is one, start the worker in the background, and draw the sidebar."""
    st.set_page_config(page_title=f"{title} · Strata", page_icon=_ICON, layout="wide", initial_sidebar_state=_SIDEBAR)
    admit()
    engine.warm()
    with st.sidebar:
        st.markdown("### Strata")
        _navigation()
        strip()
        st.space("small")
        st.caption(_machine())


def _navigation() -> None:
    """Link every page, group by group, close together: all of them are to be seen at 720 pixels."""
    groups = dict.fromkeys(page.group for page in PAGES)
    with st.container(gap="small"):
        st.page_link(HOME.path, label=HOME.title, icon=HOME.icon)
        for group in groups:
            with st.container(gap="xsmall"):
                st.caption(group)
                for page in PAGES:
                    if page.group == group:
                        st.page_link(page.path, label=page.title, icon=page.icon, help=page.question)


def _machine() -> str:
    """Say what answers here: nothing that needs torch, which only the worker imports."""
    memory = psutil.virtual_memory().total / 2**30
    reach = "this machine only" if access.local(st.get_option("server.address")) else "open to others by token"
    return f"Strata {__version__}  \n{psutil.cpu_count()} cores, {memory:.0f} GB, {reach}"
