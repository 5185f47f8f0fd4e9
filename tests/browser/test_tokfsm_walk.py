"""The TokFSM page in a real browser: its demo, every figure, and its pictures."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from shots import SCHEMES, SHOTS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
SLOW = 480_000
SENTENCE = re.compile(r"Thinking in codes, the model has a loss of 1\.\d{3} nats a token, 0\.\d{3} over the least")
Open = Callable[..., Any]


@pytest.fixture
def answer(asked: Open) -> Any:
    """The page with the demo's answer."""

    def ask(here: Any) -> None:
        here.open("TokFSM?texts=200" if SHOTS else "TokFSM?texts=40&pairs=60")
        here.page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
        expect(here.page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)

    here = asked(ask)
    expect(here.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    return here


def test_a_kept_model_is_held_against_its_machine(answer: Any) -> None:
    assert re.search(r"run=[0-9a-f]{32}", answer.page.url)
    for figure in ("Exchanged codes", "Edited walks", "Use of codes", "Codes of states"):
        answer.page.get_by_text(figure, exact=True).click()
        answer.settled()
        expect(answer.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
        assert answer.sideways() <= 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(answer: Any, address: dict[str, str], window: Open, shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    seen.open(address["run"])
    expect(seen.page.get_by_text(SENTENCE)).to_be_visible()
    shot(seen, f"tokfsm-{scheme}")
    assert seen.sideways() <= 0
