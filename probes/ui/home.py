"""What the home page is made of: where to start, the questions with their last answers, what runs, what is here.

Nothing is computed: a stored answer's figure is drawn small, once a process.
"""

import logging
import textwrap
from typing import Any

import streamlit as st

from probes import analyses, store
from probes.models import catalogue
from probes.ui.shell import PAGES, Page, page_of
from probes.ui.strip import name_of, under_way
from probes.ui.text import duration, plain

log = logging.getLogger("strata.home")

_RECENT = 6
"""Runs listed on the home page; the Runs page has all."""
_LONGEST = 110
"""Characters of a headline on a card."""
_ACROSS = 3
"""Cards side by side: at 1280 pixels a question then takes two lines."""


def start() -> None:
    """Tell who is here for the first time where to begin; somebody with runs knows."""
    if store.runs():
        return
    first = next(page for page in PAGES if page.kinds)
    with st.container(border=True, key="start_here"):
        st.markdown(
            f"**Start here.** Open **{first.title}** and press *Run the demo*: a small model reads real code, and in "
            "about a minute you have a figure, its table, and an address to send. Nothing leaves this machine."
        )
        st.page_link(first.path, label=f"Open {first.title}", icon=":material/play_arrow:")


def questions() -> None:
    """Draw a card a question, three side by side: what it asks, the link to it, and its newest answer, small."""
    newest: dict[str, store.RunEntry] = {}
    for entry in store.runs():
        page = page_of(entry.kind)
        if page:
            newest.setdefault(page.path, entry)
    asking = [page for page in PAGES if page.kinds]
    for first in range(0, len(asking), _ACROSS):
        row = asking[first : first + _ACROSS]
        for column, page in zip(st.columns(_ACROSS), row, strict=False):
            with column:
                _card(page, newest.get(page.path))


def _card(page: Page, last: store.RunEntry | None) -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.page_link(page.path, label=f"**{page.title}**", icon=page.icon)
        st.markdown(page.question)
        if last is None:
            return
        st.caption(plain(textwrap.shorten(last.headline, _LONGEST, placeholder=" …")))
        small = _thumbnail(last.digest)
        if small:
            st.vega_lite_chart(small, key=f"thumbnail_{last.digest}", alt=last.headline)
        st.page_link(page.path, label="The last answer", query_params={"run": last.digest})


@st.cache_data(max_entries=32, show_spinner=False)
def _thumbnail(digest: str) -> dict[str, Any] | None:
    """Return the main figure of a stored run, small; None when it cannot be drawn, which must not cost the page."""
    from probes.figures.thumbnail import thumbnail  # on use: an empty home needs no figure

    try:
        spec, result = analyses.spec_of(digest), analyses.result_of(digest)
        if spec is None or result is None:
            return None
        draw = next(iter(analyses.of(spec).figures.values()))
        return thumbnail(draw(result))
    except Exception:
        log.exception("no thumbnail of run %s", digest)
        return None


def running() -> None:
    """List what runs, each a link to where it stands; nothing when nothing does."""
    live = under_way()
    if not live:
        return
    st.subheader("Running")
    for job, now in live:
        page = page_of(job.kind)
        label = f"{name_of(job.kind, job.spec)} · {plain(now.note or 'waiting')} · {now.share:.0%}"
        if page:
            st.page_link(page.path, label=label, icon=page.icon, query_params={"run": job.digest})
        else:
            st.caption(label)


def loaded() -> None:
    """Say which models of the catalogue are on this machine, and how to fetch the others."""
    for entry in catalogue.entries().values():
        if not entry.wheels:  # only on the hub: the Models page has those
            continue
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
        label = f"{page.title}: {plain(' · '.join(named) or entry.kind)}"
        st.page_link(page.path, label=label, icon=page.icon, query_params={"run": entry.digest})
        when = f"{entry.created.astimezone():%d %b %Y, %H:%M}, computed in {duration(entry.seconds)}"
        st.caption(f"{plain(entry.headline)}  \n{when}")
    if len(entries) > len(shown):
        st.page_link("pages/Runs.py", label=f"All {len(entries)} runs", icon=":material/history:")
