"""A matrix of somebody's own, uploaded with what is known of its rows; its name goes into the address and the form."""

from typing import Any

import streamlit as st

from probes import corpora
from probes.corpora.uploads import LARGEST
from probes.errors import StrataError
from probes.ui.refusals import refuse
from probes.ui.text import plain

_ARRAYS, _TABLES = ("npy", "safetensors"), ("csv", "tsv", "parquet", "jsonl")


def own_matrix() -> None:
    """Draw two uploaders and "Use it"; what they make is a corpus name in the address, or a refusal."""
    with st.expander("Bring your own vectors, from any system", icon=":material/upload_file:"):
        st.caption(
            "`.npy`, `.safetensors`, Parquet or CSV: a row a point, several arrays are several layers; if the file "
            "does not carry it, also a table whose rows say what the points are. A larger file is named where it "
            "lies, in the field Corpus: `matrix:/path/to/file.npy?about=/path/to/table.csv`."
        )
        one, two = st.columns(2)
        size = LARGEST >> 20
        given = one.file_uploader("Vectors", [*_ARRAYS, *_TABLES], key="own_vectors", max_upload_size=size)
        about = two.file_uploader("What is known of each row", list(_TABLES), key="own_about", max_upload_size=size)
        if st.button("Use them", icon=":material/check:", key="own_use", disabled=given is None) and given is not None:
            try:
                name = _named(given, about)
            except StrataError as error:
                refuse(error)
                return
            st.query_params.from_dict({"corpus": name, "unit": "text"})
            st.rerun()
        asked = st.query_params.get("corpus", "")
        if corpora.is_matrix(asked):
            st.caption(f"In the form below: {plain(asked[:200])}")


def _named(given: Any, about: Any) -> str:
    """Keep the files and return the name that reads them, after it was opened once."""
    name = "matrix:" + corpora.keep(given.name, given).partition(":")[2]
    if about is not None:
        place = corpora.choices(corpora.keep(about.name, about)).place
        name = corpora.change(name, {"about": place}, ())
    corpora.matrix(name)
    return corpora.change(name, {}, ())
