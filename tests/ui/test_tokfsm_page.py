"""The TokFSM page: cold, one click, and an answer that is kept."""

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.codebooks import TokfsmSpec
from probes.contract import Progress

PAGE = "pages/TokFSM.py"


def test_the_page_is_one_click_and_shows_what_is_kept(page: Callable[..., AppTest], here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert not at.get("vega_lite_chart")
    at.button(key="tokfsm_demo").click().run()
    assert not at.exception
    assert here.submitted == [TokfsmSpec()]
    spec = TokfsmSpec(texts=20, pairs=10)
    result = analyses.of(spec).run(spec, Progress())
    store.save(spec, result, 1.0)
    for figure in ("codes_of_states", "exchanged_codes", "use_of_codes"):
        at = page(PAGE, run=spec.digest, tokfsm_view=figure.replace("_", " ").capitalize())
        assert not at.exception
        assert at.get("vega_lite_chart")
        assert any("legal" in element.proto.body for element in at.get("html"))
