"""What can be done with the runs that are picked: open, pin, annotate, compare, run again, delete and put back."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from probes import analyses, engine, store
from probes.compare import MOST
from probes.errors import StrataError
from probes.history import Line
from probes.ui import address
from probes.ui.refusals import refuse
from probes.ui.shell import page_of
from probes.ui.text import duration, plain

_TOLD = "strata_told"
"""Where a session keeps what the last press came to: a callback draws nothing itself."""
_DELETED = "strata_deleted"
"""Where a session keeps the digests it deleted last, to put them back."""


def actions(lines: list[Line]) -> None:
    """Draw what can be done with the picked lines; without any, how to pick."""
    _said()
    if not lines:
        st.caption("Pick rows to open, pin, annotate, compare or delete them. On the keyboard: arrows, Shift+Space.")
        return
    with st.container(border=True):
        if len(lines) == 1:
            _one(lines[0])
        else:
            _several(lines)


def _one(line: Line) -> None:
    st.markdown(f"**{plain(line.text or line.state)}**")
    st.caption(
        f"{plain(' · '.join(filter(None, (line.model, line.corpus))))}  \n"
        f"{line.state}, {line.when.astimezone():%d %b %Y, %H:%M}, {duration(line.seconds)} · run `{line.digest}`"
    )
    st.text_area(
        "Note",
        line.note,
        key=f"note_{line.digest}",
        max_chars=store.NOTE,
        height=68,
        on_change=_write_note,
        args=(line.digest,),
    )
    page = page_of(line.kind)
    with st.container(horizontal=True, vertical_alignment="center"):
        if page:
            label = "Open" if line.state == "done" else "Open it"
            st.page_link(page.path, label=f"{label} in {page.title}", icon=page.icon, query_params={"run": line.digest})
        if line.state in store.LIVE:
            _button("Cancel", ":material/stop_circle:", partial(engine.cancel, line.digest), key="cancel_picked")
            return
        if line.state != "done":
            _button("Run again", ":material/replay:", partial(_again, line.digest), key="again_picked")
        _pins([line])
        _delete([line])


def _several(lines: list[Line]) -> None:
    st.markdown(f"**{len(lines)} runs**")
    kinds = {line.kind for line in lines}
    done = all(line.state == "done" for line in lines)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(kinds) == 1 and done and len(lines) <= MOST and _comparable(kinds.pop()):
            # the run picked first is what the others are measured against: the oldest is the natural one
            names = [line.digest for line in sorted(lines, key=lambda n: n.when)]
            # not a link: one to the page it is on would leave the browser's address as it was
            st.button(
                "Compare",
                icon=":material/compare_arrows:",
                key="compare_picked",
                on_click=address.only,
                kwargs={"compare": ",".join(names)},
            )
        else:
            st.caption(f"Compare takes 2 to {MOST} finished runs of one kind.")
        _pins(lines)
        _delete([line for line in lines if line.state not in store.LIVE])


def _comparable(kind: str) -> bool:
    return any(analysis.kind == kind and analysis.compare_at for analysis in analyses.ANALYSES)


def _pins(lines: list[Line]) -> None:
    pinned = all(line.pinned for line in lines)
    digests = [line.digest for line in lines]
    label, icon = ("Unpin", ":material/keep_off:") if pinned else ("Pin", ":material/keep:")
    _button(label, icon, partial(_pin, digests, not pinned), key="pin_picked")


def _delete(lines: list[Line]) -> None:
    """Draw a button that asks once more before it deletes."""
    if not lines:
        return
    with st.popover("Delete", icon=":material/delete:", type="tertiary"):
        what = "this run" if len(lines) == 1 else f"these {len(lines)} runs"
        st.markdown(f"Delete {what}? Hidden states stay. For {store.DAYS} days it can be put back.")
        _button(f"Delete {what}", ":material/delete:", partial(_remove, [n.digest for n in lines]), key="delete_picked")


def deleted() -> None:
    """List what was deleted lately, each with a button that puts it back."""
    gone = store.deleted()
    if not gone:
        return
    with st.expander(f"Deleted in the last {store.DAYS} days ({len(gone)})", icon=":material/delete:"):
        for one in gone[:20]:
            with st.container(horizontal=True, vertical_alignment="center"):
                text = one.entry.headline if one.entry else "A job that did not finish."
                st.caption(f"{one.when.astimezone():%d %b, %H:%M} · {plain(text)}")
                _button("Put back", ":material/undo:", partial(_restore, [one.digest]), key=f"restore_{one.digest}")
        if len(gone) > 20:
            st.caption(f"and {len(gone) - 20} more: `python -m probes runs restore DIGEST`")


def _button(label: str, icon: str, act: Callable[[], None], *, key: str) -> None:
    st.button(label, icon=icon, type="tertiary", key=key, on_click=_pressed, args=(act,))


def _pressed(act: Callable[[], None]) -> None:
    """Do what a button stands for; a refusal is shown when the page is drawn again."""
    try:
        act()
    except StrataError as error:
        st.session_state[_TOLD] = error


def _said() -> None:
    """Show what the last press came to, once."""
    told = st.session_state.pop(_TOLD, None)
    if told is not None:
        refuse(told)
    gone = st.session_state.get(_DELETED, [])
    if gone:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Deleted one run." if len(gone) == 1 else f"Deleted {len(gone)} runs.")
            _button("Undo", ":material/undo:", partial(_restore, gone), key="undo")


def _pin(digests: list[str], pinned: bool) -> None:
    for digest in digests:
        store.pin(digest, pinned=pinned)


def _write_note(digest: str) -> None:
    _pressed(lambda: store.note_on(digest, st.session_state.get(f"note_{digest}") or ""))


def _remove(digests: list[str]) -> None:
    gone: list[str] = []
    st.session_state[_DELETED] = gone
    for digest in digests:
        store.delete(digest)
        gone.append(digest)


def _restore(digests: list[str]) -> None:
    st.session_state[_DELETED] = [d for d in st.session_state.get(_DELETED, []) if d not in digests]
    for digest in digests:
        store.restore(digest)


def _again(digest: str) -> None:
    spec = analyses.spec_of(digest)
    if spec is None:
        raise StrataError("E-RUN-UNKNOWN", "Its question can no longer be asked.", "It is of another version.")
    engine.submit(spec)
