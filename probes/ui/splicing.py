"""Asking what going on from a finished run's codes costs, and which kind of codebook says most in the same bits."""

from typing import Any

import streamlit as st

from probes.codebooks import CodebookSpec, EqualBitsSpec, SpliceSpec
from probes.codebooks.names import TRAINED
from probes.models.tasks import predicts
from probes.ui.answers import submit
from probes.ui.fields import spec, widget
from probes.ui.text import plain


def splice_damage(question: CodebookSpec, result: Any) -> None:
    """Draw what is replaced where, how many forward passes that takes, and the button that asks."""
    if _own(question):
        return
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


def equal_bits(question: CodebookSpec, result: Any) -> None:
    """Draw which layer seven kinds of codebooks are fitted to, in which bits, and the button that asks."""
    if _own(question):
        return
    st.caption(
        "Seven kinds of codebooks on the same states of one layer, in the same bits a token: what each explains, what "
        "it costs when spliced in, how well its codes find concepts, and whether another seed finds them again."
    )
    where, bits, budgets = st.columns([2, 1, 1])
    layer = where.selectbox("Layer", result.layers, result.layers.index(result.best), key="equal_layer")
    fields = EqualBitsSpec.model_fields
    with bits:
        least = widget("equal_bits", "bits", fields["bits"], fields["bits"].default)
    with budgets:
        many = widget("equal_budgets", "budgets", fields["budgets"], fields["budgets"].default)
    asked = spec(EqualBitsSpec, run=question.digest, layer=layer, bits=least, budgets=many)
    st.caption("Some minutes for a layer; no time is measured, as it would depend on what else this machine does.")
    if st.button("Compare the kinds", icon=":material/balance:", key="equal_ask") and asked:
        submit(asked)


def _own(question: CodebookSpec) -> bool:
    """Say, of codes that the model was trained with, that it goes on from them anyway; return whether they are."""
    if question.method != TRAINED:
        return False
    st.info(
        "This model goes on from its own codes: what they cost it was printed by its training. Fit codes to a model as "
        "it is to ask this.",
        icon=":material/block:",
    )
    return True


def codes_of(question: SpliceSpec | EqualBitsSpec) -> None:
    """Link to the run whose codes were spliced in, or whose states were fitted to."""
    st.page_link(
        "pages/Codebooks.py",
        label="The run whose codes these are",
        icon=":material/category:",
        query_params={"run": question.run},
    )
