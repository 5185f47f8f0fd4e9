"""A result on a page: the sentence, the figures with their export bars, then the details."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from probes import analyses
from probes.contract import Spec
from probes.ui import address
from probes.ui.drawing import chart
from probes.ui.saving import bar
from probes.ui.text import headline, literal, notes, plain


def show(result: Any, question: Spec) -> None:
    """Show what was found: headline, what every reader must know, one figure (the main one first), then the details."""
    headline(result.headline())
    notes(result.source.notes)
    figures = analyses.find(question.kind).figures
    name = next(iter(figures))
    if len(figures) > 1:
        key = f"{question.kind}_view"
        address.check(key, [_title(option) for option in figures], "figure")
        # required: pressing the chosen one again would leave no figure at all
        chosen = st.segmented_control(
            "Figure",
            list(figures),
            default=name,
            format_func=_title,
            key=key,
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        name = chosen if chosen in figures else name
    figure(result, figures[name], name=name, question=question)
    details(result, question)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def figure(result: Any, draw: Callable[[Any], Any], *, name: str, question: Spec) -> None:
    """Show one figure, and the bar of files it can leave as."""
    key = f"{question.kind}_{name}"
    chart(draw, result, named=(question.digest, name), key=key, about=result.headline())
    bar(result, name=name, question=question)


def details(result: Any, question: Spec) -> None:
    """Fold away where the numbers come from, what was left out and why, and the table under the figure."""
    with st.expander("Where these numbers come from"):
        left_out = getattr(result, "left_out", None) or {}
        if left_out:
            counts = ", ".join(f"{reason} ({count:,})" for reason, count in left_out.items())
            st.caption(f"Left out: {plain(counts)}.")
        asked, source = st.columns(2)
        asked.caption("The question")
        asked.json(question.model_dump(mode="json"), expanded=True)
        source.caption("What it was computed from")
        source.json(result.source.as_dict(), expanded=True)
        st.caption("The table under the figure")
        rows(result.frame(), key=f"{question.kind}_rows")
        st.caption(f"Run `{question.digest}`")


def rows(frame: Any, *, key: str) -> None:
    """Show a table whose texts are data: every character seen, none turning its neighbours around."""
    st.dataframe(literal(frame), hide_index=True, key=key)
