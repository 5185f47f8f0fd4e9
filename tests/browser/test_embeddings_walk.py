"""The Embeddings page in a real browser: the demo, the slider that moves points, a box that lists them, neighbours."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from shots import SCHEMES

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]
SLOW = 480_000
SENTENCE = re.compile(r"PCA of 1000 leaves of code keeps most at layer \d of 6: 0\.\d\d of the 15 nearest neighbours")
PICKED = re.compile(r"\d+ of 1,000 points")
Open = Callable[..., Any]


@pytest.fixture
def answer(asked: Open, minilm: str) -> Any:
    """The page with the demo's map."""

    def ask(here: Any) -> None:
        here.open("Embeddings")
        here.page.get_by_role("button", name="Run the demo").first.click()
        expect(here.page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)

    here = asked(ask)
    expect(here.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    return here


def test_the_slider_moves_the_points_without_the_server(answer: Any) -> None:
    chart = answer.page.get_by_test_id("stVegaLiteChart").first
    slider = chart.locator("input[type=range]")
    expect(slider).to_be_visible()
    before = chart.screenshot()
    slider.evaluate("e => { e.value = 5.5; e.dispatchEvent(new Event('input')) }")
    answer.page.wait_for_timeout(500)
    assert chart.screenshot() != before
    assert answer.sideways() <= 0


def test_a_box_lists_points_and_a_row_shows_what_is_near(answer: Any) -> None:
    page = answer.page
    plot = page.locator("[class*=st-key-map_points]").first
    page.get_by_role("heading", name="Look at the points").evaluate("e => e.scrollIntoView({block: 'start'})")
    page.wait_for_timeout(1000)
    box = plot.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 115, box["y"] + 24)  # the box of the toolbox
    page.mouse.move(box["x"] + 60, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + box["height"] - 20, steps=8)
    page.mouse.up()
    expect(page.get_by_text(PICKED)).to_be_visible()
    page.locator("[class*=st-key-map_rows]").first.click(position={"x": 15, "y": 60})
    expect(page.get_by_text("What is near it")).to_be_visible()
    assert re.search(r"point=\d+", answer.settled().url)
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_picked_in_one_of_two_maps_is_ringed_in_the_other(
    answer: Any, address: dict[str, str], window: Open, shot: Callable[..., None], scheme: str
) -> None:
    seen = window(scheme)
    page = seen.open(address["run"] + "&layer=3&beside=layer+5")
    left, right = (page.locator(f"[class*=st-key-map_{name}]").first for name in ("points", "beside"))
    page.get_by_role("heading", name="Look at the points").evaluate("e => e.scrollIntoView({block: 'start'})")
    expect(right).to_be_visible()
    page.wait_for_timeout(1000)
    before = right.screenshot()
    counts = []
    for plot in (left, right):
        box = plot.bounding_box()
        page.mouse.click(box["x"] + box["width"] - 115, box["y"] + 24)  # the box of the toolbox
        page.mouse.move(box["x"] + 240, box["y"] + 120)
        page.mouse.down()
        page.mouse.move(box["x"] + 330, box["y"] + 200, steps=8)
        page.mouse.up()
        page.wait_for_timeout(3000)
        seen.settled()
        expect(page.get_by_text(PICKED)).to_be_visible()
        counts.append(page.get_by_text(PICKED).inner_text())
        if plot is left:
            assert right.screenshot() != before
            shot(seen, f"beside-{scheme}")
    assert counts[0] != counts[1]  # what was picked last is listed
    assert seen.sideways() <= 0
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(answer: Any, address: dict[str, str], window: Open, shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    seen.open(address["run"] + "&point=40&layer=3")
    expect(seen.page.get_by_text(SENTENCE)).to_be_visible()
    shot(seen, f"embeddings-{scheme}")
    seen.page.get_by_role("heading", name="Look at the points").evaluate("e => e.scrollIntoView({block: 'start'})")
    shot(seen, f"points-{scheme}")
    assert seen.sideways() <= 0
    assert seen.elsewhere == []
