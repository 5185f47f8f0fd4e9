"""Which discrete codes do the hidden states fall into? (Codebook Features, Tamkin et al., 2023)"""

from typing import Any

import streamlit as st

from probes import ui
from probes.codebooks import (
    CardSpec,
    CodebookSpec,
    CodedSpec,
    CodePatchSpec,
    CodeSteerSpec,
    ConceptsSpec,
    EqualBitsSpec,
    SearchSpec,
    SpliceSpec,
)

ui.frame("Codebooks")

LIVE: tuple[Any, ...] = (SearchSpec, CodedSpec, ConceptsSpec, CardSpec, CodeSteerSpec, CodePatchSpec)

st.title("Which discrete codes do the hidden states fall into?")
ui.ask(
    CodebookSpec,
    main=("model", "corpus", "method", "codes"),
    about="MiniLM on functions of the Python standard library: 256 codes a layer, a few minutes the first time.",
    method="Every layer's states are replaced by a few codes of a learnt book; no weight is changed. What codes "
    "explain of unseen tokens stands beside noise of the same covariance, the mean of each word, and the codes of "
    "another seed. After [Codebook Features](https://arxiv.org/abs/2310.17230), which trains a model to use its codes.",
)

found, asked = ui.answer(CodebookSpec, *LIVE, SpliceSpec, EqualBitsSpec), ui.asked(CodebookSpec)
pinned = next((question for kind in LIVE if (question := ui.asked(kind))), None)
spliced = ui.asked(SpliceSpec) or ui.asked(EqualBitsSpec)
if found and asked:
    ui.show(found, asked)
    parts = {
        "Browse": ui.code_cards,
        "Search": ui.code_search,
        "Concepts": ui.concepts,
        "On my text": ui.text_codes,
        "Splice damage": ui.splice_damage,
        "Equal bits": ui.equal_bits,
        "Steer": ui.steering,
    }
    ui.sections(parts, asked, found)
elif found and spliced:
    ui.codes_of(spliced)
    ui.show(found, spliced)
elif found and pinned:
    ui.show(found, pinned)
