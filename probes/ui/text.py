"""Words on a page: what a person, a model or a file brought is data, and is shown as it is, never as markup."""

import html
import re

import pandas as pd
import streamlit as st

from probes.figures.words import shorten, visible

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
_DIRECTIVE = re.compile(r":(?=[^\s:]*[:\[])")
_INVISIBLE = "\u2060"  # word joiner: no width, no break
_CELL = 300
"""Characters of one cell of a table; a preview is for looking, not for reading a novel."""


def plain(text: object) -> str:
    """Return markdown that shows `text` literally: every mark escaped, lines kept, what has no glyph spelt out.

    Streamlit looks for `:material/…:` and `:red[…]` after markdown has removed the backslashes, so the colon of
    anything of that shape is followed by an invisible joiner.
    """
    shown = "\n".join(visible(line) if line.strip() else "" for line in str(text).splitlines())
    shown = _DIRECTIVE.sub(":" + _INVISIBLE, shown)
    return _MARKS.sub(r"\\\1", shown).replace("\n", "  \n")


def literal(frame: pd.DataFrame, *, limit: int = _CELL) -> pd.DataFrame:
    """Return the table with its texts as they are: every character seen, none turning its neighbours around.

    Cells are cut at `limit` characters.
    """
    cells = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            cells.isetitem(
                place, [_cell(cell, limit) if isinstance(cell, str) else cell for cell in frame.iloc[:, place]]
            )
    return cells.rename(columns=lambda name: _cell(str(name), _CELL))


def _cell(text: str, limit: int) -> str:
    return visible(shorten(text, limit)) if text else text


def headline(text: str) -> None:
    """Show the one sentence that answers the page's question, large and literal."""
    style = "font-size:1.3rem;font-weight:600;margin:0"
    st.html(f'<p role="heading" aria-level="2" style="{style}">{html.escape(visible(text))}</p>')


def notes(sentences: tuple[str, ...]) -> None:
    """Show the sentences every reader of a result must see."""
    for sentence in sentences:
        st.caption(f":material/info: {plain(sentence)}")


def duration(seconds: float) -> str:
    """Say a time the way a person would: 8 s, 2 min 5 s, 3 h 10 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
