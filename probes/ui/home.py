"""What the home page is made of: the models at hand, the questions, and what was asked before; nothing is computed."""

import streamlit as st

from probes import store
from probes.models import catalogue
from probes.ui.shell import PAGES, page_of
from probes.ui.text import duration, plain

_RECENT = 12
"""Runs listed on the home page."""


def questions() -> None:
    """Draw a card a page: its question and the link to it."""
    for page in PAGES:
        with st.container(border=True):
            st.page_link(page.path, label=f"**{page.title}**", icon=page.icon)
            st.markdown(page.question)


def loaded() -> None:
    """Say which models of the catalogue are on this machine, and how to fetch the others."""
    for entry in catalogue.entries().values():
        mark = ":material/check_circle:" if entry.cached else ":material/radio_button_unchecked:"
        st.markdown(f"{mark} **{plain(entry.name)}** · {plain(entry.title)}")
        facts = f"{entry.role} · {entry.layers} layers of {entry.width} · {entry.licence}"
        fetch = "" if entry.cached else f" · not here yet: `python -m probes models fetch {entry.name}`"
        st.caption(plain(facts) + fetch)


def recent() -> None:
    """List the newest finished runs, each a link that shows it again."""
    entries = [(entry, page_of(entry.kind)) for entry in store.runs()]
    shown = [(entry, page) for entry, page in entries if page][:_RECENT]
    if not shown:
        st.caption("None yet. The demo of any page makes the first one.")
    for entry, page in shown:
        named = [str(entry.spec[name]) for name in ("model", "corpus", "language") if entry.spec.get(name)]
        label = f"{page.title}: {plain(' · '.join(named))}"
        st.page_link(page.path, label=label, icon=page.icon, query_params={"run": entry.digest})
        when = f"{entry.created.astimezone():%d %b %Y, %H:%M}, computed in {duration(entry.seconds)}"
        st.caption(f"{plain(entry.headline)}  \n{when}")
