"""The bar under a figure: every file it can leave as, how it is set, and the paper it is gathered for."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from probes import analyses, export, store
from probes.contract import Spec
from probes.errors import StrataError
from probes.ui.gathering import gather
from probes.ui.text import plain

LABELS = {
    "pdf": "PDF",
    "svg": "SVG",
    "png": "PNG",
    "csv": "CSV",
    "parquet": "Parquet",
    "tex": "LaTeX",
    "py": "Script",
    "ipynb": "Notebook",
}
"""The export bar, in its order."""


def bar(result: Any, *, name: str, question: Spec) -> None:
    """Draw the bar of one figure; a file is made when its button is pressed, not when it is drawn.

    The table lies under the main figure only, so another figure's bar does not offer it.
    """
    key = f"{question.kind}_{name}"
    main = name == next(iter(analyses.of(question).figures))
    formats = [fmt for fmt in LABELS if main or fmt not in export.TABLES]
    rows = len(result.frame()) if main else 0

    def made(fmt: str, look: export.Look) -> bytes:
        return export.file_bytes(question, result, fmt, figure=name, look=look)

    def called(fmt: str) -> str:
        kind = f"{question.kind}-{name}" if fmt in export.FIGURES else question.kind
        return export.filename(kind, question.digest, fmt)

    with row(key):
        files(key, formats, made, called, rows=rows)
        if analyses.of(question).live:
            _pin(key, question, result)
        gather(key, question, result, figure=name)


def row(key: str) -> Any:
    """Return the container of a bar."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{key}_bar")


def files(
    key: str,
    formats: Sequence[str],
    made: Callable[[str, export.Look], bytes],
    called: Callable[[str], str],
    *,
    rows: int,
) -> None:
    """Draw a button a format, each of which makes its file when it is pressed, and how the figure is set.

    A table of more `rows` than are printed has no LaTeX: its button is grey and says what to save instead.
    """
    long = rows > export.MOST_ROWS
    why = f"The table has {rows:,} rows, and {export.MOST_ROWS:,} can be printed: save it as CSV or Parquet"
    st.caption("Save", width="content")
    buttons = st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")
    look = _look(key)  # the row is in reading order; its buttons need to know how the figure is set
    with buttons:
        for fmt in formats:
            st.download_button(
                LABELS[fmt],
                partial(made, fmt, look),
                called(fmt),
                export.FORMATS[fmt],
                key=f"{key}_{fmt}",
                on_click="ignore",
                type="tertiary",
                disabled=long and fmt == "tex",
                help=why if long and fmt == "tex" else None,
            )


def _look(key: str) -> export.Look:
    """Draw how the figure is set, folded away; a font that is not installed says what stands in for it."""
    with st.popover("", icon=":material/tune:", type="tertiary", help="Width, font and size of the figure"):
        width = st.selectbox("Page width", list(export.WIDTHS), index=1, key=f"{key}_width", format_func=_page)
        font = st.selectbox(
            "Font",
            list(export.STACKS),
            key=f"{key}_font",
            accept_new_options=True,
            help="sans, serif or mono, or type the name of an installed family.",
        )
        usual = export.WIDTHS[width][1]
        size = st.number_input(
            "Size of labels, in points", *export.SIZES, None, key=f"{key}_size", placeholder=f"{usual:g}", step=0.5
        )
        look = export.Look(width, font or "sans", size)
        try:
            note = look.note
        except StrataError as error:
            note, look = str(error), export.Look(width, "sans", size)
        if note:
            st.caption(f":material/info: {plain(note)}")
    return look


def _page(width: str) -> str:
    inches, size = export.WIDTHS[width]
    return f"{width} · {inches:.2f} in, {size:g} pt"


def _pin(key: str, question: Spec, result: Any) -> None:
    kept = store.asked(question.digest) is not None
    st.button(
        "Pinned" if kept else "Pin",
        disabled=kept,
        key=f"{key}_pin",
        help="Keep this answer among the runs, with an address of its own",
        on_click=_keep,
        args=(question, result),
        type="tertiary",
    )


def _keep(question: Spec, result: Any) -> None:
    try:
        store.save(question, result, 0.0)
    except StrataError as error:
        st.toast(plain(error), icon=":material/error:")
