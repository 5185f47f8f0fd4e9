"""What stands in the address: read with care, and what it cannot mean is said and left out.

An address comes from anywhere: a bookmark of an older version, another person's store, somebody who means harm. Nothing
in it becomes a path or a query before it was found among the values that are offered.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st
from pydantic import ValidationError

from probes.contract import Spec
from probes.errors import StrataError
from probes.ui import choices
from probes.ui.text import plain

S = TypeVar("S", bound=Spec)

DIGEST = re.compile(r"[0-9a-f]{32}")
_SHOWN = 60
_LONGEST = 4_096
"""Characters a value in the address may have: as many as a path."""
_FOLLOWED = "strata_followed"
"""Where a session keeps which run it showed last."""


def given(name: str) -> str:
    """Return what the address says of `name`, the last if it says it twice; empty when it says nothing."""
    return st.query_params.get(name, "")


def notice(text: str) -> None:
    """Say what of the address is not followed."""
    st.warning(text, icon=":material/link_off:")


def check(name: str, options: Sequence[str], what: str) -> None:
    """Say when the address asks for something that is not offered, and take it out: the widget's default stands.

    To be called before a widget that is bound to that part of the address.
    """
    asked = given(name)
    if asked and asked not in options:
        notice(f"The address asks for {what} “{plain(asked[:_SHOWN])}”, which is not among those here.")
        del st.query_params[name]


def choice(
    name: str, label: str, options: Sequence[str], *, at: Any, none: str = "All", show: Callable[[str], str] = str
) -> str:
    """Draw a list whose choice is in the address; return it, or nothing for `none`, the default."""
    check(name, (*map(show, options), none), label.lower())  # the address says what the list shows
    chosen = at.selectbox(
        label,
        [none, *options],
        key=name,
        bind="query-params",
        format_func=lambda option: option if option == none else show(option),
    )
    return "" if chosen == none or chosen not in options else str(chosen)


def among(name: str, label: str, options: Sequence[str], default: str, *, help: str = "") -> str:
    """Draw a slider over names (layers) whose choice is in the address; return it. One name alone is only told."""
    check(name, options, label.lower())
    if len(options) == 1:
        return str(st.selectbox(label, options, disabled=True, help=help))
    return str(st.select_slider(label, options, default, key=name, bind="query-params", help=help))


def digests(name: str, most: int) -> list[str]:
    """Return the digests a part of the address lists, without those that are none; what is wrong is said."""
    parts = list(dict.fromkeys(part for part in given(name)[: 64 * (most + 1)].split(",") if part))
    found = [part for part in parts if DIGEST.fullmatch(part)]
    if len(found) < len(parts):
        notice("The address names something that is no run: a run's name is 32 hexadecimal digits.")
    if len(found) > most:
        notice(f"The address names {len(found)} runs; the first {most} are shown.")
    return found[:most]


def start(kind: type[S]) -> S | None:
    """Return the question whose fields the address names (`?model=…&corpus=…`), to start a form from; None for none.

    The Spec itself says what may stand there; a value it refuses is said, and its field keeps the default.
    """
    values: dict[str, str] = {}
    for name in kind.model_fields:
        value = given(name)
        if not value:
            continue
        if len(value) > _LONGEST or not _allowed(kind, {**values, name: value}):
            notice(f"The address asks for {plain(name)} “{plain(value[:_SHOWN])}”, which is not possible.")
        else:
            values[name] = value
    return kind(**values) if values else None


def _allowed(kind: type[Spec], values: dict[str, str]) -> bool:
    name, value = next(reversed(values.items()))
    if name in choices.NAMED and name not in choices.FREE and value not in choices.NAMED[name]():
        return False
    try:
        kind(**values)
    except (ValidationError, StrataError):
        return False
    return True


def remember(name: str, value: str) -> None:
    """Put a value into the address, so that a reload finds it; "" takes it out."""
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def only(**parts: str) -> None:
    """Make these parts the whole address; what stood in it leaves."""
    st.query_params.from_dict(parts)


def follow(digest: str) -> None:
    """Tell the browser which run is shown: a link to the page it stands on leaves the browser's address behind."""
    before = st.session_state.get(_FOLLOWED)
    st.session_state[_FOLLOWED] = digest
    if before not in (None, digest):
        st.query_params["run"] = digest
