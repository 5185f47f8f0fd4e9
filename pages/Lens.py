"""What would the model say, if it stopped at this layer? (the logit lens, nostalgebraist, 2020)"""

import streamlit as st

from probes import ui
from probes.intervention import LensSpec

ui.frame("Lens")

st.title("What would the model say, if it stopped at this layer?")
ui.ask(
    LensSpec,
    main=("model", "text"),
    about="SmolLM2 on one sentence: some seconds the first time, then at once.",
    method="The states of every layer go through the model's own final norm and head, made for the last: what "
    "comes out is the prediction so far. It settles at the layer from which on its likeliest token never changes. "
    "Method: [the logit lens](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens).",
)

found, asked = ui.answer(LensSpec), ui.asked(LensSpec)
if found and asked:
    ui.show(found, asked)
