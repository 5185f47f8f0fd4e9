"""Points picked on a map leave it: as a table of a file, or as a corpus that every other question can read."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from probes import corpora, export
from probes.errors import StrataError
from probes.geometry.maps import MapResult
from probes.ui.refusals import refuse
from probes.ui.shell import PAGES

_TAKEN = "map_taken"
"""Where a session keeps the corpus it made last, and of how many points."""
WHOLE = ("text", "snippet", "row")
"""Units whose points are whole texts; of others, what stands around the point belongs to the text."""


def chosen(result: MapResult, picked: Sequence[int], layer: str) -> pd.DataFrame:
    """Return the picked points with all that is known of them, their places in the layer's map, and their clusters."""
    some = list(picked)
    order = result.layers.index(layer)
    frame = result.points.iloc[some].reset_index(drop=True)
    names = result.cluster_names(layer)
    return frame.assign(
        map_layer=layer,
        map_x=result.xy[order, some, 0],
        map_y=result.xy[order, some, 1],
        map_cluster=[names[i] for i in some],
    )


def kept(result: MapResult, picked: Sequence[int], layer: str) -> str:
    """Store the texts of the picked points; return the corpus name that reads them, labelled by kind and cluster."""
    frame = chosen(result, picked, layer)
    text = frame.word if result.unit in WHOLE else frame.before + frame.word + frame.after
    table = pd.DataFrame({"text": text, "kind": frame.kind, "cluster": frame.map_cluster, "origin": frame.origin})
    name = corpora.keep("selection.parquet", export.frame_bytes(table, "parquet"))
    return corpora.change(name, {"text": "text"}, ("kind", "cluster"))


def taking(result: MapResult, picked: Sequence[int], layer: str) -> None:
    """Draw the bar under the picked points: two files, and a corpus of their texts."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map_taking"):
        st.caption("Take them along", width="content")
        for fmt in ("csv", "parquet"):
            st.download_button(
                "CSV" if fmt == "csv" else "Parquet",
                partial(_file, result, tuple(picked), layer, fmt),
                f"strata-points.{fmt}",
                export.FORMATS[fmt],
                key=f"map_take_{fmt}",
                on_click="ignore",
                type="tertiary",
                help="Every column of these points, their places in this layer's map, and their clusters.",
            )
        if st.button("As a corpus", icon=":material/library_add:", key="map_keep_corpus", type="tertiary"):
            try:
                st.session_state[_TAKEN] = (kept(result, picked, layer), len(picked))
            except StrataError as error:
                refuse(error)
    if _TAKEN in st.session_state:
        _made(*st.session_state[_TAKEN])


def _file(result: MapResult, picked: Sequence[int], layer: str, fmt: str) -> bytes:
    return export.frame_bytes(chosen(result, picked, layer), fmt)


def _made(name: str, count: int) -> None:
    """Show the corpus that was made, and where it can be used."""
    st.caption(f"A corpus of {count:,} texts, stored here. Copy its name, or open it:")
    st.code(name, language=None, wrap_lines=True)
    with st.container(horizontal=True, gap="small"):
        for page in PAGES:
            if page.path.endswith(("Corpora.py", "Embeddings.py")):
                query = {"corpus": name, **({"unit": "text"} if "Embeddings" in page.path else {})}
                st.page_link(page.path, label=page.title, icon=page.icon, query_params=query)
