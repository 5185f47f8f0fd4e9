"""Lens, Attribution, Intervention and Probing in a real browser: one small question each, light and dark."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from copying import KEPT
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]
SLOW = 240_000
Open = Callable[..., Any]
PAGES = {
    "lens": ("Lens?text=The+capital+of+France+is", r"predictions have settled by layer \d+ of 30"),
    "attribution": (
        "Attribution?model=minilm&target=similarity&text=A+man+plays+a+guitar.&other=Someone+makes+music.",
        r"By feature ablation, “.+” \(token \d\) carries most of the cosine of the two texts",
    ),
    "intervention": (
        f"Intervention?model={quote(str(KEPT), safe='')}&answer=q&instead=s"
        "&prompt=d+k+a+m+q+t+d+k+a+m&other=d+k+a+m+s+t+d+k+a+m",
        r"One state brings back 1\.00 of the logit difference",
    ),
    "probing": ("Probing?n=200&per_text=6&seeds=1&random_init=false", r"Identifier role is read best at layer \d of 6"),
}
"""An address with a small question filled in, and what its answer says."""


@pytest.mark.parametrize("name", PAGES)
def test_a_question_is_asked_answered_and_looks_right(
    name: str, window: Open, shot: Callable[..., None], real: Callable[[str], str]
) -> None:
    real("smollm2" if name == "lens" else "minilm")
    address, sentence = PAGES[name]
    here = window()
    here.open(address)
    here.page.get_by_test_id("stFormSubmitButton").get_by_role("button").first.click()
    expect(here.page.get_by_text(re.compile(sentence))).to_be_visible(timeout=SLOW)
    expect(here.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    here.settled()
    shot(here, f"{name}-light")
    dark = window("dark")
    dark.open(here.page.url.rpartition("/")[2])
    expect(dark.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    shot(dark, f"{name}-dark")
    for seen in (here, dark):
        assert re.search(r"run=[0-9a-f]{32}", seen.page.url)
        assert seen.sideways() <= 0
        assert seen.elsewhere == []
        assert seen.page.get_by_test_id("stException").count() == 0
