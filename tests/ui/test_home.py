"""Home: what is here, what can be asked, what was asked; and nothing is computed by looking."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asked import job
from streamlit.testing.v1 import AppTest

from probes import analyses, engine, store
from probes.models import catalogue
from probes.syntax import SyntaxSpec
from probes.ui.shell import PAGES

Open = Callable[..., AppTest]


def test_cold_home_lists_questions_and_models_and_computes_nothing(page: Open, here: Any) -> None:
    at = page()
    assert not at.exception
    assert {p.question for p in PAGES if p.kinds} <= {m.value for m in at.main.markdown}
    for name in catalogue.names():
        assert any(f"models fetch {name}" in c.value for c in at.main.caption)
    assert any("None yet" in c.value for c in at.main.caption)
    assert here.submitted == []


def test_a_finished_run_is_one_click_away(page: Open, stored: SyntaxSpec) -> None:
    at = page()
    assert not at.exception
    links = [link.value for link in at.main.page_link if stored.digest in link.proto.query_string]
    assert links[0] == "The last answer"
    assert links[1].startswith("Syntax: ")
    assert len(links) == 2
    assert any("Syntax peaks at layer" in c.value for c in at.main.caption)


def test_the_sidebar_links_every_page(page: Open) -> None:
    at = page()
    assert [link.value for link in at.sidebar.page_link] == ["Home", *(p.title for p in PAGES)]


def test_a_newcomer_is_told_where_to_start_and_others_are_not(page: Open, stored: SyntaxSpec, here: Any) -> None:
    assert not any("Start here" in m.value for m in page().main.markdown)


def test_an_empty_home_says_start_here(page: Open) -> None:
    at = page()
    assert any("Start here" in m.value for m in at.main.markdown)
    assert not at.get("vega_lite_chart")
    assert any("No model yet." in c.value for c in at.main.caption)


def test_the_last_answer_of_a_question_is_shown_small(page: Open, stored: SyntaxSpec, here: Any) -> None:
    at = page()
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 1
    (link,) = [link for link in at.main.page_link if link.value == "The last answer"]
    assert stored.digest in link.proto.query_string
    assert here.submitted == []


def test_a_figure_that_cannot_be_drawn_costs_no_page(
    page: Open, stored: SyntaxSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 64: one broken answer is one missing picture."""
    import streamlit as st

    def broken(digest: str) -> None:
        raise RuntimeError("no such thing")

    st.cache_data.clear()
    monkeypatch.setattr(analyses, "result_of", broken)
    at = page()
    assert not at.exception
    assert not at.get("vega_lite_chart")
    assert any("Syntax peaks at layer" in c.value for c in at.main.caption)


def test_what_runs_is_listed(page: Open, here: Any) -> None:
    digest = job(1, "running", note="reading")
    here.says[digest] = engine.Status("running", 0.5, "reading :red[x]", 3.0, 9.0)
    at = page()
    assert not at.exception
    labels = [link.value for link in at.main.page_link if digest in link.proto.query_string]
    assert len(labels) == 1
    assert labels[0].startswith("Syntax: minilm · reading")
    assert labels[0].endswith("50%")


def test_models_in_memory_are_named(page: Open, strata_home: Path) -> None:
    assert any("No model yet" in c.value for c in page().main.caption)
    store.note_residents([store.Resident("/data/<b>m", "float32", "cpu", 90 * 2**20, since=time.time() - 3_690)])
    at = page()
    assert not at.exception
    (line,) = (m.value.replace("\\", "") for m in at.main.markdown if r"\<b\>m" in m.value)
    assert line.startswith("**<b>m**")
    assert line.endswith("float32 on cpu, 90 MiB, for 1 h 1 min")
