"""What happens if something inside the model were otherwise? (patching, ablation, erasure and steering)"""

import streamlit as st

from probes import ui
from probes.intervention import AblationSpec, ErasureSpec, PatchingSpec, SteeringSpec

ui.frame("Intervention")

st.title("What happens if something inside were otherwise?")
kind = ui.one_of(
    {
        "Exchange a state": PatchingSpec,
        "Leave a block out": AblationSpec,
        "Erase a concept": ErasureSpec,
        "Steer": SteeringSpec,
    }
)
if kind is PatchingSpec:
    ui.ask(
        PatchingSpec,
        main=("model", "prompt", "other", "answer", "instead", "metric", "direction", "site"),
        about="SmolLM2 and two prompts about capitals: a quarter of a minute the first time, then at once.",
        method="Two prompts differ in a word, and in what comes next. One state of the one is put into the other, at "
        "each layer and token, and the prediction is read again: where it follows, the difference sits. Beside it, the "
        "neighbouring token's state. Method: [activation patching](https://arxiv.org/abs/2202.05262).",
    )
elif kind is AblationSpec:
    ui.ask(
        AblationSpec,
        main=("model", "corpus", "language", "layers", "site", "texts"),
        about="SmolLM2 on functions of the Python standard library: a minute or two the first time, then at once.",
        method="What one block adds to the residual stream, or one part or head of it, is left out: nothing in its "
        "place, or its mean, or what another token got from it. What the next-token loss then gains is what it was "
        "worth.",
    )
elif kind is ErasureSpec:
    ui.ask(
        ErasureSpec,
        main=("model", "corpus", "language", "label", "layer", "method", "texts"),
        about="SmolLM2, code against English, at the middle layer: half a minute the first time, then at once.",
        method="What a linear probe reads is taken out of a layer, and the model predicts without it. Random subspaces "
        "of equal rank, and of equal variance, say what any removal costs. Methods: "
        "[LEACE](https://arxiv.org/abs/2306.03819), [INLP](https://arxiv.org/abs/2004.07667).",
    )
else:
    ui.ask(
        SteeringSpec,
        main=("model", "more", "less", "method", "layer", "most", "words", "against"),
        about="SmolLM2 and eight pairs of kind and unkind sentences: a minute the first time, then at once.",
        method="The difference between pairs of texts is added to every state of a layer. What it does to the next "
        "word stands beside its price, the loss on other texts, and beside random directions as long. Method: "
        "[in-context vectors](https://arxiv.org/abs/2311.06668).",
    )

found, asked = ui.answer(PatchingSpec, AblationSpec, ErasureSpec, SteeringSpec), ui.asked(kind)
if found and asked:
    ui.show(found, asked)
    if kind is SteeringSpec:
        ui.written(found)
