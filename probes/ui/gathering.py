"""What is gathered for a paper: add a figure, look through what is there, name it, take the bundle away."""

from functools import partial
from typing import Any

import streamlit as st

from probes import analyses, export, store
from probes.contract import Spec
from probes.errors import StrataError
from probes.ui.text import plain


def gather(key: str, question: Spec, result: Any, *, figure: str) -> None:
    """Draw "Add to paper bundle" and, once something is in it, the panel that shows and downloads it."""
    held = store.collected()
    inside = (question.digest, figure) in held.items
    st.button(
        "In the bundle" if inside else "Add to paper bundle",
        icon=":material/check:" if inside else ":material/library_add:",
        disabled=inside,
        key=f"{key}_add",
        help="Gather figures of any page into one zip with data, tables, methods, references and scripts",
        on_click=_do,
        args=(partial(_add, question, result, figure),),
        type="tertiary",
    )
    if held.items:
        label = f"Bundle ({len(held.items)})"
        panel = st.popover(label, icon=":material/folder_zip:", type="tertiary", key=f"{key}_bundle", on_change="rerun")
        if panel.open:
            with panel:
                _review(key, held)


def _do(change: Any) -> None:
    """Change the collection, and say so when the store refuses."""
    try:
        change()
    except StrataError as error:
        st.toast(plain(error), icon=":material/error:")


def _add(question: Spec, result: Any, figure: str) -> None:
    if analyses.of(question).live:
        store.save(question, result, 0.0)  # a live answer is kept once it is wanted in a paper
    store.collect(question.digest, figure)


def _rename(key: str) -> None:
    _do(partial(store.entitle, st.session_state[key]))


def _review(key: str, held: store.Collection) -> None:
    """List what is in it, each with a way out; name it, choose the width of its figures, take it away."""
    # named when the person has typed: a second panel that still shows the old name must not bring it back
    st.text_input("Name", held.title, key=f"{key}_title", max_chars=200, on_change=_rename, args=(f"{key}_title",))
    for digest, figure in held.items:
        spec = analyses.spec_of(digest)
        with st.container(horizontal=True, vertical_alignment="center"):
            about = f"{spec.kind}: {figure.replace('_', ' ')}" if spec else "no longer stored"
            st.markdown(f"{plain(about)} · `{digest[:8]}`", width="stretch")
            st.button(
                "",
                icon=":material/close:",
                help="Take it out",
                key=f"{key}_drop_{digest}_{figure}",
                on_click=_do,
                args=(partial(store.drop, digest, figure),),
                type="tertiary",
            )
    width = st.selectbox("Width of its figures", list(export.WIDTHS), key=f"{key}_bundle_width")
    with st.container(horizontal=True):
        st.download_button(
            "Download",
            partial(export.bundle_bytes, held, export.Look(width)),
            "strata-bundle.zip",
            "application/zip",
            key=f"{key}_zip",
            on_click="ignore",
            type="primary",
            icon=":material/download:",
        )
        st.button("Empty it", key=f"{key}_empty", on_click=_do, args=(store.empty,), type="tertiary")
