"""The concepts section of the Codebooks page: asked for by a button, as it compares every code with every concept."""

from typing import Any

import streamlit as st

from probes.codebooks import CodebookSpec, ConceptsSpec
from probes.codebooks.concept_list import CONCEPTS
from probes.ui import address
from probes.ui.answers import live
from probes.ui.fields import spec, widget
from probes.ui.results import show
from probes.ui.text import plain

_OPEN = "concepts"


def concepts(question: CodebookSpec, _result: Any) -> None:
    """Draw what is looked for, the button that looks, and then a code for each concept; the address remembers it."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.caption(
        f"{len(CONCEPTS)} things with a name in code and English, written down before codes were seen: `self`, "
        "opening brackets, indentation, the inside of strings, numbers, plural nouns … For each, the code of any "
        "layer with the best F1 on the tokens that were fitted to, judged on held-out text."
    )
    field = ConceptsSpec.model_fields["union"]
    with right:
        most = widget("concepts_union", "union", field, field.default)
    if st.button("Look for all concepts", icon=":material/checklist:", key="concepts_ask"):
        address.remember(_OPEN, "all")
    if address.given(_OPEN) != "all":
        return
    asked = spec(ConceptsSpec, run=question.digest, union=most)
    found = live(asked)
    if asked and found:
        show(found, asked)
        if found.left_out:
            said = ", ".join(f"{reason}: {count}" for reason, count in found.left_out.items())
            st.caption(f"Concepts left out: {plain(said)}.")
