"""What stands in the address: read with care, and what it cannot mean is said and left out.

An address comes from anywhere: a bookmark of an older version, another person's store, somebody who means harm. Nothing
in it becomes a path or a query before it was found among the values that are offered.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from probes.ui.text import plain

DIGEST = re.compile(r"[0-9a-f]{32}")
_SHOWN = 60


def given(name: str) -> str:
    """Return what the address says of `name`, the last if it says it twice; empty when it says nothing."""
    return st.query_params.get(name, "")


def notice(text: str) -> None:
    """Say what of the address is not followed."""
    st.warning(text, icon=":material/link_off:")


def choice(
    name: str, label: str, options: Sequence[str], *, at: Any, none: str = "All", show: Callable[[str], str] = str
) -> str:
    """Draw a list whose choice is in the address; return it, or nothing for `none`, the default.

    What the address asks for and the list does not have is said, and the default stands.
    """
    asked = given(name)
    if asked and asked not in (*options, none):
        notice(f"The address asks for {label.lower()} “{plain(asked[:_SHOWN])}”, which is not among the runs here.")
        del st.query_params[name]
    chosen = at.selectbox(
        label,
        [none, *options],
        key=name,
        bind="query-params",
        format_func=lambda option: option if option == none else show(option),
    )
    return "" if chosen == none or chosen not in options else str(chosen)


def digests(name: str, most: int) -> list[str]:
    """Return the digests a part of the address lists, without those that are none; what is wrong is said."""
    parts = list(dict.fromkeys(part for part in given(name)[: 64 * (most + 1)].split(",") if part))
    found = [part for part in parts if DIGEST.fullmatch(part)]
    if len(found) < len(parts):
        notice("The address names something that is no run: a run's name is 32 hexadecimal digits.")
    if len(found) > most:
        notice(f"The address names {len(found)} runs; the first {most} are shown.")
    return found[:most]
