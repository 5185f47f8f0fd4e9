"""Home: what is on this machine, the questions, and what was asked before. Nothing is computed here."""

import streamlit as st

from probes import ui

ui.frame("Home")

st.title("Strata reads the layers of a language model")
st.markdown(
    "Load a model, ask a question of its hidden states, read the answer with its uncertainty, "
    "and leave with the figure and the table."
)

ui.start()
st.subheader("Questions")
ui.questions()
left, right = st.columns([3, 2], gap="large")
with left:
    ui.running()
    st.subheader("Recent runs")
    ui.recent()
with right:
    ui.resident()
    st.subheader("Models on this machine")
    ui.loaded()
