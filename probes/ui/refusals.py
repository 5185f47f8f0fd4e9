"""Errors a person can act on: what came, why it was refused, what to do next; the trace stays in the log."""

from collections.abc import Mapping

import streamlit as st
from pydantic import ValidationError

from probes.errors import StrataError
from probes.ui.text import plain


def refuse(error: StrataError | Mapping[str, str]) -> None:
    """Show a refusal with its fix and its stable code; takes the error itself or the one a worker wrote down."""
    parts = error if isinstance(error, Mapping) else vars(error)
    what, why, fix = (plain(parts.get(name) or "") for name in ("what", "why", "fix"))
    lines = [f"**{what or 'Something went wrong.'}**", why, f"→ {fix}" if fix else ""]
    st.error("\n\n".join(line for line in lines if line), icon=":material/error:")
    if parts.get("code"):
        st.caption(plain(parts["code"]))


def refuse_fields(error: ValidationError) -> None:
    """Show which fields of a question do not hold, one line each."""
    for problem in error.errors(include_url=False):
        field = ".".join(str(part) for part in problem["loc"]) or "The question"
        refuse({"code": "E-FIELD", "what": f"{field}: {problem['msg']}.", "why": f"It was {problem['input']!r:.120}."})
