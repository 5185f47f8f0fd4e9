"""What runs now, beside every page: what, how far, how long, and a button that stops it; then, that it has ended.

Looks only at the ends of journals. While something runs it looks once a second, by itself; else it is drawn with the
page and never again.
"""

from typing import Any

import streamlit as st

from probes import analyses, engine, store
from probes.ui.shell import page_of
from probes.ui.text import duration, plain

_EVERY = 1.0
"""Seconds between two looks while something runs."""
_SHOWN = 4
"""Jobs drawn one by one; of more, the number."""
_ENDED = 3
"""Finished jobs pointed to until they are opened."""
_SEEN = "strata_seen"
"""Where a session keeps the digests it saw running."""
_NEWS = "strata_news"
"""Where a session keeps the digests that ended since, newest first."""


def strip() -> None:
    """Draw what runs and what has just ended; looks again by itself while something runs."""
    looks = _EVERY if under_way() else None
    st.fragment(_strip, run_every=looks, key="strata_strip")(looks is not None)


def under_way() -> list[tuple[store.Job, engine.Status]]:
    """Return the jobs that really run or wait, and how they stand, the running ones first."""
    found = [(job, engine.status(job.digest)) for job in store.jobs(live=True)]
    live = [(job, now) for job, now in found if now.state in store.LIVE]
    return sorted(live, key=lambda pair: (pair[1].state != "running", pair[0].began))


def _strip(looking: bool) -> None:
    live = under_way()
    if looking != bool(live):  # only a whole page begins or ends looking again by itself
        st.rerun()
    _notice({job.digest for job, _ in live})  # after that, or the toast would go with the page it was shown on
    if live:
        st.caption("Running")
    for job, now in live[:_SHOWN]:
        _job(job, now)
    if len(live) > _SHOWN:
        st.page_link("pages/Runs.py", label=f"and {len(live) - _SHOWN} more", query_params={"state": "queued"})
    for digest in st.session_state.get(_NEWS, ()):
        _ended(digest)


def _job(job: store.Job, now: engine.Status) -> None:
    left = f", {duration(now.left)} left" if now.left is not None else ""
    waits = "waiting" if now.state == "queued" else duration(now.elapsed) + left
    with st.container(gap=None, key=f"strip_{job.digest}"):
        _link(job.digest, job.kind, name_of(job.kind, job.spec))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(min(max(now.share, 0.0), 1.0), text=waits)
            st.button(
                "Cancel",
                key=f"strip_cancel_{job.digest}",
                help=f"Cancel: {plain(now.note or 'waiting for the worker')}",
                icon=":material/stop_circle:",
                type="tertiary",
                on_click=engine.cancel,
                args=(job.digest,),
            )


def _notice(live: set[str]) -> None:
    """Remember what runs; say once of each job that ran when this session last looked that it has ended."""
    gone = st.session_state.get(_SEEN, set()) - live
    st.session_state[_SEEN] = live
    here = st.query_params.get("run")
    news = [digest for digest in st.session_state.get(_NEWS, []) if digest != here]  # opened: no news any more
    for digest in sorted(gone - {here}):
        mark, text = _end_of(digest)
        if text:
            st.toast(plain(text), icon=mark)
            news.insert(0, digest)
    st.session_state[_NEWS] = list(dict.fromkeys(news))[:_ENDED]


def _end_of(digest: str) -> tuple[str, str]:
    """Return the mark and the words for how a job ended; no words for one that somebody cancelled."""
    now = engine.status(digest)
    if now.state == "done":
        found = store.entry_at(store.folder("runs", digest))
        return ":material/check_circle:", found.headline if found else ""
    if now.state == "failed":
        return ":material/error:", (now.error or {}).get("what", "The computation failed.")
    return "", ""


def _ended(digest: str) -> None:
    mark, text = _end_of(digest)
    spec: Any = analyses.spec_of(digest) if text else None
    if spec is not None:
        _link(digest, spec.kind, name_of(spec.kind, spec.model_dump()), mark)


def name_of(kind: str, spec: dict[str, Any]) -> str:
    """Name a job in a few words, escaped: its page and its model."""
    page = page_of(kind)
    model = str(spec.get("model") or "").rstrip("/").rpartition("/")[2]
    return ": ".join(filter(None, (page.title if page else kind, plain(model[:40]))))


def _link(digest: str, kind: str, label: str, icon: str | None = None) -> None:
    page = page_of(kind)
    if page:
        st.page_link(page.path, label=label, icon=icon or page.icon, query_params={"run": digest})
    else:
        st.caption(label)
