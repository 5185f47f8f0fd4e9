"""Ask, wait, read: a question is submitted, its digest goes into the address, and the address shows the answer."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from probes import analyses, engine
from probes.contract import Spec
from probes.errors import StrataError
from probes.ui import address
from probes.ui.fields import form
from probes.ui.refusals import refuse
from probes.ui.shell import page_of
from probes.ui.text import duration, plain

S = TypeVar("S", bound=Spec)
_ASKED = "strata_asked"
"""Where a session keeps the questions it asked, by digest."""
_POLL = 0.5
"""Seconds between two looks at a running job."""


def ask(kind: type[S], *, main: Sequence[str], about: str, method: str) -> None:
    """Draw "Run the demo" (the Spec's own defaults, described by `about`) and the form; submit what is pressed.

    Folded into one line once the address names a run that exists, so that the answer is what the page opens on: what
    is folded away is drawn when it is opened, as its fields cost the browser more than many an answer.
    """
    run = st.query_params.get("run", "")
    folded = known(run)
    box: Any = st.container()
    if folded:
        said = "Ask another question"
        box = st.expander(said, icon=":material/tune:", key=f"{kind.kind}_another_{run[:8]}", on_change="rerun")
        if not box.open:
            return
    with box:
        st.caption(method)
        with st.container(horizontal=True, vertical_alignment="center"):
            demo = st.button(
                "Run the demo",
                type="secondary" if folded else "primary",
                icon=":material/play_arrow:",
                key=f"{kind.kind}_demo",
            )
            st.caption(about)
        given = asked(kind)
        chosen = form(kind, main=main, given=given.unpinned() if given else address.start(kind))
    question = kind() if demo else chosen
    if question is not None:
        submit(question)


def tabs(kinds: Mapping[str, type[Spec]]) -> Sequence[Any]:
    """Draw a tab a question, by name; the first is open, or that of the question of the run in the address."""
    names = list(kinds)
    return st.tabs(names, default=next((name for name in names if asked(kinds[name])), names[0]))


def known(digest: str) -> bool:
    """Say whether a run of this name is stored, under way, or was tried here."""
    if not address.DIGEST.fullmatch(digest):
        return False
    return _question(digest) is not None or engine.status(digest).state != "unknown"


def submit(question: Spec) -> None:
    """Start the job of a question and put its run into the address, or show why it is refused."""
    try:
        with st.spinner("Waking the worker"):
            digest = engine.submit(question)
    except StrataError as error:
        refuse(error)
        return
    st.session_state.setdefault(_ASKED, {})[digest] = question
    address.only(run=digest)
    st.rerun()


def asked(kind: type[S]) -> S | None:
    """Return the question of the run in the address, when there is one of this kind."""
    found = _question(st.query_params.get("run", ""))
    return found if isinstance(found, kind) else None


def _question(digest: str) -> Spec | None:
    """Return what a run asked; of one that is not finished, only the session that asked it knows."""
    if not address.DIGEST.fullmatch(digest):
        return None
    return analyses.spec_of(digest) or st.session_state.get(_ASKED, {}).get(digest)


def answer(*kinds: type[Spec]) -> Any | None:
    """Return the Result of the run in the address, of one of these kinds; without one, show where it stands instead."""
    digest = st.query_params.get("run")
    if digest is None:
        return None
    if not address.DIGEST.fullmatch(digest):
        st.warning("The address names no run: a run's name is 32 hexadecimal digits.", icon=":material/link_off:")
        return None
    address.follow(digest)
    question = _question(digest)
    if question is not None and not isinstance(question, kinds):
        _elsewhere(question, digest)
        return None
    found = analyses.result_of(digest)
    if found is None:
        now = engine.status(digest)
        # the job may have ended between the two looks
        found = analyses.result_of(digest) if now.state == "done" else None
        if found is None:
            _standing(digest, now, question)
    return found


def live(question: Spec | None, *, seconds: float = 60) -> Any | None:
    """Return the answer of a live analysis from the warm worker, waited for so long, or show why there is none."""
    if question is None:
        return None
    try:
        with st.spinner("Asking the model", show_time=True):
            return engine.ask(question, seconds)
    except StrataError as error:
        refuse(error)
        return None


def _elsewhere(question: Spec, digest: str) -> None:
    st.warning("This run answers another question.", icon=":material/link_off:")
    page = page_of(question.kind)
    if page:
        st.page_link(page.path, label=f"Open it in {page.title}", icon=page.icon, query_params={"run": digest})


def _standing(digest: str, now: engine.Status, question: Spec | None) -> None:
    """Show a run that has no answer yet, or will have none, and what can be done about it."""
    if now.state in ("queued", "running"):
        _watch(digest)
        st.button("Cancel", on_click=engine.cancel, args=(digest,), icon=":material/stop_circle:", key="cancel")
        return
    if now.state == "unknown":
        st.warning(
            "No run of this name is stored here. Its question may have been asked on another machine, or cleared away.",
            icon=":material/search_off:",
        )
    elif now.state == "failed" and now.error:
        refuse(now.error)
    elif now.state == "cancelled":
        st.info("Cancelled. What was computed is kept: running it again goes on from there.", icon=":material/info:")
    else:
        st.warning("The stored answer was damaged and has been set aside.", icon=":material/healing:")
    if question is not None and st.button("Run it again", icon=":material/replay:", key="again"):
        submit(question)


@st.fragment(run_every=_POLL)
def _watch(digest: str) -> None:
    """Show how far the job is, twice a second, until it ends; then the whole page is drawn again, without this."""
    now = engine.status(digest)
    if now.state not in ("queued", "running"):
        st.rerun()
    left = f" · about {duration(now.left)} left" if now.left is not None else ""
    step = now.note or ("Waiting for the worker" if now.state == "queued" else "Working")
    text = f"{plain(step)} · {duration(now.elapsed)}{left}"
    st.progress(min(max(now.share, 0.0), 1.0), text=text)
