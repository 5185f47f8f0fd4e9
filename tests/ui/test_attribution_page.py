"""The Attribution page: cold, both demos, an answer with each of its figures, and another question asked at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.attribution import AttributionSpec, TrustSpec
from probes.contract import Progress

PAGE = "pages/Attribution.py"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def kept(tiny_gpt2: Path) -> tuple[AttributionSpec, Any]:
    spec = AttributionSpec(model=str(tiny_gpt2), text="def <b>total</b>(values)", steps=4).pinned()
    return spec, analyses.of(spec).run(spec, Progress())


def test_cold_page_computes_nothing_and_a_demo_is_one_click(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert not at.get("vega_lite_chart")
    assert here.submitted == []
    at.button(key="attribution_demo").click().run()
    at = page(PAGE)
    at.button(key="attribution_alike").click().run()
    assert not at.exception
    assert here.submitted[0] == AttributionSpec()
    assert here.submitted[1].target == "similarity"


@pytest.mark.parametrize("figure", ["signed_tokens", "taken_out_and_put_in", "tokens_by_layer", "on_the_tree"])
def test_an_answer_shows_its_sentence_and_every_figure(
    page: Open, here: Any, kept: tuple[AttributionSpec, Any], strata_home: Path, figure: str
) -> None:
    spec, result = kept
    store.save(spec, result, 1.0)
    at = page(PAGE, run=spec.digest)
    at.segmented_control(key="attribution_view").set_value(figure).run()
    assert not at.exception
    assert "carries most of" in "".join(h.body for h in at.get("html"))
    assert len(at.get("vega_lite_chart")) == 1


def test_another_method_answers_at_once_and_what_cannot_be_is_refused(
    page: Open, here: Any, kept: tuple[AttributionSpec, Any], strata_home: Path
) -> None:
    spec, result = kept
    store.save(spec, result, 1.0)
    at = page(PAGE, run=spec.digest)
    assert "masked token" not in at.selectbox(key="explain_target").options  # of a decoder
    at.selectbox(key="explain_method").set_value("gradient x input").run()
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 2
    at.text_input(key="explain_token").set_value("no such token").run()
    assert not at.exception
    assert any("is no token of this model" in e.value for e in at.error)


def test_methods_are_judged_under_the_model_of_the_answer(
    page: Open, here: Any, kept: tuple[AttributionSpec, Any], strata_home: Path
) -> None:
    spec, result = kept
    store.save(spec, result, 1.0)
    at = page(PAGE, run=spec.digest, section="Can it be trusted?")
    assert not at.exception
    at.button(key="FormSubmitter:trust_form-Judge").click().run()
    assert not at.exception
    assert here.submitted == [TrustSpec(model=spec.model, revision=spec.revision)]
