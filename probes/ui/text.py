"""Words on a page: what a person, a model or a file brought is data, and is shown as it is, never as markup."""

import html
import re

import streamlit as st

from probes.figures.words import visible

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
_DIRECTIVE = re.compile(r":(?=[^\s:]*[:\[])")
_INVISIBLE = "\u2060"  # word joiner: no width, no break


def plain(text: object) -> str:
    """Return markdown that shows `text` literally: every mark escaped, lines kept, what has no glyph spelt out.

    Streamlit looks for `:material/…:` and `:red[…]` after markdown has removed the backslashes, so the colon of
    anything of that shape is followed by an invisible joiner.
    """
    shown = "\n".join(visible(line) if line.strip() else "" for line in str(text).splitlines())
    shown = _DIRECTIVE.sub(":" + _INVISIBLE, shown)
    return _MARKS.sub(r"\\\1", shown).replace("\n", "  \n")


def headline(text: str) -> None:
    """Show the one sentence that answers the page's question, large and literal."""
    st.html(
        f'<p role="heading" aria-level="2" style="font-size:1.3rem;font-weight:600;margin:0">{html.escape(text)}</p>'
    )


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
