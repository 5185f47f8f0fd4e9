"""What would the model say, if it stopped at this layer? (the logit lens, nostalgebraist, 2020)"""

import streamlit as st

from probes import ui
from probes.intervention import AheadSpec, BeamsSpec, LensSpec

ui.frame("Lens")

st.title("What would the model say, if it stopped at this layer?")
kind = ui.one_of({"Layer by layer": LensSpec, "Tokens ahead": AheadSpec, "Ways to go on": BeamsSpec})
if kind is LensSpec:
    ui.ask(
        LensSpec,
        main=("model", "text"),
        about="SmolLM2 on one sentence: ten seconds the first time, then at once.",
        method="The states of every layer go through the model's own final norm and head, made for the last: what "
        "comes out is the prediction so far. It settles at the layer from which on its likeliest token never changes. "
        "Method: [the logit lens](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/"
        "interpreting-gpt-the-logit-lens).",
    )
elif kind is BeamsSpec:
    ui.ask(
        BeamsSpec,
        main=("model", "text", "beams", "groups", "tokens"),
        about="SmolLM2 after one sentence: a quarter of a minute the first time, then at once.",
        method="At every step the likeliest beginnings are kept: the beams, and all that was tried on the way as a "
        "tree. In more than one group, a token costs what earlier groups have taken: [diverse beam search]"
        "(https://arxiv.org/abs/1610.02424). Beside them stand the likeliest token each time, and samples.",
    )
else:
    ui.ask(
        AheadSpec,
        main=("model", "corpus", "language", "layers", "furthest", "texts"),
        about="SmolLM2 on functions of the Python standard library: a quarter of a minute the first time.",
        method="What each layer would say is held against the token that is read, the next one, and those after it: "
        "how far ahead does a layer already know? Below it is the commonest token, which looks at nothing. After "
        "[Future Lens](https://arxiv.org/abs/2311.04897), without training.",
    )

found, asked = ui.answer(LensSpec, AheadSpec, BeamsSpec), ui.asked(kind)
if found and asked:
    ui.show(found, asked)
