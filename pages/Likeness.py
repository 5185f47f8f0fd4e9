"""How alike are the layers of one model, or of two? (Kornblith et al., ICML 2019, and relatives)"""

import streamlit as st

from probes import ui
from probes.alignment import LikenessSpec

ui.frame("Likeness")

st.title("How alike are the layers of one model, or of two?")
ui.ask(
    LikenessSpec,
    main=("model", "other", "corpus", "n"),
    about="MiniLM and e5-small on 120 English sentences: half a minute the first time, then at once.",
    method="Both models read the same texts. Two layers are alike when they put the same texts near each other, "
    "whatever their widths and tokenizers. Choose *same* to see how one model changes from layer to layer, or its "
    "fine-tuned version to see which layers that changed. What random weights and wrong pairs give is in the tooltips. "
    "Method: [CKA](https://arxiv.org/abs/1905.00414) and five others.",
)

found, asked = ui.answer(LikenessSpec), ui.asked(LikenessSpec)
if found and asked:
    ui.show(found, asked)
