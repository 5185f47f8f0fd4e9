"""The frame around every page: title, grouped navigation, what the machine has loaded.

Streamlit's own page list is hidden, and `st.navigation` is never called: a page opened by its address runs without
the entry script, so each page draws its frame itself.
"""

from dataclasses import dataclass

import psutil
import streamlit as st

from probes import __version__, engine


@dataclass(frozen=True)
class Page:
    """A question with a page of its own, and the analyses whose runs it can show."""

    path: str
    title: str
    group: str
    icon: str
    question: str
    kinds: tuple[str, ...] = ()


HOME = Page("app.py", "Home", "", ":material/home:", "")
PAGES = (
    Page(
        "pages/Syntax.py",
        "Syntax",
        "Structure",
        ":material/account_tree:",
        "Is the syntax tree of code in there, and in which subspace?",
        ("syntax",),
    ),
)

_SIDEBAR = 200
"""Pixels: at 1280 it leaves a page the 900 that the widest figure takes."""

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path fill="#56b4e9" d="M3 21 16 14l13 7-13 7z"/><path fill="#0072b2" d="M3 16 16 9l13 7-13 7z"/>'
    '<path fill="#e69f00" d="M3 11 16 4l13 7-13 7z"/></svg>'
)


def frame(title: str) -> None:
    """Set the page up, start the worker in the background, and draw the sidebar."""
    st.set_page_config(page_title=f"{title} · Strata", page_icon=_ICON, layout="wide", initial_sidebar_state=_SIDEBAR)
    engine.warm()
    with st.sidebar:
        st.markdown("### Strata")
        st.page_link(HOME.path, label=HOME.title, icon=HOME.icon)
        for group in dict.fromkeys(page.group for page in PAGES):
            st.caption(group)
            for page in PAGES:
                if page.group == group:
                    st.page_link(page.path, label=page.title, icon=page.icon, help=page.question)
        st.space("small")
        st.caption(_machine())


def _machine() -> str:
    """Say what answers here: nothing that needs torch, which only the worker imports."""
    memory = psutil.virtual_memory().total / 2**30
    return f"Strata {__version__}  \n{psutil.cpu_count()} cores, {memory:.0f} GB, this machine only"


def page_of(kind: str) -> Page | None:
    """Return the page that shows runs of this kind."""
    return next((page for page in PAGES if kind in page.kinds), None)
