"""The codes of a finished run on a page: a layer's list, one code's card, a search, and the codes of a typed text."""

from typing import Any

import streamlit as st

from probes.codebooks import CodebookResult, CodebookSpec, CodedSpec, SearchSpec, browse
from probes.figures.words import visible
from probes.ui import address
from probes.ui.answers import live
from probes.ui.card import drawn, effect, named
from probes.ui.fields import spec
from probes.ui.results import rows, show
from probes.ui.snippets import code as code_box
from probes.ui.snippets import example
from probes.ui.text import plain

_BY = {"regex": "Regular expression", "literal": "Text as it is", "leaf": "Leaf of the syntax tree"}
_PART = {"every": "Every token of a match", "first": "The first", "last": "The last"}
_TABLE, _CODE = "codes_table", "code"


def code_cards(question: CodebookSpec, result: CodebookResult) -> None:
    """Draw the codes of one layer and the card of one of them; layer, book and code are in the address."""
    where, which, number = st.columns([3, 1, 1])
    with where:
        layer = address.among("layer", "Layer", result.layers, result.best, help="Starts at the best layer.")
    names = [str(book) for book in range(result.books)]
    address.check("book", names, "book")
    book = int(which.selectbox("Book", names, key="book", bind="query-params", disabled=len(names) == 1) or 0)
    every = _used(question.digest, layer, result)
    table = every[every["book"] == book].reset_index(drop=True)
    address.check(_CODE, [str(code) for code in range(result.size)], "code")
    first = int(table["code"].iat[0])
    code = number.number_input(
        "Code", 0, result.size - 1, first, 1, key=_CODE, bind="query-params", help="Starts at the most used."
    )
    left, right = st.columns([5, 6])
    with left:
        _listed(table, named(question.digest, layer, book))
    with right:
        card = browse.card(result, layer, book, int(code if code is not None else first), table=every)
        asked = drawn(question, result, card)
    if asked:
        effect(question, card)


@st.cache_data(max_entries=16, show_spinner=False)
def _used(digest: str, layer: str, _result: CodebookResult) -> Any:
    return browse.used(_result, layer)


def _listed(table: Any, names: dict[int, str]) -> None:
    """List a layer's codes; a row that is picked is the code whose card is shown."""
    shown = table[["code", "word", "count", "purity", "overlap"]].rename(columns={"overlap": "seeds"})
    shown["word"] = [visible(word) for word in shown["word"]]
    if shown["seeds"].isna().all():
        shown = shown.drop(columns="seeds")
    if "atom" in table.columns:
        shown.insert(1, "atom", [visible(word) for word in table["atom"]])
    if names:
        shown.insert(1, "name", [visible(names[code]) if code in names else "" for code in shown["code"]])
    st.caption("Codes by how many held-out tokens take them: pick one.")
    st.dataframe(
        shown,
        hide_index=True,
        height=420,
        key=_TABLE,
        on_select=lambda: _pick(table["code"].tolist()),
        selection_mode="single-row",
        column_config={
            "code": st.column_config.NumberColumn(width=50),
            "atom": st.column_config.TextColumn("is", width=80, help="The token whose state this code is."),
            "word": st.column_config.TextColumn("commonest word", width=120),
            "count": st.column_config.NumberColumn(width=60),
            "purity": st.column_config.NumberColumn(format="%.2f", width=60, help="Share of its commonest word."),
            "seeds": st.column_config.NumberColumn(
                format="%.2f", width=60, help="Jaccard overlap with its like in a codebook of the next seed."
            ),
        },
    )


def _pick(codes: list[int]) -> None:
    picked = st.session_state[_TABLE]["selection"]["rows"]
    if picked and picked[0] < len(codes):
        st.session_state[_CODE] = codes[picked[0]]


def code_search(question: CodebookSpec, result: CodebookResult) -> None:
    """Draw the search: a pattern, and the codes that pick its tokens out. The pattern is in the address."""
    pattern, by, part = st.columns([3, 2, 2])
    what = pattern.text_input(
        "Find codes for",
        key="find",
        bind="query-params",
        max_chars=1000,
        placeholder=r"\bself\b",
        help=r"For example \bself\b, [(\[{], \d+, or def (\w+): of a pattern with a group, the group counts.",
    )
    for name, options in (("by", _BY), ("part", _PART)):
        address.check(name, list(options.values()), name)
    kind = by.selectbox("As", list(_BY), key="by", bind="query-params", format_func=lambda name: _BY[name])
    tokens = part.selectbox("Counting", list(_PART), key="part", bind="query-params", format_func=lambda n: _PART[n])
    if not what:
        st.caption("Codes are ranked by F1 on the tokens they were fitted to, and judged on held-out ones.")
        if kind == "leaf":
            names = sorted({str(label) for label in result.tokens["label"].unique()} - {""})
            st.caption(f"Leaves of this run: {plain(', '.join(names[:80])) or 'none, its texts are no code'}.")
        return
    asked = spec(SearchSpec, run=question.digest, pattern=what, by=kind, part=tokens)
    found = live(asked)
    if asked and found:
        show(found, asked)
        st.caption("Matching held-out tokens, those that the best code misses first.")
        rows(found.examples, key="search_examples")


def text_codes(question: CodebookSpec, result: CodebookResult) -> None:
    """Draw a box for a text, and the codes of its tokens in every layer as a heat strip."""
    left, right = st.columns([1, 3])
    with left:
        start = example(question.language or "python")
        names = [str(book) for book in range(result.books)]
        book = int(st.selectbox("Book", names, key="text_book", disabled=len(names) == 1) or 0)
    with right:
        text = code_box(question.language or "python", start)
    if not text:
        st.caption("Type or choose a text.")
        return
    asked = spec(CodedSpec, run=question.digest, text=text, book=book)
    found = live(asked)
    if asked and found:
        show(found, asked)
