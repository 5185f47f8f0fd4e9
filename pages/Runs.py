"""What was asked before? The history: found again, kept, compared, thrown away."""

import streamlit as st

from probes import ui

ui.frame("Runs")

st.title("How do these runs differ?" if ui.comparing() else "What was asked before?")
if ui.comparing():
    ui.compare()
elif not ui.empty():
    ui.actions(ui.picked(ui.filters()))
    ui.deleted()
