"""Asking whether a model uses the subspace that a finished run found: only of a model that predicts tokens."""

from typing import Any

import streamlit as st

from probes.models.tasks import predicts
from probes.syntax import CausalSpec, SyntaxSpec
from probes.ui.answers import submit
from probes.ui.fields import spec, widget
from probes.ui.text import plain


def removal(question: SyntaxSpec, result: Any) -> None:
    """Draw what is removed where, how many forward passes that takes, and the button that asks."""
    st.caption("What a probe reads need not be used. Remove it, and random subspaces like it, and measure the loss.")
    if not predicts(question.model, question.revision):
        st.caption(
            f"{plain(question.model)} was saved without a head that predicts tokens, so there is no loss to measure: "
            "ask this of a language model, such as smollm2."
        )
        return
    fields = CausalSpec.model_fields
    where, texts, draws = st.columns([2, 1, 1])
    about = "One at a time. The headline is about the run's best layer, which no loss has chosen."
    layers = where.multiselect("Layers", result.layers, [result.best], key="causal_layers", help=about)
    with texts:
        n = widget("causal_texts", "texts", fields["texts"], fields["texts"].default)
    with draws:
        some = widget("causal_draws", "draws", fields["draws"], fields["draws"].default)
    asked = spec(CausalSpec, run=question.digest, layers=", ".join(layers) or "best", texts=n, draws=some)
    readings = 4 * max(1, len(layers)) * (1 + 2 * some) + 4
    st.caption(f"Each kind of text is read under every edit: {readings} passes over {n} texts.")
    if st.button("Remove the subspace", icon=":material/content_cut:", key="causal_ask") and asked:
        submit(asked)


def probe_of(question: CausalSpec) -> None:
    """Link to the run whose subspace was removed."""
    st.page_link(
        "pages/Syntax.py",
        label="The probe whose subspace this is",
        icon=":material/account_tree:",
        query_params={"run": question.run},
    )
