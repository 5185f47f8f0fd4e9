"""A corpus on a page: what is in it, what is wrong in it, which of its columns are read, and its name to take along."""

from functools import partial

import streamlit as st

from probes import corpora, export
from probes.corpora.delimited import SEPARATORS
from probes.corpora.grammars import LANGUAGES
from probes.corpora.plain_text import UNITS
from probes.corpora.previews import Preview
from probes.errors import StrataError
from probes.ui.refusals import refuse
from probes.ui.shell import PAGES
from probes.ui.sources import LONGEST
from probes.ui.text import headline, literal, notes, plain

ROWS = 20
_DISTANT = "corpus_distant"
"""Where a session keeps the one dataset it looked at last."""
_HEIGHT = 250
"""Pixels of the table: its first rows, and the form below it still in sight."""
_WORDS = {"as": "format", "sep": "separator"}
"""What a person calls a choice whose name is short."""
_SAVED_ROWS = 1000


def looked_at(name: str) -> Preview | None:
    """Look at a corpus and show it; without a name, or with one that does not hold, say so and return None."""
    if not name:
        return None
    if len(name) > LONGEST:
        st.warning("The address names no corpus: it is too long.", icon=":material/link_off:")
        return None
    try:
        with st.spinner("Looking at it"):
            seen = _distant(name) if name.startswith("hub:") else corpora.preview(name, ROWS)
    except StrataError as error:
        refuse(error)
        return None
    _show(seen)
    return seen


def _distant(name: str) -> Preview:
    """Look at a dataset of the hub once, until another is looked at: every look streams its rows again."""
    held = st.session_state.get(_DISTANT)
    if held is None or held[0] != name:
        held = st.session_state[_DISTANT] = (name, corpora.preview(name, ROWS))
    return held[1]


def _show(seen: Preview) -> None:
    headline(seen.headline())
    facts = [f"{_WORDS.get(name, name)} {value}" for name, value in seen.facts.items()]
    lengths = [f"{row.share} {row.characters:,}" for row in seen.lengths.itertuples()]
    facts += [f"characters: {', '.join(lengths)}"] if lengths else []
    left_out = [f"{reason} ({count:,})" for reason, count in seen.left_out.items()]
    st.caption(plain(" · ".join(facts)) + (f"  \nLeft out: {plain(', '.join(left_out))}." if left_out else ""))
    notes(seen.notes)
    st.code(seen.name, language=None, wrap_lines=True)
    parallel = corpora.kind_of(seen.name).parallel
    with st.container(horizontal=True, vertical_alignment="center", key="corpus_bar"):
        for page in PAGES:
            if ("alignment" if parallel else "syntax") in page.kinds:
                query = {"corpus": seen.name, **_language(seen)}
                st.page_link(page.path, label=f"Use in {page.title}", icon=page.icon, query_params=query)
        for fmt in ("csv", "parquet"):
            st.download_button(
                f"Rows as {'CSV' if fmt == 'csv' else 'Parquet'}",
                partial(_file, seen.name, fmt),
                f"strata-corpus.{fmt}",
                export.FORMATS[fmt],
                key=f"corpus_{fmt}",
                on_click="ignore",
                type="tertiary",
                help=f"The first {_SAVED_ROWS:,} rows; no spreadsheet runs a cell of the CSV as a formula.",
            )
    st.dataframe(literal(seen.rows), hide_index=True, height=_HEIGHT, key="corpus_rows")
    if seen.wrong:
        shown = f"{seen.wrong:,} of the {seen.looked_at:,} {seen.noun} looked at cannot be read"
        st.warning(f"{shown}. A question refuses them, unless they are skipped and counted.", icon=":material/report:")
        st.dataframe(literal(seen.problems), hide_index=True, key="corpus_problems")


def _language(seen: Preview) -> dict[str, str]:
    """Return the language of most functions of a folder."""
    spoken = seen.facts.get("languages", "").partition(" ")[0]
    return {"language": spoken} if spoken in LANGUAGES else {}


def _file(name: str, fmt: str) -> bytes:
    """Make the file when its button is pressed: more rows than are shown."""
    return export.frame_bytes(corpora.preview(name, _SAVED_ROWS).rows, fmt)


def choices_of(seen: Preview) -> None:
    """Draw the form for a table's columns and how it is written; what is submitted becomes part of its name."""
    if not seen.name.startswith(("table:", "hub:")):
        return
    asked = st.query_params.get("corpus", "")
    told = corpora.choices(seen.name)
    with st.form("corpus_choices"):
        columns = [c for c in seen.columns if c]
        one, two, three = st.columns(3)
        text = one.selectbox("Text", columns, index=_at(columns, seen.text), key=f"corpus_text_{asked}")
        labels = two.multiselect("Labels", columns, told.labels, key=f"corpus_labels_{asked}")
        language = three.selectbox(
            "Language",
            columns,
            index=_at(columns, told.get("language")),
            placeholder="No column says it",
            key=f"corpus_language_{asked}",
        )
        skip = st.toggle("Leave out rows that cannot be read", told.get("skip") == "yes", key=f"corpus_skip_{asked}")
        written = _written(seen, asked)
        pressed = st.form_submit_button("Apply", icon=":material/check:")
    if pressed:
        given = {"text": text or "", "language": language or "", "skip": "yes" if skip else "", **written}
        if any(seen.facts[key] != value for key, value in written.items()):
            # read another way, the file has other columns: they are found anew
            given, labels = {**given, "text": "", "language": ""}, []
        st.query_params["corpus"] = corpora.change(seen.name, given, tuple(labels))
        st.rerun()


def _at(columns: list[str], name: str) -> int | None:
    return columns.index(name) if name in columns else None


def _written(seen: Preview, asked: str) -> dict[str, str]:
    """Draw what was guessed of the file, to be corrected."""
    lists = {"sep": list(SEPARATORS), "header": ["yes", "no"], "by": list(UNITS)}
    titles = {
        "encoding": "Encoding",
        "sep": "Separator",
        "header": "The first row names the columns",
        "by": "A text is a",
    }
    found = {key: value for key, value in seen.facts.items() if key in titles}
    if not found:
        return {}
    with st.expander("How the file is written"):
        columns = st.columns(len(found))
        given = {}
        for column, (key, value) in zip(columns, found.items(), strict=True):
            if key in lists:
                at = lists[key].index(value)
                given[key] = column.selectbox(titles[key], lists[key], index=at, key=f"corpus_{key}_{asked}")
            else:
                given[key] = column.text_input(titles[key], value, key=f"corpus_{key}_{asked}")
    return given
