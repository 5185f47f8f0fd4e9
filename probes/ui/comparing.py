"""Runs beside each other on a page: the sentence, the figure with its files, the table of differences."""

from functools import partial
from typing import Any

import streamlit as st

from probes import analyses, export
from probes.compare import MOST, Comparison
from probes.contract import resolve
from probes.errors import StrataError
from probes.ui import address
from probes.ui.drawing import chart
from probes.ui.refusals import refuse
from probes.ui.saving import files, row
from probes.ui.shell import page_of
from probes.ui.text import headline, literal, plain

_FORMATS = ("pdf", "svg", "png", "csv", "parquet", "tex")
_DRAW = "probes.figures.compare:side_by_side"


def comparing() -> bool:
    """Say whether the address asks for a comparison."""
    return bool(address.given("compare"))


def compare() -> None:
    """Show the comparison that the address asks for."""
    chosen = address.digests("compare", MOST)
    answer = st.container()  # the sentence stands above the choice of what is measured
    try:
        names = analyses.measures(chosen)
        narrow, _ = st.columns([1, 2])
        measure = address.choice("measure", "Measure", names[1:], at=narrow, none=names[0]) if names[1:] else ""
        made = _compared(tuple(chosen), measure)
        with answer:
            headline(made.headline())
        _show(made, chosen)
    except StrataError as error:
        refuse(error)
    st.button("All runs", icon=":material/arrow_back:", key="all_runs", type="tertiary", on_click=address.only)


@st.cache_data(max_entries=16, show_spinner="Comparing")
def _compared(digests: tuple[str, ...], measure: str) -> Comparison:
    """Compare once: neither a run nor what is resampled from it ever changes."""
    return analyses.compared(digests, measure)


def _show(made: Comparison, digests: list[str]) -> None:
    paired = sorted(
        {"paired over shared test texts" if how == "paired" else "unpaired" for how in made.differences.how}
    )
    st.caption(
        f"95 % bootstrap intervals, place by place; differences {plain(' and '.join(paired))}."
        + (f" All: {plain(made.shared)}." if made.shared else "")
    )
    draw = resolve(_DRAW)  # altair is imported when a comparison is drawn
    chart(draw, made, named=(*digests, made.measure), key="comparison", about=made.headline())
    called = partial(export.filename, "comparison", digests[0])
    with row("comparison"):
        files("comparison", _FORMATS, partial(_file, made), called, rows=len(made.frame()))
    _runs(made)
    st.dataframe(literal(made.frame()), hide_index=True, key="differences", column_config=_numbers())


def _file(made: Comparison, fmt: str, look: export.Look) -> bytes:
    if fmt == "tex":
        return export.table(made.frame(), caption=made.headline(), label="tab:comparison").encode()
    if fmt in export.TABLES:
        return export.frame_bytes(made.frame(), fmt)
    return export.draw(resolve(_DRAW)(made), fmt, look)


def _runs(made: Comparison) -> None:
    """Link each run of the comparison, the one measured against first."""
    for run, digest in made.values.drop_duplicates("run")[["run", "digest"]].itertuples(index=False):
        spec: Any = analyses.spec_of(digest)
        page = page_of(spec.kind) if spec is not None else None
        if page:
            st.page_link(page.path, label=plain(run), icon=page.icon, query_params={"run": digest})


def _numbers() -> dict[str, Any]:
    return {name: st.column_config.NumberColumn(format="%.4f") for name in ("difference", "low", "high")}
