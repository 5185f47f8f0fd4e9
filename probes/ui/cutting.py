"""The box whose text is cut into tokens, and the table of them."""

from typing import Any

import pandas as pd
import streamlit as st

from probes.checkup import TokensResult, TokensSpec
from probes.corpora.grammars import LANGUAGES
from probes.figures.words import visible
from probes.models.choice import ReadsModel
from probes.ui.fields import spec

WORDS = "words as they stand"
EXAMPLES = {
    "Code": TokensSpec.model_fields["text"].default,
    "Sentence": "The tokenizer of a model decides what its layers can see: unbelievably, one word may be four pieces.",
    "Languages": "Straße · größer · Ελλάδα · नमस्ते · 東京タワー · สวัสดี · 👩‍👩‍👧",
    "Nothing": "",
}


def text(asked: ReadsModel) -> TokensSpec | None:
    """Draw the text box; return the question of how this model cuts what is in it."""
    left, right = st.columns([1, 2])
    with left:
        start = st.selectbox("Start from", list(EXAMPLES), key="tokens_example")
        language = st.selectbox("Align to", [WORDS, *LANGUAGES], key="tokens_language", format_func=_leaves)
    with right:
        typed = st.text_area("Text", EXAMPLES[start], height=140, key=f"tokens_text_{start}", persist_state="page")
    fields: dict[str, Any] = {name: getattr(asked, name) for name in ReadsModel.model_fields}
    return spec(TokensSpec, **fields, text=typed or "", language="" if language == WORDS else language)


def _leaves(choice: str) -> str:
    return choice if choice == WORDS else f"leaves of {choice}"


def table(found: TokensResult) -> None:
    """Show every token with its id, bytes, characters and word; what has no glyph is spelt out."""
    with st.expander(f"Every token ({len(found.tokens):,})", icon=":material/table_rows:"):
        st.dataframe(_table(found), hide_index=True)


def _table(found: TokensResult) -> pd.DataFrame:
    words = dict(zip(found.words["word"], found.words["text"], strict=True))
    tokens = found.tokens
    return pd.DataFrame(
        {
            "position": tokens["position"],
            "token": [visible(token) for token in tokens["token"]],
            "id": tokens["id"],
            "bytes": tokens["bytes"],
            "characters": [f"{a}–{b}" if b > a else "" for a, b in zip(tokens["start"], tokens["end"], strict=True)],
            "covers": [visible(cover) if cover else "" for cover in tokens["covers"]],
            "word": [visible(words[w]) if w in words else "" for w in tokens["word"]],
            "words touched": tokens["words"],
            "added": ["by the tokenizer" if added else "" for added in tokens["added"]],
        }
    )
