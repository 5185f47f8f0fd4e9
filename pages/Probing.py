"""Which labels can be read off the states, and is it the model that knows? Probes and their controls, by layer."""

from typing import Any

import streamlit as st

from probes import ui
from probes.probing import ProbingSpec

ui.frame("Probing")

st.title("Which labels can be read off the states?")
ui.ask(
    ProbingSpec,
    main=("model", "corpus", "label", "unit"),
    about="MiniLM and the roles of identifiers in the Python standard library: a minute or two the first time.",
    method="On each layer a probe learns a label from the hidden states; what a layer knows is its distance to the "
    "controls: labels that the word alone decides, random weights, layer 0, the words alone, the largest class. "
    "Methods: [control tasks](https://arxiv.org/abs/1909.03368), [code length](https://arxiv.org/abs/2003.12298), "
    "[CuBERT's tasks](https://arxiv.org/abs/2001.00059).",
)


def errors(result: Any) -> None:
    """List what the best layer got wrong, in context."""
    st.caption(f"Test places that layer {result.best} got wrong, the most confident first.")
    ui.rows(result.errors, key="probing_errors")


def classes(result: Any) -> None:
    """List how much of each class is found."""
    st.caption(f"What layer {result.best} finds of each class, with 95 % intervals over texts.")
    ui.rows(result.classes, key="probing_classes")


def rivals(result: Any) -> None:
    """List what the best layer is measured against."""
    st.caption("Rivals of the best layer on the same test texts, and how far it is above each.")
    ui.rows(result.baselines, key="probing_rivals")


found, asked = ui.answer(ProbingSpec), ui.asked(ProbingSpec)
if found and asked:
    ui.show(found, asked)
    ui.sections({"Errors in context": errors, "Class by class": classes, "Rivals": rivals}, found)
