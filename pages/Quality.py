"""How good are the embeddings, and at which price? Layers by dimensions, and storage in fewer bytes."""

import streamlit as st

from probes import ui
from probes.quality import CompressionSpec, GridSpec

ui.frame("Quality")

st.title("How good are the embeddings, and at which price?")
grid, bytes_ = st.tabs(["Fewer layers and dimensions", "Fewer bytes"])
with grid:
    ui.ask(
        GridSpec,
        main=("model", "pairs", "pooling", "n"),
        about="MiniLM on 50 news items, every pair rated by people: half a minute the first time.",
        method="Quality when the model stops at an earlier layer and only the first dimensions of a vector are kept, "
        "for every layer and size, beside random dimensions, principal axes and random weights. Methods: "
        "[2D Matryoshka](https://arxiv.org/abs/2402.14776), [Starbucks](https://arxiv.org/abs/2410.13230).",
    )
with bytes_:
    ui.ask(
        CompressionSpec,
        main=("model", "pairs", "layer", "n"),
        about="MiniLM's last layer on 50 news items, every pair rated by people: half a minute the first time.",
        method="Quality and nearest neighbours when a vector is stored in fewer bytes: half precision, int8, product "
        "quantisation, low rank, first dimensions, pruning, random hashing, signs. What is learnt is learnt from "
        "other texts.",
    )
found = ui.answer(GridSpec, CompressionSpec)
cells, stored = ui.asked(GridSpec), ui.asked(CompressionSpec)
if found and cells:
    ui.show(found, cells)
elif found and stored:
    ui.show(found, stored)
