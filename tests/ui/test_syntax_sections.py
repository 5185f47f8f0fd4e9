"""The sections of a syntax answer: one is open, and what is asked in it; a typed snippet above all."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from probes.syntax import SyntaxSpec
from probes.ui.snippets import EXAMPLES

PAGE = "pages/Syntax.py"
SNIPPET = "Try a snippet"
Open = Callable[..., AppTest]
SECTIONS = {
    "Where it fails": "cell_label",
    SNIPPET: "example_python",
    "Does the model use it?": "",
    "Other languages": "",
    "Use the subspace": "subspace",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_one_section_is_open_and_the_others_are_not_computed(page: Open, stored: SyntaxSpec, section: str) -> None:
    at = page(PAGE, run=stored.digest, section=section)
    assert not at.exception
    assert [tab.label for tab in at.tabs] == list(SECTIONS)
    there = {element.key for element in (*at.selectbox, *at.download_button)}
    assert {key for key in SECTIONS.values() if key and key in there} == {key for key in (SECTIONS[section],) if key}


@pytest.mark.parametrize("section", ["<b>", "Nowhere", "x" * 5000])
def test_a_section_that_is_not_there_gives_a_notice_and_the_first(page: Open, stored: SyntaxSpec, section: str) -> None:
    at = page(PAGE, run=stored.digest, section=section)
    assert not at.exception
    assert "asks for section" in " ".join(w.value for w in at.warning)
    assert at.selectbox(key="cell_label")


# ---- a snippet -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("example", [*EXAMPLES["python"], "Nothing"])
def test_every_example_is_answered(page: Open, stored: SyntaxSpec, example: str) -> None:
    at = page(PAGE, run=stored.digest, section=SNIPPET)
    before = len(at.get("vega_lite_chart"))
    at.selectbox(key="example_python").set_value(example).run()
    assert not at.exception
    nothing = example == "Nothing"
    assert len(at.get("vega_lite_chart")) == before - nothing
    assert bool(at.error) == nothing


@pytest.mark.slow
def test_every_layer_is_answered(page: Open, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, section=SNIPPET)
    for layer in at.select_slider[0].options:
        at.select_slider[0].set_value(layer).run()
        assert not at.exception
        assert not at.error


@pytest.mark.parametrize("code", ["", "   \n", "def f(:\n", "\0", "# only a comment\n"])
def test_code_without_a_tree_is_refused_with_a_reason(page: Open, stored: SyntaxSpec, code: str) -> None:
    at = page(PAGE, run=stored.digest, section=SNIPPET)
    at.text_area[0].set_value(code).run()
    assert not at.exception
    assert len(at.error) == 1
    assert at.error[0].value.strip("* ")
