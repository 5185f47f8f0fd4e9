"""The history as a table that can be searched, narrowed and picked from; every choice is in the address."""

from datetime import datetime

import pandas as pd
import streamlit as st

from probes import history
from probes.history import Line
from probes.ui.address import choice
from probes.ui.shell import PAGES, page_of
from probes.ui.text import plain

WHEN = {"Any time": None, "Last 24 hours": 1, "Last 7 days": 7, "Last 30 days": 30}
ORDERS = ("Newest", "Oldest", "Longest", "Model", "Question")


def filters() -> list[Line]:
    """Draw the search box and the filters; return the lines they leave."""
    everything = history.lines()
    wide, kind, model, corpus = st.columns([2, 1, 1, 1])
    search = wide.text_input("Search", key="search", bind="query-params", max_chars=200, icon=":material/search:")
    kinds = sorted({line.kind for line in everything})
    chosen_kind = choice("kind", "Question", kinds, at=kind, show=_title)
    chosen_model = choice("model", "Model", sorted({n.model for n in everything} - {""}), at=model)
    chosen_corpus = choice("corpus", "Corpus", sorted({n.corpus for n in everything} - {""}), at=corpus)
    state, when, order, pinned = st.columns([1, 1, 1, 2], vertical_alignment="bottom")
    chosen_state = choice("state", "State", list(history.STATES), at=state)
    days = WHEN[choice("when", "When", list(WHEN)[1:], at=when, none="Any time") or "Any time"]
    sort = choice("sort", "Sort by", list(ORDERS)[1:], at=order, none=ORDERS[0]) or ORDERS[0]
    only = pinned.toggle("Pinned only", key="pinned", bind="query-params")
    wanted = history.Filter(search or "", chosen_kind, chosen_model, chosen_corpus, chosen_state, days, only)
    return ordered(history.lines(wanted), sort)


def ordered(lines: list[Line], order: str) -> list[Line]:
    """Sort the lines; those that are equal keep their order, pinned first and newest first."""
    keys = {
        "Oldest": lambda n: n.when.timestamp(),
        "Longest": lambda n: -n.seconds,
        "Model": lambda n: n.model.casefold(),
        "Question": lambda n: n.kind,
    }
    return sorted(lines, key=keys[order]) if order in keys else lines


def _title(kind: str) -> str:
    """Name a kind by its page; of several on one page all but the first say which they are."""
    page = page_of(kind)
    if page is None:
        return kind
    return page.title if kind == page.kinds[0] else f"{page.title}: {kind}"


def picked(lines: list[Line]) -> list[Line]:
    """Draw the table; return the lines that are picked in it."""
    if not lines:
        st.info("No run is like that.", icon=":material/search_off:")
        return []
    event = st.dataframe(
        _frame(lines),
        key="history",
        hide_index=True,
        height=min(38 + 35 * len(lines), 360),
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_COLUMNS,
        alt=f"{len(lines)} runs",
    )
    rows = event["selection"]["rows"]
    return [lines[row] for row in rows if 0 <= row < len(lines)]


_COLUMNS = {
    "pinned": st.column_config.CheckboxColumn("Pin", width=45),
    "when": st.column_config.DatetimeColumn("When", format="D MMM YYYY, HH:mm", width=140),
    "question": st.column_config.TextColumn("Question", width=75),
    "model": st.column_config.TextColumn("Model", width=85),
    "state": st.column_config.TextColumn("State", width=75),
    "found": st.column_config.TextColumn("What was found", width=310),
    "note": st.column_config.TextColumn("Note", width=150),
    "corpus": st.column_config.TextColumn("Corpus", width=110),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.1f", width=80),
}


def _frame(lines: list[Line]) -> pd.DataFrame:
    rows = [
        (n.pinned, _local(n.when), _title(n.kind), _short(n.model), n.state, n.text, n.note, n.corpus, n.seconds)
        for n in lines
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _short(model: str) -> str:
    """Return the last part of a folder; a hub id stays whole."""
    return model.rstrip("/").rpartition("/")[2] or model if model.startswith("/") else model


def _local(when: datetime) -> datetime:
    """Return the wall clock's time here, as a table shows it."""
    return when.astimezone().replace(tzinfo=None)


def empty() -> bool:
    """Say that nothing was asked yet, and where to begin; return whether that is so."""
    if history.lines():
        return False
    st.info("Nothing was asked yet. The demo of any page makes the first run.", icon=":material/history:")
    for page in PAGES:
        if page.kinds:
            st.page_link(page.path, label=f"{plain(page.title)}: {page.question}", icon=page.icon)
    return True
