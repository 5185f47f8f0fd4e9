"""Which labels can be read off the states, and is it the model that knows? Probes and their controls, by layer."""

from typing import Any

import streamlit as st

from probes import ui
from probes.probing import PairsSpec, ProbingSpec, StructuralSpec

ui.frame("Probing")

st.title("Which labels can be read off the states?")
kind = ui.one_of({"Labels": ProbingSpec, "Minimal pairs": PairsSpec, "Dependency trees": StructuralSpec})
if kind is ProbingSpec:
    ui.ask(
        ProbingSpec,
        main=("model", "corpus", "label", "unit"),
        about="MiniLM and the roles of identifiers in the Python standard library: half a minute the first time.",
        method="On each layer a probe learns a label from the hidden states; what a layer knows is its distance to the "
        "controls: labels that the word alone decides, random weights, layer 0, the words alone, the largest class. "
        "Methods: [control tasks](https://arxiv.org/abs/1909.03368), [code length](https://arxiv.org/abs/2003.12298), "
        "[CuBERT's tasks](https://arxiv.org/abs/2001.00059).",
    )
elif kind is PairsSpec:
    ui.ask(
        PairsSpec,
        main=("model", "corpus", "label", "at"),
        about="MiniLM and 600 functions with a variable exchanged in a copy: a minute the first time. "
        "SmolLM2 takes more than a quarter of an hour, or some three minutes with 200 pairs and no random weights.",
        method="Two texts differ in one thing that makes one of them wrong. On each layer a probe learns from some "
        "pairs which is the right one, and is tested on others. Beside it: layer 0, random weights, the words alone, "
        "and, of a decoder, which text it holds for likelier ([BLiMP](https://aclanthology.org/2020.tacl-1.25/)). Your "
        "own: table:FILE?text=RIGHT&label=WRONG, and WRONG as what is wrong.",
    )
else:
    ui.ask(
        StructuralSpec,
        main=("model", "corpus", "rank"),
        about="MiniLM and 56 English sentences of our own: half a minute the first time.",
        method="On each layer one projection makes squared distances of words into distances in a dependency tree, and "
        "another makes squared lengths into depths. Beside them: a left-to-right chain, layer 0, random weights, and "
        "trees that only memory for words can know. Bring a treebank as conllu:FILE. Method: "
        "[the structural probe](https://aclanthology.org/N19-1419/).",
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


def pairs(result: Any) -> None:
    """List what was told of each test pair."""
    own = "" if result.pairs["own"].isna().all() else ", and the model's own choice (own, in nats)"
    st.caption(f"Test pairs: by how many log-odds the probe holds the right text for right (margin){own}.")
    ui.rows(result.pairs.dropna(axis="columns", how="all"), key="pairs_pairs")


def own(result: Any) -> None:
    """List the rivals, and the probe where the model's own choice is right and where it is wrong."""
    rivals(result)
    if not result.beside.empty:
        st.caption("The best layer where the model's own choice is right, and where it is wrong.")
        ui.rows(result.beside, key="pairs_beside")


def sentences(result: Any) -> None:
    """List what was found of each test sentence."""
    st.caption("Test sentences: edges of the tree found in the states, and the root beside the word said to be it.")
    ui.rows(result.sentences, key="structural_sentences")


VIEWS: dict[Any, dict[str, Any]] = {
    ProbingSpec: {"Errors in context": errors, "Class by class": classes, "Rivals": rivals},
    PairsSpec: {"Pair by pair": pairs, "Rivals": own},
    StructuralSpec: {"Sentence by sentence": sentences, "Rivals": rivals},
}
found, asked = ui.answer(ProbingSpec, PairsSpec, StructuralSpec), ui.asked(kind)
if found and asked:
    ui.show(found, asked)
    ui.sections(VIEWS[kind], found)
