"""Which tokens did an output rest on? (integrated gradients, Sundararajan et al., 2017, and ten others)"""

import streamlit as st

from probes import ui
from probes.attribution import AttributionSpec, TrustSpec

ui.frame("Attribution")

st.title("Which tokens did an output rest on?")
ui.ask(
    AttributionSpec,
    main=("model", "text", "target", "method"),
    about="SmolLM2 on “The capital of France is”: ten seconds the first time, then at once.",
    method="One number that a model gives of a text (how likely a token is, how alike two texts are) is shared out "
    "over its tokens. How far the shares add up, and whether the number falls when the named tokens are taken out, "
    "stands beside them. Methods: [integrated gradients](https://arxiv.org/abs/1703.01365) and others, by Captum.",
)
ui.demo(
    AttributionSpec(
        model="minilm",
        text="A man is playing a guitar on the street.",
        target="similarity",
        other="Someone makes music outdoors.",
        steps=32,
    ),
    "MiniLM: which words make two sentences alike.",
    label="Similarity of two texts",
    key="alike",
)

found = ui.answer(AttributionSpec, TrustSpec)
asked, judged = ui.asked(AttributionSpec), ui.asked(TrustSpec)
if found and asked:
    ui.show(found, asked)
    ui.sections({"Explain it another way": ui.explained, "Can it be trusted?": ui.judge}, asked, found)
elif found and judged:
    ui.show(found, judged)
