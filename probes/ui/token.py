"""The door: nothing of a page is drawn for who has not given the token, or at an address others reach without one."""

import logging
import time

import streamlit as st

from probes import access
from probes.errors import StrataError
from probes.ui.refusals import refuse

log = logging.getLogger("strata.access")

_ADMITTED = "strata_admitted"
"""Where a session keeps that it gave the token: the token itself is kept nowhere."""
_TRIES = "strata_tries"
_LONGEST = 512


def admit() -> None:
    """Return when this session may see pages; otherwise draw the question for the token, and stop the page."""
    wanted = access.token()
    try:
        access.check(st.get_option("server.address"), wanted)
    except StrataError as error:
        refuse(error)
        st.stop()
    if not wanted or st.session_state.get(_ADMITTED) is True:
        return
    _ask(wanted)
    st.stop()


def _ask(wanted: str) -> None:
    st.title("Strata")
    with st.form("strata_door", width=420):
        given = st.text_input(
            "Access token", type="password", key="strata_token", max_chars=_LONGEST, autocomplete="off"
        )
        st.caption("Whoever started Strata has it: it was set as STRATA_TOKEN.")
        pressed = st.form_submit_button("Open", type="primary")
    if not pressed:
        return
    failures, until = st.session_state.get(_TRIES, (0, 0.0))
    if time.monotonic() < until:
        st.warning(f"Too many tries. Wait {max(1, round(until - time.monotonic()))} s.", icon=":material/timer:")
        return
    if access.admits((given or "")[:_LONGEST], wanted):
        st.session_state[_ADMITTED] = True
        st.session_state.pop(_TRIES, None)
        st.rerun()
    st.session_state[_TRIES] = (failures + 1, time.monotonic() + access.wait(failures + 1))
    log.warning("a wrong token was given (try %d of a session)", failures + 1)
    st.error("This is not the token.", icon=":material/lock:")
