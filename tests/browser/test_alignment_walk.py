"""The Alignment page in a real browser: the demo's question on a few languages, its headline, figures, sentences."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from shots import SCHEMES, SHOTS

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]
SLOW = 480_000
SENTENCE = re.compile(r"\d+ languages meet English, most often at layer \d+ of 12: 0\.\d\d of sentence pairs")
LANGUAGES = "ru, fr, ckb, de, tr, zh_Hans, ar, ug, ga, fi, ja, pt_BR" if SHOTS else "ru, fr, tr, ja"
Open = Callable[..., Any]


@pytest.fixture
def answer(asked: Open, server: Any, real_home: Path, django: str) -> Any:
    """The page with its answer."""

    def ask(here: Any) -> None:
        at_hand = server.home / "corpora"
        if not at_hand.exists():
            at_hand.symlink_to((real_home / "corpora").absolute(), target_is_directory=True)
        here.open("Alignment" if SHOTS else "Alignment?n=30")
        here.page.get_by_label("Languages", exact=True).fill(LANGUAGES)
        here.page.get_by_label("Languages", exact=True).press("Tab")
        here.page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
        expect(here.page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)

    here = asked(ask)
    expect(here.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    return here


def test_a_question_about_languages_ends_in_a_sentence_with_its_figures(answer: Any) -> None:
    assert re.search(r"run=[0-9a-f]{32}", answer.page.url)
    for figure in ("Over the floors", "Between languages", "By language"):
        answer.page.get_by_text(figure, exact=True).click()
        answer.settled()
        expect(answer.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
        assert answer.sideways() <= 0
    assert answer.page.get_by_test_id("stException").count() == 0


def test_another_language_and_its_sentences_are_looked_at(answer: Any) -> None:
    expect(answer.page.get_by_text(re.compile(r"^ja in the tables"))).to_have_count(0)
    answer.page.get_by_label("Language", exact=True).click()
    answer.page.keyboard.type("Japanese")  # of a long list only a part is drawn
    answer.page.get_by_role("option", name="Japanese", exact=True).click()
    expect(answer.page.get_by_text(re.compile(r"^ja in the tables"))).to_be_visible()
    expect(answer.page.get_by_text(re.compile(r"\d+ of \d+ sentences are at least as near"))).to_be_visible()
    assert "language=Japanese" in answer.settled().url
    assert answer.page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(answer: Any, address: dict[str, str], window: Open, shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    seen.open(address["run"])
    expect(seen.page.get_by_text(SENTENCE)).to_be_visible()
    shot(seen, f"alignment-{scheme}")
    seen.page.get_by_role("heading", name="Look at one language").evaluate("e => e.scrollIntoView({block: 'start'})")
    shot(seen, f"language-{scheme}")
    assert seen.sideways() <= 0
    assert seen.elsewhere == []
