"""A person's way through Strata, in a real browser against the real server: ask, read, take away, look closer."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from shots import SCHEMES, SHOTS

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]

SLOW = 480_000
SMALL = "n_train=80&n_valid=20&n_test=40&epochs=4"
SENTENCE = re.compile(r"Syntax peaks at layer \S+ of 6: F1 0\.\d\d")
Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def weights(minilm: str) -> str:
    return minilm


@pytest.fixture
def answer(asked: Open) -> Any:
    """The page with its answer."""

    def ask(here: Any) -> None:
        here.open("Syntax" if SHOTS else f"Syntax?{SMALL}")
        here.page.get_by_role("button", name="Run", exact=True).click()
        expect(here.page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)

    here = asked(ask)
    expect(here.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    return here


def at_snippet(here: Any) -> Any:
    """Open the section in which a snippet is typed."""
    here.page.get_by_role("tab", name="Try a snippet").click()
    expect(here.page.get_by_text(re.compile("gives back"))).to_be_visible(timeout=SLOW)
    return here


def take(page: Page, key: str) -> bytes:
    with page.expect_download(timeout=SLOW) as coming:
        page.locator(f".st-key-{key} button").click()
    return coming.value.path().read_bytes()


def test_a_question_ends_in_a_sentence_with_its_figure(answer: Any) -> None:
    assert re.search(r"run=[0-9a-f]{32}$", answer.page.url)
    assert answer.page.get_by_test_id("stException").count() == 0
    assert answer.sideways() <= 0


def test_the_pdf_holds_the_figure_as_text(answer: Any) -> None:
    data = take(answer.page, "syntax_f1_by_layer_pdf")
    pdf = PdfReader(io.BytesIO(data))
    text = pdf.pages[0].extract_text()
    assert len(pdf.pages) == 1
    for word in ("layer", "F1", "control task", "random init"):
        assert word in text
    assert float(pdf.pages[0].mediabox.width) == pytest.approx(6.75 * 72, abs=2)
    assert 4_000 < len(data) < 2_000_000


def test_svg_png_and_tables_come_too(answer: Any) -> None:
    svg = ET.fromstring(take(answer.page, "syntax_f1_by_layer_svg"))
    assert svg.tag.endswith("svg")
    assert take(answer.page, "syntax_f1_by_layer_png").startswith(b"\x89PNG")
    table = pd.read_csv(io.BytesIO(take(answer.page, "syntax_f1_by_layer_csv")))
    same = pd.read_parquet(io.BytesIO(take(answer.page, "syntax_f1_by_layer_parquet")))
    assert {"series", "layer", "f1", "low", "high"} <= set(table.columns)
    assert table["f1"].tolist() == pytest.approx(same["f1"].tolist())
    best = SENTENCE.search(answer.page.content())
    assert best
    assert any(f"{f1:.2f}" in best.group() for f1 in table["f1"])


def test_a_typed_snippet_is_answered(answer: Any) -> None:
    box = at_snippet(answer).page.get_by_label("Code", exact=True)
    before = answer.page.get_by_text(re.compile("gives back")).inner_text()
    box.fill(
        "def area(width, height):\n    if width < 0:\n        raise ValueError(width)\n    return width * height\n"
    )
    box.press("Control+Enter")
    expect(answer.page.get_by_text(before, exact=True)).to_have_count(0, timeout=SLOW)
    expect(answer.page.get_by_text(re.compile("gives back"))).to_be_visible(timeout=SLOW)
    assert answer.settled().get_by_test_id("stException").count() == 0
    text = PdfReader(io.BytesIO(take(answer.page, "snippet_snippet_pdf"))).pages[0].extract_text()
    assert "width" in text
    assert answer.sideways() <= 0


def test_code_that_does_not_parse_is_refused_with_a_reason(answer: Any) -> None:
    box = at_snippet(answer).page.get_by_label("Code", exact=True)
    box.fill("def broken(:\n")
    box.press("Control+Enter")
    expect(answer.page.get_by_role("alert")).to_be_visible(timeout=SLOW)
    assert answer.page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(answer: Any, address: dict[str, str], window: Open, shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    seen.open(address["run"])
    expect(seen.page.get_by_text(SENTENCE)).to_be_visible()
    seen.settled()
    shot(seen, f"syntax-{scheme}")
    at_snippet(seen).settled()
    seen.page.get_by_role("tab", name="Try a snippet").evaluate("e => e.scrollIntoView({block: 'start'})")
    shot(seen, f"snippet-{scheme}")
    assert seen.sideways() <= 0
    seen.open()
    expect(seen.page.get_by_text(SENTENCE).first).to_be_visible()
    shot(seen, f"home-{scheme}")
    assert seen.sideways() <= 0
    assert seen.elsewhere == []
