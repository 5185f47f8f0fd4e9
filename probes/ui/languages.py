"""One language of an alignment run: its numbers, its curve, and which of its sentences lost to which."""

from typing import Any

import streamlit as st

from probes.alignment import AlignmentResult, AlignmentSpec
from probes.alignment import bitext as sentences_of
from probes.corpora.naming import SCRIPTS
from probes.figures.alignment import curves
from probes.figures.dendrogram import dendrogram
from probes.figures.languages import language_map
from probes.figures.words import visible
from probes.ui.address import check, given
from probes.ui.drawing import chart
from probes.ui.text import literal, plain

_LONGEST = 400
"""Characters of a sentence in the table."""


def language(result: AlignmentResult) -> str:
    """Draw the list of languages, by name, and return the code of the one chosen; the address takes names and codes."""
    names = {code: visible(name) for code, name in result.names.items() if code != result.pivot}
    if given("language") in names and names[given("language")] != given("language"):
        st.query_params["language"] = names[given("language")]  # what the list shows is what the address says
        st.rerun()
    check("language", list(names.values()), "language")
    codes = sorted(names, key=lambda code: names[code].casefold())
    at = codes.index(result.lowest)
    chosen = st.selectbox("Language", codes, at, key="language", bind="query-params", format_func=names.__getitem__)
    return str(chosen) if chosen in names else result.lowest


def language_facts(result: AlignmentResult, language: str, layer: str) -> None:
    """Say in a few lines how a language does at a layer, and how much of that needs no model."""
    row = result.row(language, layer)
    about = result.languages[result.languages.language == language].iloc[0]
    st.markdown(f"**{row.score:.2f}** of sentences meet ({row.low:.2f} to {row.high:.2f}) at layer {plain(layer)}.")
    st.caption(f"{plain(language)} in the tables; {plain(SCRIPTS.get(row.script, row.script))}")
    said = [
        f"letters alone {row.lexical:.2f}, lengths alone {row.length:.2f}, random pairs {row.null:.3f}",
        f"corrected for hubs {row.csls:.2f}; unbiased CKA {row.cka:.2f}",
        f"best layer {plain(about.best)}: {about.score:.2f} on sentences that did not choose it",
        f"mean over layers {about['mean']:.2f}; {about.tokens:.0f} tokens a sentence, {about.unknown:.0%} unknown",
    ]
    st.caption("  \n".join(said))


def curve(result: AlignmentResult, language: str, question: AlignmentSpec) -> None:
    """Draw the curve of one language over its floors."""
    chart(
        lambda answer: curves(answer, [language]),
        result,
        named=(question.digest, "curve", language),
        key="alignment_curve",
        about=f"The curve of {result.names[language]} over its floors.",
    )


def places(result: AlignmentResult, language: str, layer: str, question: AlignmentSpec) -> None:
    """Draw where the languages lie among each other at a layer: a map, and beside it a tree."""
    left, right = st.columns([3, 2])
    drawn = (question.digest, layer, language)
    about = f"Languages at layer {layer}."
    with left:
        chart(
            lambda r: language_map(r, layer, language), result, named=("map", *drawn), key="language_map", about=about
        )
    with right:
        chart(
            lambda r: dendrogram(r, layer, language), result, named=("tree", *drawn), key="language_tree", about=about
        )


def bitext(result: AlignmentResult, language: str, layer: str) -> None:
    """List the sentences, those that miss their translation first, each with the one it is nearer to."""
    table = sentences_of(result, language, layer)
    missed = int((~table.meets).sum())
    st.markdown(f"**{missed} of {len(table)} sentences are at least as near to another as to their translation.**")
    only = st.toggle("Only those", True, key="bitext_missed") if missed else False
    shown = literal((table[~table.meets] if only else table).drop(columns="meets"), limit=_LONGEST)
    names = {"rival": "nearer sentence", "rival_translation": "its translation", "to_rival": "similarity to it"}
    measured = ("margin", "similarity", names["to_rival"])
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format="%.3f") for name in measured}
    # four texts side by side in a window of 1280 pixels, who won in sight of who lost
    columns |= {name: st.column_config.TextColumn(width=200) for name in ("sentence", "translation", *names.values())}
    columns |= {names["to_rival"]: columns["margin"]}
    st.dataframe(shown.rename(columns=names), hide_index=True, height=300, key="bitext_rows", column_config=columns)
