"""Do languages meet in the middle layers? (MEXA, Kargaran et al., ACL Findings 2025)"""

from typing import Any

import streamlit as st

from probes import ui
from probes.alignment import AlignmentSpec

ui.frame("Alignment")

st.title("Do languages meet in the middle layers?")
ui.ask(
    AlignmentSpec,
    main=("model", "corpus", "languages", "n"),
    about="e5-small on 100 sentences in 44 languages: two to three minutes the first time, then at once.",
    method="A sentence and its translation meet at a layer where each is nearer to the other than to any other "
    "sentence. The share that does is a model's alignment (MEXA). What it owes to shared letters, to length and to "
    "chance is drawn below it: what stands above is understood. Method: [MEXA](https://arxiv.org/abs/2410.05873).",
)


@st.fragment
def sentences(question: AlignmentSpec, result: Any) -> None:
    """Show one language: its curve over the floors, which sentence lost to which, and where it lies."""
    st.header("Look at one language")
    left, right = st.columns([1, 2])
    with left:
        language = ui.language(result)
        layer = ui.among("layer", "Layer", result.layers, result.best, help="Starts where most languages meet.")
        ui.language_facts(result, language, layer)
    with right:
        ui.curve(result, language, question)
    ui.bitext(result, language, layer)
    ui.places(result, language, layer, question)


found, asked = ui.answer(AlignmentSpec), ui.asked(AlignmentSpec)
if found and asked:
    ui.show(found, asked)
    sentences(asked, found)
    ui.tasks(found)
