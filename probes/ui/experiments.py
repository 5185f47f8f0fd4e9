"""A page with several questions of one kind: which of them is asked, and what the model wrote under an edit."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from probes.contract import Spec
from probes.ui import address
from probes.ui.results import rows


def one_of(questions: Mapping[str, type[Spec]]) -> type[Spec]:
    """Draw which question is asked, the one of the run in the address first; return its kind of Spec."""
    from probes import analyses  # on use, as in every look at the store

    digest = address.given("run")
    shown = analyses.spec_of(digest) if address.DIGEST.fullmatch(digest) else None
    names = [name for name, kind in questions.items() if isinstance(shown, kind)]
    start = names[0] if names else next(iter(questions))
    chosen = st.segmented_control(
        "Experiment",
        list(questions),
        default=start,
        key=f"experiment_{start}",  # an opened run comes with its own experiment
        required=True,
        label_visibility="collapsed",
    )
    return questions[chosen if chosen in questions else start]


def written(result: Any) -> None:
    """Show what the model wrote at each strength; the texts are data."""
    st.subheader("What it writes then")
    st.caption("The first prompt, written on with the likeliest token each time, at several strengths.")
    rows(result.samples, key="steering_samples")
