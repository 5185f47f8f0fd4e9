"""Do the aligned languages do better at a task? Scores are typed or pasted, a line a language; nothing is stored."""

import numpy as np
import streamlit as st

from probes.alignment import AlignmentResult
from probes.alignment.tasks import against
from probes.alignment.typed import task_scores
from probes.errors import StrataError
from probes.figures.languages import task_line
from probes.ui.refusals import refuse
from probes.ui.text import plain

OVER = {"mean": "mean over layers", "max": "best of all layers"}
_SAID = 5
"""Wrong lines that are said."""


def tasks(result: AlignmentResult) -> None:
    """Draw the box for task scores, and the line through what is in it."""
    with st.expander("Set it against a task", icon=":material/trending_up:"):
        st.caption("A line a language: its code and its score, `de 0.62` or `de 62 %`. Four languages at least.")
        left, right = st.columns([1, 2])
        typed = left.text_area("Task scores", key="task_scores", height=220, persist_state="page") or ""
        over = left.selectbox("Alignment", list(OVER), format_func=OVER.__getitem__, key="task_over")
        scores, wrong = task_scores(typed, result.languages.language.tolist())
        for sentence in wrong[:_SAID]:
            left.caption(f":material/warning: {plain(sentence)}")
        if not scores:
            return
        rows = result.languages.set_index("language").loc[list(scores)]
        aligned, task = rows[over].to_numpy(float), np.array(list(scores.values()))
        try:
            fit = against(aligned, task)
        except StrataError as error:
            with right:
                refuse(error)
            return
        with right:
            names = [result.names[code] for code in scores]
            st.altair_chart(task_line(names, aligned, task, fit), key="task_line")
            st.caption("  \n".join(plain(sentence) for sentence in fit.sentences(names)))
