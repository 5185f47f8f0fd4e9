"""The Codebooks page in a real browser: a small question, its figures, a code's card, a search, a typed text."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from shots import SCHEMES

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]
SLOW = 480_000
SENTENCE = re.compile(r"Codes say most of layer \d of 6: 64 codes explain 0\.\d\d")
Open = Callable[..., Any]


@pytest.fixture
def answer(asked: Open) -> Any:
    """The page with its answer."""

    def ask(here: Any) -> None:
        # a small question: the address fills the form
        here.open("Codebooks?layers=0,3&codes=64&n_fit=3000&n_test=1500&passes=4")
        here.page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
        expect(here.page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)

    here = asked(ask)
    expect(here.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    return here


def test_a_question_ends_in_a_sentence_with_its_figures(answer: Any) -> None:
    assert re.search(r"run=[0-9a-f]{32}", answer.page.url)
    for figure in ("Bits by layer", "Stability by layer", "Usage", "Leaf types", "Explained by layer"):
        answer.page.get_by_text(figure, exact=True).click()
        answer.settled()
        expect(answer.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
        assert answer.sideways() <= 0


def test_a_code_has_a_card_and_an_address(answer: Any) -> None:
    code = answer.page.get_by_label("Code", exact=True)
    code.fill("7")
    code.press("Enter")
    expect(answer.page.get_by_text(re.compile(r"^Code 7 of layer"))).to_be_visible()
    assert "code=7" in answer.settled().url
    for tab in ("Leaves", "Nearest codes", "Fires with", "Words"):
        answer.page.get_by_role("tab", name=tab).click()
    assert answer.sideways() <= 0


def test_codes_are_searched_and_a_bad_pattern_is_said(answer: Any) -> None:
    answer.page.get_by_role("tab", name="Search").click()
    box = answer.page.get_by_role("textbox", name="Find codes for")
    box.fill(r"\bself\b")
    box.press("Enter")
    expect(answer.page.get_by_text(re.compile("picks out the pattern"))).to_be_visible(timeout=SLOW)
    assert "find=" in answer.settled().url
    assert answer.sideways() <= 0
    box.fill("(")
    box.press("Enter")
    expect(answer.page.get_by_text(re.compile("missing \\) at position 1"))).to_be_visible(timeout=SLOW)


def test_a_typed_text_is_coded(answer: Any) -> None:
    answer.page.get_by_role("tab", name="On my text").click()
    expect(answer.page.get_by_text(re.compile(r"tokens of this text fall into at most"))).to_be_visible(timeout=SLOW)
    assert answer.sideways() <= 0


def test_concepts_are_looked_for_and_a_code_is_given_a_name(answer: Any) -> None:
    answer.page.get_by_role("tab", name="Concepts").click()
    answer.page.get_by_role("button", name="Look for all concepts").click()
    expect(answer.page.get_by_text(re.compile(r"concepts have a code with F1 of 0\.8"))).to_be_visible(timeout=SLOW)
    assert "concepts=all" in answer.settled().url
    answer.page.get_by_role("tab", name="Browse").click()
    answer.page.get_by_role("button", name="Name and note").click()
    answer.page.get_by_role("textbox", name="Name", exact=True).fill("<b>a name")
    answer.page.get_by_role("button", name="Save", exact=True).click()
    expect(answer.page.get_by_text(re.compile(r"^Code \d+ of layer \d+: <b>a name$"))).to_be_visible()
    answer.page.get_by_role("tab", name="Steer").click()
    expect(answer.page.get_by_text("does not predict the next token")).to_be_visible()
    assert answer.sideways() <= 0


def test_a_decoder_writes_with_a_code_turned_up(window: Open) -> None:
    here = window()
    here.open("Codebooks?model=smollm2&layers=8&codes=32&n_fit=600&n_test=300&passes=2")
    here.page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(here.page.get_by_text(re.compile("Codes say most of layer 8 of 30"))).to_be_visible(timeout=SLOW)
    here.page.get_by_role("tab", name="Steer").click()
    here.page.get_by_role("button", name="Take its code").wait_for()
    here.page.get_by_role("textbox", name="Codes", exact=True).fill("8:3")
    here.page.get_by_role("textbox", name="Topic (regular expression)").fill("[a-z]")
    here.page.get_by_text("More options").last.click()
    for name, value in (("Samples", "2"), ("New tokens", "5")):
        here.page.get_by_role("spinbutton", name=name, exact=True).fill(value)
    here.page.get_by_role("button", name="Write").click()
    expect(here.page.get_by_text(re.compile(r"Activating code 3 of layer 8"))).to_be_visible(timeout=SLOW)
    expect(here.page.get_by_role("columnheader", name="Without")).to_be_visible()
    assert here.sideways() <= 0
    assert (here.elsewhere, here.dialogs, here.page.get_by_test_id("stException").count()) == ([], [], 0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(answer: Any, address: dict[str, str], window: Open, shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    seen.open(address["run"])
    expect(seen.page.get_by_text(SENTENCE)).to_be_visible()
    shot(seen, f"codebooks-{scheme}")
    seen.page.get_by_role("tab", name="Browse").evaluate("e => e.scrollIntoView({block: 'start'})")
    shot(seen, f"codes-{scheme}")
    assert seen.sideways() <= 0
