"""How good are the embeddings, and at which price? Layers by dimensions, storage in fewer bytes, poolings."""

import streamlit as st

from probes import ui
from probes.quality import CompressionSpec, GridSpec, PoolingSpec

ui.frame("Quality")

st.title("How good are the embeddings, and at which price?")
grid, bytes_, pooled = ui.tabs(
    {"Fewer layers and dimensions": GridSpec, "Fewer bytes": CompressionSpec, "One vector a text": PoolingSpec}
)
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
with pooled:
    ui.ask(
        PoolingSpec,
        main=("model", "tasks", "layer", "n"),
        about="MiniLM's last layer on news and pairs of words that people rated: two minutes the first time.",
        method="Mean, weighted mean, last, first and largest token, the words a text brings up in the embedding table, "
        "and latent attention trained on other texts, under the model's own attention mask and the other one. Methods: "
        "[NV-Embed](https://arxiv.org/abs/2405.17428), [RetroMAE v2](https://arxiv.org/abs/2305.02564).",
    )
found = ui.answer(GridSpec, CompressionSpec, PoolingSpec)
asked = ui.asked(GridSpec) or ui.asked(CompressionSpec) or ui.asked(PoolingSpec)
if found and asked:
    ui.show(found, asked)
