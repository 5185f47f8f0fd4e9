"""One language of an alignment run: its numbers, its curve, and which of its sentences lost to which."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from probes.alignment import AlignmentResult
from probes.alignment import bitext as sentences_of
from probes.figures.alignment import curves
from probes.figures.words import shorten, visible
from probes.ui.address import check
from probes.ui.text import plain

_LONGEST = 400
"""Characters of a sentence in the table."""


def one_of(name: str, label: str, options: Sequence[str], default: str) -> str:
    """Draw a list whose choice is in the address; return it."""
    check(name, options, label.lower())
    at = options.index(default) if default in options else 0
    chosen = st.selectbox(label, options, at, key=name, bind="query-params", format_func=visible)
    return str(chosen) if chosen in options else default


def language_facts(result: AlignmentResult, language: str, layer: str) -> None:
    """Say in a few lines how a language does at a layer, and how much of that needs no model."""
    row = result.row(language, layer)
    about = result.languages[result.languages.language == language].iloc[0]
    st.markdown(f"**{row.score:.2f}** of sentences meet ({row.low:.2f} to {row.high:.2f}) at layer {plain(layer)}.")
    said = [
        f"letters alone {row.lexical:.2f}, lengths alone {row.length:.2f}, random pairs {row.null:.3f}",
        f"corrected for hubs {row.csls:.2f}; unbiased CKA {row.cka:.2f}",
        f"best layer {plain(about.best)}: {about.score:.2f} on sentences that did not choose it",
        f"mean over layers {about['mean']:.2f}; {about.tokens:.0f} tokens a sentence, {about.unknown:.0%} unknown",
    ]
    st.caption("  \n".join(said))


def curve(result: AlignmentResult, language: str) -> None:
    """Draw the curve of one language over its floors."""
    st.altair_chart(curves(result, [language]), key="alignment_curve")


def bitext(result: AlignmentResult, language: str, layer: str) -> None:
    """List the sentences, those that miss their translation first, each with the one it is nearer to."""
    table = sentences_of(result, language, layer)
    missed = int((~table.meets).sum())
    st.markdown(f"**{missed} of {len(table)} sentences are at least as near to another as to their translation.**")
    only = st.toggle("Only those", True, key="bitext_missed") if missed else False
    shown = (table[~table.meets] if only else table).drop(columns="meets")
    shown = shown.map(lambda cell: visible(shorten(cell, _LONGEST)) if isinstance(cell, str) else cell)
    names = {"rival": "nearer sentence", "rival_translation": "its translation", "to_rival": "similarity to it"}
    measured = ("margin", "similarity", names["to_rival"])
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format="%.3f") for name in measured}
    # four texts side by side in a window of 1280 pixels, who won in sight of who lost
    columns |= {name: st.column_config.TextColumn(width=200) for name in ("sentence", "translation", *names.values())}
    columns |= {names["to_rival"]: columns["margin"]}
    st.dataframe(shown.rename(columns=names), hide_index=True, height=300, key="bitext_rows", column_config=columns)
