"""A person's way to a model, in a real browser against the real server: look, weigh, load, check, cut a text."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from shots import SCHEMES

from probes.models import presets

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]

SLOW = 480_000
SENTENCE = re.compile(r"minilm: 6 layers of 384, 22\.6 M parameters; all \d+ self-checks pass")
CUT = re.compile(r"characters become")
HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> $x^2$ `c` [a](javascript:alert(3)) \u202egnp"
Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def weights(minilm: str) -> str:
    return minilm


@pytest.fixture
def answer(asked: Open) -> Any:
    """The page with the demo's answer."""

    def ask(here: Any) -> None:
        here.open("Models")
        here.page.get_by_role("button", name="Run the demo").click()
        expect(here.page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)

    here = asked(ask)
    expect(here.page.get_by_text(CUT)).to_be_visible(timeout=SLOW)
    return here


def choose(page: Page, name: str) -> None:
    box = page.get_by_role("combobox", name="Model", exact=True)
    box.click()
    box.fill(name)
    box.press("Enter")


def test_a_cold_page_is_readable_and_asks_nobody(window: Open) -> None:
    here = window()
    page = here.open("Models")
    expect(page.get_by_text("Choose a model to see what it takes")).to_be_visible()
    page.get_by_text("Models of the papers").click()
    expect(page.get_by_text("Grey: the hub is switched off")).to_be_visible()
    assert here.sideways() <= 0
    assert here.elsewhere == []


def test_a_row_of_the_list_chooses_its_model(window: Open) -> None:
    here = window()
    page = here.open("Models")
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + 17, box["y"] + 35 + 17 + 35)  # the mark of the second row
    expect(page.get_by_role("combobox", name="Model", exact=True)).to_have_value("smollm2")
    expect(page.get_by_text("It fits")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("30 × 576").last).to_be_visible()


def test_a_model_too_large_is_weighed_and_not_loaded(window: Open) -> None:
    here = window()
    page = here.open("Models")
    choose(page, "google/gemma-2-9b")
    texts = page.get_by_role("spinbutton", name="Texts at once")
    expect(page.get_by_text("licence Gemma terms")).to_be_visible(timeout=SLOW)
    texts.fill("65536")
    texts.press("Enter")
    expect(page.get_by_text("It does not fit")).to_be_visible(timeout=SLOW)
    advice = page.get_by_text(re.compile("Read .* at a time|choose a smaller model|Load it"))
    expect(advice).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name="Load and check")).to_be_disabled(timeout=SLOW)
    assert here.settled().get_by_test_id("stException").count() == 0
    assert here.sideways() <= 0


@pytest.mark.parametrize("name", [HOSTILE, f"{'x' * 150}/{'x' * 149}"], ids=["markup", "long"])
def test_hostile_names_are_refused_and_shown_literally(window: Open, name: str) -> None:
    here = window()
    page = here.open("Models")
    choose(page, name)
    alert = page.get_by_role("alert").filter(has_not_text="Choose a model to see")
    expect(alert.first).to_be_visible(timeout=SLOW)
    assert name[:40] in alert.first.inner_text().replace("\u2060", "") or "too long" in alert.first.inner_text()
    assert alert.locator("img, a, code, .katex, script").count() == 0
    assert here.dialogs == []
    assert here.sideways() <= 0


def test_the_demo_ends_in_a_sentence_a_badge_and_a_cut_text(answer: Any) -> None:
    page = answer.page
    assert re.search(r"run=[0-9a-f]{32}$", page.url)
    expect(page.get_by_text(re.compile(r"\d+ self-checks passed"))).to_be_visible()
    page.get_by_text("What was checked").click()
    expect(page.get_by_text("output_hidden_states")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    assert answer.sideways() <= 0


def test_hostile_text_is_cut_and_shown_literally(answer: Any) -> None:
    page = answer.page
    box = page.get_by_label("Text", exact=True)
    before = page.get_by_text(CUT).inner_text()
    box.fill(HOSTILE)
    box.press("Control+Enter")
    expect(page.get_by_text(before, exact=True)).to_have_count(0, timeout=SLOW)
    expect(page.get_by_text(CUT)).to_be_visible(timeout=SLOW)
    page = answer.settled()
    assert page.locator("[data-testid=stMain] script, [data-testid=stMain] img[src=x]").count() == 0
    with page.expect_download(timeout=SLOW) as coming:
        page.locator(".st-key-tokens_pieces_pdf button").click()
    text = PdfReader(io.BytesIO(coming.value.path().read_bytes())).pages[0].extract_text()
    for word in ("script", "alert", "[CLS]"):
        assert word in text.replace("\n", "")
    assert "\u202e" not in text
    expect(page.get_by_text("1 character that is not blank is in no token").first).to_be_visible()


def test_the_self_check_leaves_as_a_figure(answer: Any) -> None:
    with answer.page.expect_download(timeout=SLOW) as coming:
        answer.page.locator(".st-key-model_differences_pdf button").click()
    text = PdfReader(io.BytesIO(coming.value.path().read_bytes())).pages[0].extract_text()
    assert "tolerance" in text
    assert "largest difference" in text


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(answer: Any, address: dict[str, str], window: Open, shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    page = seen.open("Models")
    page.get_by_text("Models of the papers").click()
    choose(page, next(iter(presets.presets())))
    expect(page.get_by_text("It fits")).to_be_visible(timeout=SLOW)
    seen.settled()
    shot(seen, f"models-list-{scheme}")
    page.get_by_role("button", name="Load and check").evaluate("e => e.scrollIntoView({block: 'end'})")
    shot(seen, f"models-verdict-{scheme}")
    seen.open(address["run"])
    expect(page.get_by_text(CUT)).to_be_visible(timeout=SLOW)
    seen.settled()
    shot(seen, f"models-{scheme}")
    page.get_by_role("heading", name="How it cuts text").evaluate("e => e.scrollIntoView({block: 'start'})")
    page.get_by_text(re.compile("Every token")).click()
    shot(seen, f"tokens-{scheme}")
    assert seen.sideways() <= 0
    assert seen.elsewhere == []
