"""What do the models read? Upload or point at texts, look at them, choose columns, and take the corpus's name along."""

import streamlit as st

from probes import ui

ui.frame("Corpora")

st.title("What do the models read?")
name = ui.corpus(
    "A corpus is texts by name: a table with a column of texts, a folder of source code, a dataset of the hub. "
    "Nothing is executed, and nothing leaves this machine. A name goes into the form of any question, a script or the "
    "command line, and an answer says which state of the files it was computed from."
)
seen = ui.looked_at(name)
if seen:
    ui.choices_of(seen)
st.subheader("At hand")
ui.recent_corpora()
