"""Asking what languages share: which runs of the same model to set beside this one, and links that ask for more."""

from typing import Any

import streamlit as st

from probes import corpora, store
from probes.syntax import SyntaxSpec, TransferSpec
from probes.ui.answers import submit
from probes.ui.fields import spec
from probes.ui.text import plain

MOST = 7
"""Runs beside this one: the matrix has at most eight."""
_SAME = ("model", "revision", "dtype", "adapter", "quantise", "rank")
"""Fields in which two runs must agree, or their subspaces cannot be compared."""
_OFFERED = {"python": corpora.STDLIB, "c": "headers", "cpp": "headers"}
"""Languages that are on every machine, and the corpus each is in."""


def transfers(question: SyntaxSpec, _: Any) -> None:
    """Draw the list of runs to compare with, the button that asks, and links to languages not asked for yet."""
    st.caption(
        "Read other languages' functions with these probes, and this language's with theirs; nothing is trained again. "
        "Beside it, how far the subspaces overlap and how many directions all of them share."
    )
    here = beside(question)
    if here:
        chosen = st.multiselect(
            "Runs of the same model and rank",
            list(here),
            list(here)[:1],
            format_func=lambda digest: named(here[digest]),
            key="transfer_runs",
            max_selections=MOST,
        )
        pressed = st.button("Compare", icon=":material/compare_arrows:", key="transfer_ask", disabled=not chosen)
        if pressed and (asked := spec(TransferSpec, runs=(question.digest, *chosen))):
            submit(asked)
    else:
        st.caption(f"There is no other run of {plain(question.model)} at rank {question.rank} yet: ask for one first.")
    _more(question, here)


def beside(question: SyntaxSpec) -> dict[str, SyntaxSpec]:
    """Return the stored runs that can be set beside this one, other languages first, the newest of each before."""
    found = {}
    for entry in store.runs():
        if entry.kind == SyntaxSpec.kind and entry.digest != question.digest:
            asked = store.asked(entry.digest)
            if asked and asked["version"] == SyntaxSpec.version:
                found[entry.digest] = SyntaxSpec.model_validate(asked["spec"])
    same = {d: s for d, s in found.items() if all(getattr(s, f) == getattr(question, f) for f in _SAME)}
    return dict(sorted(same.items(), key=lambda item: item[1].language == question.language))


def named(question: SyntaxSpec) -> str:
    """Return how a run is called in the list."""
    corpus = corpora.unpinned(question.corpus)
    return f"{question.language} · {corpus[-60:]} · {question.n_train:,} functions · seed {question.seed}"


def _more(question: SyntaxSpec, here: dict[str, SyntaxSpec]) -> None:
    there = {question.language, *(asked.language for asked in here.values())}
    wanted = [language for language in _OFFERED if language not in there]
    if not wanted:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Ask for another language of this machine, with a start of its own:")
        for language in wanted:
            fields = {"model": question.model, "corpus": _OFFERED[language], "language": language}
            seed = str(question.seed + 1 + list(_OFFERED).index(language))  # equal starts overlap by themselves
            st.page_link(
                "pages/Syntax.py",
                label=language,
                icon=":material/arrow_forward:",
                query_params=fields | {"rank": str(question.rank), "seed": seed},
            )


def runs_of(question: TransferSpec) -> None:
    """Link to the runs whose probes were compared."""
    with st.container(horizontal=True):
        for digest in question.runs:
            asked = store.asked(digest)
            label = named(SyntaxSpec.model_validate(asked["spec"])) if asked else digest[:12]
            st.page_link(
                "pages/Syntax.py", label=plain(label), icon=":material/account_tree:", query_params={"run": digest}
            )
