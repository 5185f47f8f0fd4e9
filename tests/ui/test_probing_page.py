"""The Probing page: cold it asks its question and computes nothing, and its demo is one click."""

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from probes.probing import PairsSpec, ProbingSpec, StructuralSpec

PAGE = "pages/Probing.py"


def test_cold_page_asks_its_question_and_computes_nothing(page: Callable[..., AppTest], here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "Which labels can be read off the states?"
    assert at.selectbox(key="probing_label").value == "role"
    assert at.number_input(key="probing_n").label == "Labelled places"
    assert here.submitted == []


def test_the_demo_is_one_click(page: Callable[..., AppTest], here: Any) -> None:
    at = page(PAGE)
    at.button(key="probing_demo").click().run()
    assert not at.exception
    assert here.submitted == [ProbingSpec()]


def test_trees_have_their_own_demo(page: Callable[..., AppTest], here: Any) -> None:
    at = page(PAGE)
    at.segmented_control(key="experiment_Labels").set_value("Dependency trees").run()
    assert not at.exception
    assert at.number_input(key="structural_rank").label == "Dimensions"
    at.button(key="structural_demo").click().run()
    assert not at.exception
    assert here.submitted == [StructuralSpec()]


def test_pairs_have_their_own_demo_and_the_labels_that_make_pairs(page: Callable[..., AppTest], here: Any) -> None:
    at = page(PAGE)
    at.segmented_control(key="experiment_Labels").set_value("Minimal pairs").run()
    assert not at.exception
    assert at.selectbox(key="pairs_label").options == ["misuse", "operator", "swapped", "exception", "docstring"]
    at.button(key="pairs_demo").click().run()
    assert not at.exception
    assert here.submitted == [PairsSpec()]
