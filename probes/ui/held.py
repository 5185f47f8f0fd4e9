"""The models that are in memory now: the next question to one of them starts at once."""

import time

import streamlit as st

from probes import store
from probes.checkup.names import short
from probes.models.memory import size
from probes.ui.text import duration, plain


def resident() -> None:
    """List what is in memory under a title of its own, and say so when nothing is."""
    st.subheader("In memory")
    held = store.residents()
    if not held:
        st.caption("No model yet. The first question loads one, and it stays.")
    for model in held:
        _line(model)


def residents() -> None:
    """List what is in memory, folded away; nothing when nothing is."""
    held = store.residents()
    if held:
        with st.expander(f"In memory now ({len(held)})", icon=":material/memory:"):
            for model in held:
                _line(model)


def _line(model: store.Resident) -> None:
    facts = f"{model.dtype} on {model.device}, {size(model.bytes)}, for {duration(time.time() - model.since)}"
    st.markdown(f"**{plain(short(model.name))}** · {plain(facts)}")
