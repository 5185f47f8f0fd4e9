"""Home: what is here, what can be asked, what was asked; and nothing is computed by looking."""

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from probes.models import catalogue
from probes.syntax import SyntaxSpec
from probes.ui.shell import PAGES

Open = Callable[..., AppTest]


def test_cold_home_lists_questions_and_models_and_computes_nothing(page: Open, here: Any) -> None:
    at = page()
    assert not at.exception
    assert {p.question for p in PAGES} <= {m.value for m in at.main.markdown}
    for name in catalogue.names():
        assert any(f"models fetch {name}" in c.value for c in at.main.caption)
    assert any("None yet" in c.value for c in at.main.caption)
    assert here.submitted == []


def test_a_finished_run_is_one_click_away(page: Open, stored: SyntaxSpec) -> None:
    at = page()
    assert not at.exception
    links = [link for link in at.main.page_link if stored.digest in link.proto.query_string]
    assert len(links) == 1
    assert links[0].value.startswith("Syntax: ")
    assert any("Syntax peaks at layer" in c.value for c in at.main.caption)


def test_the_sidebar_links_every_page(page: Open) -> None:
    at = page()
    assert [link.value for link in at.sidebar.page_link] == ["Home", *(p.title for p in PAGES)]
