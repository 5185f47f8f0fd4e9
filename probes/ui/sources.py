"""Ways to name a corpus on a page: a file uploaded, a path or dataset typed, one used before, a link that brings it."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from probes import corpora, store
from probes.corpora.uploads import LARGEST
from probes.errors import StrataError
from probes.ui.refusals import refuse
from probes.ui.text import plain

LONGEST = 4096
"""Characters of a corpus name in an address."""
SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "functions.csv"
SOURCES = {
    "Upload": ":material/upload_file: A file of yours",
    "Path": ":material/folder_open: A file or folder here",
    "Hub": ":material/cloud_download: A hub dataset",
}
_RECENT = 8
_LABEL = 100
"""Characters of a name in the list: of a longer one, its beginning and its end."""
_REFUSED, _ROUND = "corpus_refused", "corpus_round"
"""Where a session keeps the refusal to show next, and how many files it has uploaded."""


def corpus(about: str) -> str:
    """Draw the three ways to name a corpus, folded away once there is one; return the name in the address."""
    name = st.query_params.get("corpus", "")
    with st.expander("Choose another corpus", icon=":material/tune:") if name else st.container():
        st.caption(about)
        way = st.segmented_control(
            "Where from",
            list(SOURCES),
            default="Upload",
            format_func=SOURCES.__getitem__,
            key="corpus_from",
            required=True,
            label_visibility="collapsed",
        )
        {"Path": _path, "Hub": _hub}.get(str(way), _upload)()
    refused = st.session_state.pop(_REFUSED, None)
    if refused is not None:
        refuse(refused)
    return name


def _upload() -> None:
    st.session_state.setdefault(_ROUND, 0)
    st.file_uploader(
        "CSV, TSV, JSONL, Parquet, TMX, plain text, or a file of source code",
        key=f"corpus_upload_{st.session_state[_ROUND]}",
        on_change=_keep,
        max_upload_size=LARGEST >> 20,
        help="It is stored on this machine only. A larger file is read where it lies: name its path.",
    )


def _keep() -> None:
    """Store what was uploaded, and let go of the copy in memory: the next uploader is another one."""
    given = st.session_state.get(f"corpus_upload_{st.session_state[_ROUND]}")
    st.session_state[_ROUND] += 1
    if given is not None:
        _go_to(lambda: corpora.keep(given.name, given))


def _path() -> None:
    with st.form("corpus_path", border=False):
        given = st.text_input("Path", placeholder="/path/to/data.csv, or a folder of code", key="corpus_typed")
        pressed = st.form_submit_button("Look", icon=":material/visibility:")
    if pressed and given:
        _go_to(lambda: corpora.named(given))
        st.rerun()


def _hub() -> None:
    with st.form("corpus_hub", border=False):
        given = st.text_input("Dataset", placeholder="OWNER/NAME, or the folder of a local copy", key="corpus_dataset")
        pressed = st.form_submit_button("Look", icon=":material/visibility:")
    if pressed and given:
        _go_to(lambda: f"hub:{given.strip().removeprefix('hub:')}")
        st.rerun()


def _go_to(name: Callable[[], str]) -> None:
    """Put the name into the address, or keep the refusal for the next run to show."""
    try:
        st.query_params["corpus"] = name()
    except StrataError as error:
        st.session_state[_REFUSED] = error


def recent_corpora() -> None:
    """List the corpora of past runs and the files kept here, each a link that looks at it again."""
    asked = [corpora.unpinned(str(entry.spec["corpus"])) for entry in store.runs() if entry.spec.get("corpus")]
    sample = [corpora.named(str(SAMPLE))] if SAMPLE.is_file() else []
    for name in list(dict.fromkeys([*asked, *corpora.kept(), corpora.STDLIB, *sample]))[:_RECENT]:
        label = plain(name if len(name) <= _LABEL else f"{name[: _LABEL // 4]}…{name[-_LABEL * 3 // 4 :]}")
        st.page_link("pages/Corpora.py", label=label, icon=":material/description:", query_params={"corpus": name})
