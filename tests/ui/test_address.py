"""The address starts a form, chooses a layer and opens a run; what it cannot mean is said, and the default stands."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes.syntax import SyntaxSpec

PAGE = "pages/Syntax.py"
SNIPPET = "Try a snippet"
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


def run(at: AppTest) -> AppTest:
    return at.button(key="FormSubmitter:syntax_form-Run").click().run()


def test_an_address_fills_the_form_and_leaves_the_address_when_asked(page: Open, here: Any) -> None:
    at = page(PAGE, model="e5-small", corpus="code:/some/code", rank="16", control="false")
    assert not at.exception
    assert not at.warning
    assert at.selectbox(key="syntax_model").value == "e5-small"
    assert at.selectbox(key="syntax_corpus").value == "code:/some/code"
    run(at)
    assert here.submitted == [SyntaxSpec(model="e5-small", corpus="code:/some/code", rank=16, control=False)]
    assert dict(at.query_params) in ({"run": here.submitted[0].digest}, {"run": [here.submitted[0].digest]})


def test_the_demo_stays_the_demo(page: Open, here: Any) -> None:
    at = page(PAGE, model="e5-small")
    at.button(key="syntax_demo").click().run()
    assert here.submitted == [SyntaxSpec()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rank", "NaN"),
        ("rank", "1e999"),
        ("rank", "-1"),
        ("rank", "1000000000"),
        ("rate", "inf"),
        ("dtype", "float3"),
        ("input", "../../etc/passwd"),
        ("control", "perhaps"),
        ("recipe", "<script>alert(1)</script>"),
        ("model", "x" * 100_000),
        ("seed", "\u202e1"),
    ],
)
def test_a_value_the_question_refuses_is_said_and_its_field_keeps_the_default(
    page: Open, here: Any, name: str, value: str
) -> None:
    """Cases 60 and 61."""
    at = page(PAGE, **{name: value, "language": "go"})
    assert not at.exception
    assert "which is not possible" in says(at)
    assert len(at.warning) == 1
    assert len(at.warning[0].value) < 400
    run(at)
    assert here.submitted == [SyntaxSpec(language="go")]


def test_two_values_that_do_not_go_together_are_said(page: Open, here: Any) -> None:
    at = page(PAGE, max_words="10", min_words="20")
    assert not at.exception
    assert "min_words" in says(at).replace("\u2060", "") or "max_words" in says(at)
    run(at)
    assert len(here.submitted) == 1


@pytest.mark.parametrize("query", [{"colour": "red"}, {f"p{i}": "x" for i in range(10_000)}])
def test_what_is_no_field_is_nothing(page: Open, here: Any, query: dict[str, str]) -> None:
    """Case 60."""
    at = page(PAGE, **query)
    assert not at.exception
    run(at)
    assert here.submitted == [SyntaxSpec()]


def test_the_layer_is_in_the_address(page: Open, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, section=SNIPPET, layer="0")
    assert not at.exception
    assert at.select_slider(key="layer").value == "0"
    assert not at.warning


@pytest.mark.parametrize("layer", ["1000000000", "../x", "x" * 100_000])
def test_a_layer_the_model_has_not_is_said_and_the_best_stands(page: Open, stored: SyntaxSpec, layer: str) -> None:
    """Cases 60 and 61."""
    best = page(PAGE, run=stored.digest, section=SNIPPET).select_slider(key="layer").value
    at = page(PAGE, run=stored.digest, section=SNIPPET, layer=layer)
    assert not at.exception
    assert at.select_slider(key="layer").value == best
    assert "The address asks for layer" in says(at)


def test_the_chosen_figure_stands_in_the_address(page: Open, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, syntax_view="Recall by label")
    assert not at.exception
    assert not at.warning
    assert at.segmented_control(key="syntax_view").value == "recall_by_label"
    at = page(PAGE, run=stored.digest, syntax_view="<script>")
    assert not at.exception
    assert at.segmented_control(key="syntax_view").value == "f1_by_layer"
    (notice,) = at.warning
    assert r"\<script\>" in notice.value


def test_one_layer_alone_is_told_and_is_no_slider() -> None:
    def draw(layers: list[str]) -> None:
        import streamlit as st

        from probes.ui.address import among

        st.caption(f"layer {among('layer', 'Layer', layers, layers[0])}")

    one = AppTest.from_function(draw, args=(["7"],)).run()
    assert (one.caption[0].value, len(one.select_slider), one.selectbox[0].disabled) == ("layer 7", 0, True)
    several = AppTest.from_function(draw, args=(["7", "8"],)).run()
    assert (several.caption[0].value, len(several.select_slider)) == ("layer 7", 1)
