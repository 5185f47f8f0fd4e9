"""Do the aligned languages do better at a task? Scores are typed, pasted or uploaded; the address keeps them."""

import numpy as np
import streamlit as st

from probes.alignment import AlignmentResult
from probes.alignment.tasks import against
from probes.alignment.typed import LARGEST, from_address, from_table, task_scores, to_address
from probes.errors import StrataError
from probes.figures.languages import task_line
from probes.ui.address import check, given, remember
from probes.ui.drawing import TALL
from probes.ui.refusals import refuse
from probes.ui.text import plain

OVER = {"mean": "mean over layers", "max": "best of all layers"}
_SAID = 5
"""Wrong lines that are said."""


_KEY, _UPLOAD, _WRONG = "task_scores", "task_scores_file", "task_scores_refused"
_LONGEST = 4_096
"""Characters of scores that an address holds."""


def tasks(result: AlignmentResult) -> None:
    """Draw the box for task scores, and the line through what is in it; the address keeps the scores."""
    told = given("scores")[:_LONGEST]
    if told and _KEY not in st.session_state:
        st.session_state[_KEY] = from_address(told)
    with st.expander("Set it against a task", icon=":material/trending_up:", expanded=bool(told)):
        left, right = st.columns([1, 2])
        with left:
            scores, over = _asked(result)
        if not scores:
            return
        rows = result.languages.set_index("language").loc[list(scores)]
        aligned, task = rows[over].to_numpy(float), np.array(list(scores.values()))
        names = [result.names[code] for code in scores]
        with right:
            try:
                fit = against(aligned, task)
            except StrataError as error:
                refuse(error)
                return
            drawn = {**task_line(names, aligned, task, fit).to_dict(), "autosize": TALL}
            st.vega_lite_chart(drawn, key="task_line", width="stretch")
            st.caption("  \n".join(plain(sentence) for sentence in fit.sentences(names)))


def _asked(result: AlignmentResult) -> tuple[dict[str, float], str]:
    """Draw the fields; return the score of each language, and which alignment is set against it."""
    st.file_uploader(
        "A file of scores (CSV: language, score)", key=_UPLOAD, on_change=_take, max_upload_size=LARGEST >> 20
    )
    about = "A line a language: its code or name and its score, de 0.62 or German 62 %. Four languages at least."
    typed = st.text_area("Task scores", key=_KEY, height=200, persist_state="page", help=about) or ""
    check("task_over", list(OVER.values()), "alignment")
    over = st.selectbox("Alignment", list(OVER), format_func=OVER.__getitem__, key="task_over", bind="query-params")
    if refused := st.session_state.get(_WRONG):
        refuse(refused)
    scores, wrong = task_scores(typed, result.languages.language.tolist())
    for sentence in wrong[:_SAID]:
        st.caption(f":material/warning: {plain(sentence)}")
    if len(wrong) > _SAID:
        st.caption(f":material/warning: … and {len(wrong) - _SAID} lines more.")
    said = to_address(scores)
    if len(said) > _LONGEST:
        st.caption(":material/info: These are too many scores for an address: keep the file.")
    elif said != given("scores"):
        remember("scores", said)
    return scores, over if over in OVER else "mean"


def _take() -> None:
    """Put the scores of an uploaded file into the box, or remember why they cannot be read."""
    file = st.session_state.get(_UPLOAD)
    st.session_state[_WRONG] = None
    if file is None:
        return
    try:
        st.session_state[_KEY] = from_table(file.getvalue(), file.name)
    except StrataError as error:
        st.session_state[_WRONG] = error
