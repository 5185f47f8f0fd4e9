"""What was loaded: the self-check's badge with its details, the facts, and the questions to ask of this model."""

import pandas as pd
import streamlit as st

from probes import analyses
from probes.checkup import ModelResult
from probes.models.choice import ReadsModel
from probes.ui.shell import PAGES, Page
from probes.ui.text import plain


def badge(found: ModelResult) -> None:
    """Show whether every self-check passed, with the table of all of them behind it."""
    failed = found.asked - found.passed
    with st.container(horizontal=True, vertical_alignment="center"):
        if not failed:
            st.badge(f"{found.asked} self-checks passed", icon=":material/verified:", color="green")
        elif found.sound:
            st.badge(f"{found.passed} of {found.asked} self-checks passed", icon=":material/info:", color="orange")
        else:
            st.badge(f"{failed} of {found.asked} self-checks failed", icon=":material/error:", color="red")
        facts = f"{found.family} · {found.heads} heads · vocabulary {found.vocabulary:,} · context {found.context:,}"
        st.caption(plain(f"{facts} · {found.tokenizer} · layers at {found.sites}"))
    with st.expander("What was checked", icon=":material/checklist:"):
        st.caption(
            "What Strata reads is compared with what the model says of itself: every layer against its own "
            "output_hidden_states, each text alone against the same text in a padded batch, no hook left behind, no "
            "parameter changed. A warning does not make a model unfit."
        )
        st.dataframe(_table(found), hide_index=True, height=280)


def _table(found: ModelResult) -> pd.DataFrame:
    table = found.checks
    verdicts = [
        "passed" if ok else "warning" if soft else "failed"
        for ok, soft in zip(table["passed"], table["warning"], strict=True)
    ]
    measured = table["limit"] > 0
    return pd.DataFrame(
        {
            "check": table["name"],
            "verdict": verdicts,
            "difference": [f"{d:.1e}" if m else "" for d, m in zip(table["difference"], measured, strict=True)],
            "allowed": [f"{limit:.1e}" if m else "" for limit, m in zip(table["limit"], measured, strict=True)],
            "what was asked": table["detail"],
        }
    )


def _of_a_model(page: Page) -> bool:
    return "model" in analyses.find(page.kinds[0]).spec.model_fields


def onward(question: ReadsModel) -> None:
    """Link the pages that can ask something of this model, their forms filled with it."""
    here = [page for page in PAGES if page.kinds and question.kind not in page.kinds and _of_a_model(page)]
    with st.container(horizontal=True, vertical_alignment="center"):
        if here:
            st.caption("Ask this model", width="content")
        for page in here:
            st.page_link(
                page.path, label=page.title, icon=page.icon, help=page.question, query_params={"model": question.model}
            )
