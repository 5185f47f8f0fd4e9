"""Which model, and will it run here? Weighed before anything loads, checked when it has, and seen to cut text."""

import streamlit as st

from probes import ui
from probes.checkup import ModelSpec

ui.frame("Models")


@st.fragment
def choice() -> None:
    """Choose a model, see whether it fits, and load it."""
    chosen = ui.choose()
    if chosen is None:
        st.info("Choose a model to see what it takes and whether that is free here.", icon=":material/touch_app:")
        return
    ui.verdict(chosen)
    ui.code_of_its_own(chosen)
    ui.pickled(chosen)
    ui.load(chosen)


@st.fragment
def tokens(asked: ModelSpec) -> None:
    """Type a text, and see how this model cuts it."""
    st.header("How it cuts text")
    question = ui.text(asked)
    cut = ui.live(question)
    if question and cut:
        ui.show(cut, question)
        ui.tokens(cut)


st.title("Which model, and will it run here?")
with ui.folded("Choose another model"):
    ui.demo(ModelSpec(), "MiniLM, loaded and checked layer by layer: some seconds.")
    choice()
    ui.residents()
    ui.granted()

found, asked = ui.answer(ModelSpec), ui.asked(ModelSpec)
if found and asked:
    ui.show(found, asked)
    ui.badge(found)
    ui.onward(asked)
    tokens(asked)
