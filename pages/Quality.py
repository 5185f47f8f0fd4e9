"""How good are the embeddings, and at which price? Layers by dimensions."""

import streamlit as st

from probes import ui
from probes.quality import GridSpec

ui.frame("Quality")

st.title("How good are the embeddings, and at which price?")
ui.ask(
    GridSpec,
    main=("model", "pairs", "pooling", "n"),
    about="MiniLM on 50 news items, every pair rated by people: half a minute the first time.",
    method="Quality when the model stops at an earlier layer and only the first dimensions of a vector are kept, for "
    "every layer and size, beside random dimensions, principal axes and random weights. Methods: "
    "[2D Matryoshka](https://arxiv.org/abs/2402.14776), [Starbucks](https://arxiv.org/abs/2410.13230).",
)
found, asked = ui.answer(GridSpec), ui.asked(GridSpec)
if found and asked:
    ui.show(found, asked)
