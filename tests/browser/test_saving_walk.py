"""The export bar in a real browser: every format is downloaded and opened, and the bundle gathers across figures."""

import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from typing import Any

import nbformat
import pandas as pd
import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]

SLOW = 480_000
BAR = "syntax_f1_by_layer"
Open = Callable[..., Any]


@pytest.fixture
def answer(asked: Open, minilm: str) -> Any:
    """The page with a small answer."""

    def ask(here: Any) -> None:
        here.open("Syntax")
        here.page.get_by_text("More options").click()
        for label in ("Training functions", "Validation functions", "Test functions"):
            box = here.page.get_by_label(label, exact=True)
            box.fill("20")
            box.press("Tab")
        here.page.get_by_role("button", name="Run", exact=True).click()
        expect(here.page.locator(f".st-key-{BAR}_bar")).to_be_visible(timeout=SLOW)

    here = asked(ask)
    expect(here.page.locator(f".st-key-{BAR}_bar")).to_be_visible(timeout=SLOW)
    here.settled()
    return here


def take(page: Page, key: str) -> tuple[str, bytes]:
    with page.expect_download(timeout=SLOW) as coming:
        page.locator(f".st-key-{key} button").first.click()
    return coming.value.suggested_filename, coming.value.path().read_bytes()


def test_every_format_is_downloaded_and_opens(answer: Any) -> None:
    formats = ("pdf", "svg", "png", "csv", "parquet", "tex", "py", "ipynb")
    files = {fmt: take(answer.page, f"{BAR}_{fmt}") for fmt in formats}
    for fmt, (name, _) in files.items():
        assert re.fullmatch(rf"strata-syntax(-f1-by-layer)?-[0-9a-f]{{12}}\.{fmt}", name)
    data = {fmt: content for fmt, (_, content) in files.items()}
    assert "F1" in PdfReader(io.BytesIO(data["pdf"])).pages[0].extract_text()
    assert ET.fromstring(data["svg"]).tag.endswith("svg")
    assert data["png"].startswith(b"\x89PNG")
    table = pd.read_csv(io.BytesIO(data["csv"]), dtype={"layer": str})
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(data["parquet"])), table, check_dtype=False)
    assert data["tex"].decode().count(r" \\") == len(table) + 1
    compile(data["py"], "exported.py", "exec")
    nbformat.validate(nbformat.reads(data["ipynb"].decode(), as_version=4))
    assert answer.elsewhere == []
    assert answer.dialogs == []


def test_the_width_chosen_is_the_width_of_the_file(answer: Any) -> None:
    page = answer.page
    page.locator(f".st-key-{BAR}_bar").get_by_test_id("stPopover").first.get_by_role("button").first.click()
    page.get_by_role("combobox", name="Page width").click()
    page.get_by_role("option", name=re.compile(r"^acl ·")).click()
    answer.settled()
    page.get_by_role("combobox", name="Font").click()
    page.get_by_role("combobox", name="Font").fill("No Such Family")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("'No Such Family' is not installed here"))).to_be_visible()
    page.keyboard.press("Escape")
    answer.settled()
    _, data = take(page, f"{BAR}_pdf")
    pdf = PdfReader(io.BytesIO(data)).pages[0]
    assert float(pdf.mediabox.width) == pytest.approx(77 / 25.4 * 72, abs=1)
    assert "F1" in pdf.extract_text()
    assert b"/FontFile" in data


def test_figures_are_gathered_named_and_taken_away(answer: Any, shot: Callable[..., None]) -> None:
    page = answer.page
    page.get_by_role("tab", name="Try a snippet").click()
    for key in (BAR, "snippet_snippet"):
        bar = page.locator(f".st-key-{key}_bar")
        expect(bar).to_be_visible(timeout=SLOW)
        bar.get_by_role("button", name=re.compile("Add to paper bundle")).first.click()
        expect(bar.get_by_role("button", name=re.compile("In the bundle")).first).to_be_visible(timeout=SLOW)
        answer.settled()
    answer.page.reload()
    answer.settled()
    page.locator(f".st-key-{BAR}_bar").get_by_role("button", name="Bundle (2)").first.click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_visible()
    name.fill("Our <b>paper</b>")
    name.press("Enter")
    answer.settled()
    shot(answer, "bundle-light")
    assert answer.sideways() <= 0
    _, data = take(page, f"{BAR}_zip")
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert json.loads(archive.read("MANIFEST.json"))["title"] == "Our <b>paper</b>"
    assert len([n for n in archive.namelist() if n.startswith("scripts/")]) == 2
    assert "[@hernandez-lopez-2022]" in archive.read("methods.md").decode()
    assert answer.page.get_by_test_id("stException").count() == 0
    assert answer.elsewhere == []
