"""Asking what going on from a finished run's codes costs: only of a model that predicts tokens."""

from typing import Any

import streamlit as st

from probes.codebooks import CodebookSpec, SpliceSpec
from probes.models.tasks import predicts
from probes.ui.answers import submit
from probes.ui.fields import spec, widget
from probes.ui.text import plain


def splice_damage(question: CodebookSpec, result: Any) -> None:
    """Draw what is replaced where, how many forward passes that takes, and the button that asks."""
    st.caption(
        "Codes are only read: the model never sees them. Put them in the place of the states, and measure the loss."
    )
    if not predicts(question.model, question.revision):
        st.caption(
            f"{plain(question.model)} was saved without a head that predicts tokens, so there is no loss to measure: "
            "ask this of a language model, such as smollm2."
        )
        return
    where, texts = st.columns([3, 1])
    about = "One at a time, and all of these at once; none for every layer of the run."
    layers = where.multiselect("Layers", result.layers, [], key="splice_layers", help=about)
    with texts:
        n = widget("splice_texts", "texts", SpliceSpec.model_fields["texts"], SpliceSpec.model_fields["texts"].default)
    asked = spec(SpliceSpec, run=question.digest, layers=", ".join(layers) or "all", texts=n)
    passes = 3 * (len(layers or result.layers) + 1) + 1
    st.caption(f"Each text is read under every replacement: {passes} passes over {n} held-out texts.")
    if st.button("Splice the codes in", icon=":material/content_cut:", key="splice_ask") and asked:
        submit(asked)


def codes_of(question: SpliceSpec) -> None:
    """Link to the run whose codes were spliced in."""
    st.page_link(
        "pages/Codebooks.py",
        label="The run whose codes these are",
        icon=":material/category:",
        query_params={"run": question.run},
    )
