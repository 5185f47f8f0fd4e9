"""Is the syntax tree of code in there, and in which subspace? (AST-Probe, Hernández López et al., ASE 2022)"""

from typing import Any

import streamlit as st

from probes import ui
from probes.syntax import CausalSpec, SnippetSpec, SyntaxSpec, TransferSpec, subspace

ui.frame("Syntax")

st.title("Is the syntax tree of code in there, and in which subspace?")
ui.ask(
    SyntaxSpec,
    main=("model", "corpus", "language", "input"),
    about="MiniLM on functions of the Python standard library: about a minute the first time, then at once.",
    method="On each layer a probe learns to read the tree off the hidden states: where a span of words is split, and "
    "what it is called. What a layer knows is its distance to the controls: a task that word identity alone answers, "
    "random weights, layer 0, and the types of the words alone. Method: [AST-Probe](https://arxiv.org/abs/2206.11719).",
)


def fails(_: SyntaxSpec, result: Any) -> None:
    """Show examples behind a cell, the worst functions, and confused labels."""
    examples, worst = st.columns(2)
    with examples:
        left, right = st.columns(2)
        label = left.selectbox("Constituent", result.labels(), key="cell_label")
        length = right.selectbox("Length in words", result.lengths(label), key="cell_length")
        ui.rows(result.examples_of(label, length), key="cell_examples")
    with worst:
        st.caption(f"Test functions by the F1 of layer {result.best}, lowest first.")
        ui.rows(result.worst(), key="worst")
        st.caption("The right words under another label: which one, and how often.")
        ui.rows(result.confusions, key="confused")


def take(_: SyntaxSpec, result: Any) -> None:
    """Say how to take the subspace away."""
    st.caption("The projection of every layer. In a notebook, two lines put hidden states into the subspace:")
    st.code(f"from probes.syntax.subspace import load\nload('subspace.safetensors').project(states, '{result.best}')")
    st.download_button(
        "Subspace (safetensors)",
        lambda: subspace.to_bytes(result),
        "subspace.safetensors",
        on_click="ignore",
        key="subspace",
    )


def snippet(question: SyntaxSpec, result: Any) -> None:
    """Show one snippet's gold and predicted trees, and its words in the syntactic subspace."""
    left, right = st.columns([1, 2])
    with left:
        example = ui.example(question.language)
        layer = ui.among("layer", "Layer", result.layers, result.best, help="Starts at the best layer.")
    with right:
        code = ui.code(question.language, example)
    asked = ui.spec(SnippetSpec, run=question.digest, code=code, layer=layer)
    shown = ui.live(asked)
    if asked and shown:
        ui.show(shown, asked)


found, asked = ui.answer(SyntaxSpec, SnippetSpec, CausalSpec, TransferSpec), ui.asked(SyntaxSpec)
pinned, removed, carried = ui.asked(SnippetSpec), ui.asked(CausalSpec), ui.asked(TransferSpec)
if found and asked:
    ui.show(found, asked)
    ui.sections(
        {
            "Where it fails": fails,
            "Try a snippet": snippet,
            "Does the model use it?": ui.removal,
            "Other languages": ui.transfers,
            "Use the subspace": take,
        },
        asked,
        found,
    )
elif found and pinned:
    ui.show(found, pinned)
elif found and removed:
    ui.show(found, removed)
    ui.probe_of(removed)
elif found and carried:
    ui.show(found, carried)
    ui.runs_of(carried)
