"""What happens if a state is another one? (activation patching, Meng et al., NeurIPS 2022)"""

import streamlit as st

from probes import ui
from probes.intervention import PatchingSpec

ui.frame("Intervention")

st.title("What happens if a state is another one?")
ui.ask(
    PatchingSpec,
    main=("model", "prompt", "other", "answer", "instead", "metric", "direction"),
    about="SmolLM2 and two prompts about capitals: under a minute the first time, then at once.",
    method="Two prompts differ in a word, and in what comes next. One state of the one is put into the other, at each "
    "layer and token, and the prediction is read again: where it follows, the difference sits. The control puts in the "
    "neighbouring token's state. Method: [activation patching](https://arxiv.org/abs/2202.05262).",
)

found, asked = ui.answer(PatchingSpec), ui.asked(PatchingSpec)
if found and asked:
    ui.show(found, asked)
