"""Are a model's codes the states of what it learnt? (TokFSM: Tamkin et al., 2023)"""

import streamlit as st

from probes import ui
from probes.codebooks import TokfsmSpec

ui.frame("TokFSM")

st.title("Are a model's codes the states of what it learnt?")
ui.ask(
    TokfsmSpec,
    main=("checkpoint", "texts", "pairs"),
    about="A kept model and 1,000 texts of a machine with 100 states: about a minute the first time.",
    method="A small decoder learnt the texts of a finite-state machine, then to pass everything its attention and its "
    "MLPs write through codebooks, one code a place (k4: four; the model called one has one layer). The machine is "
    "known, so what no model can beat is known, and which state each token ends. After "
    "[Codebook Features](https://arxiv.org/abs/2310.17230), section 4.",
)

found, asked = ui.answer(TokfsmSpec), ui.asked(TokfsmSpec)
if found and asked:
    ui.show(found, asked)
