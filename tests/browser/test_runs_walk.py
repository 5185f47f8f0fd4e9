"""A way through the history: found, picked by keyboard, compared, annotated, deleted; and what runs, beside it."""

import io
import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from asked import put
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from shots import SCHEMES
from small import code_folder, small_spec

from probes import engine, store

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
SLOW = 120_000
HOSTILE = "<img src=x onerror=alert(1)> **b** :red[r] :material/bolt: $x^2$ [a](javascript:alert(2)) `c`"
SENTENCE = re.compile(r"“rank \d” is .* in F1 of constituents, ")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def runs(server: Any, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two runs that differ in their rank, and one whose every word is hostile, in the server's own home."""
    folder = code_folder(tmp_path_factory.mktemp("runs") / "code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(server.home))
        patch.setenv("HF_HUB_OFFLINE", "1")
        specs = [small_spec(tiny_bert, folder, rank=rank, random_init=False).pinned() for rank in (2, 4)]
        for spec in specs:
            engine.run(spec)
        hostile = put(server.home, 1, hours=9, headline=HOSTILE, model=HOSTILE)
    return [*(spec.digest for spec in specs), hostile]


@pytest.fixture
def home(server: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's store, to write into and look at from here."""
    monkeypatch.setenv("STRATA_HOME", str(server.home))
    return server.home


def pick(page: Page, *rows: int) -> None:
    """Pick rows of the table by keyboard alone."""
    page.get_by_test_id("stDataFrame").wait_for()
    page.wait_for_timeout(500)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('data-testid')") == "data-grid-canvas":
            break
    else:
        raise AssertionError("60 times Tab does not reach the table")
    at = 0
    for row in rows:
        for _ in range(row - at):
            page.keyboard.press("ArrowDown")
        at = row
        page.keyboard.press("Shift+Space")
        page.wait_for_timeout(300)


def test_runs_are_searched_picked_by_keyboard_and_compared(window: Open, runs: list[str]) -> None:
    here = window()
    page = here.open("Runs")
    page.get_by_role("textbox", name="Search").fill("peaks")
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(page).to_have_url(re.compile("search=peaks"))
    here.settled()
    page.reload()
    here.settled()
    expect(page.get_by_role("textbox", name="Search")).to_have_value("peaks")
    pick(page, 0, 1)
    expect(page.get_by_text("2 runs", exact=True)).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    asked = urllib.parse.unquote(page.url).rpartition("compare=")[2]
    assert set(asked.split(",")) == set(runs[:2])
    assert here.sideways() <= 0
    assert here.elsewhere == []


def take(page: Page, fmt: str) -> bytes:
    with page.expect_download(timeout=SLOW) as coming:
        page.locator(f".st-key-comparison_{fmt} button").click()
    return coming.value.path().read_bytes()


def test_a_comparison_leaves_as_figure_and_table(window: Open, runs: list[str]) -> None:
    here = window()
    page = here.open(f"Runs?compare={runs[0]},{runs[1]}")
    expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)
    text = PdfReader(io.BytesIO(take(page, "pdf"))).pages[0].extract_text()
    assert "F1 of constituents" in text
    assert "rank 4" in text
    table = pd.read_csv(io.BytesIO(take(page, "csv")))
    assert {"difference", "low", "high", "how"} <= set(table.columns)
    said = SENTENCE.search(page.content())
    assert said
    best = table.difference.abs().map("{:.2f}".format)
    assert any(number in said.group() for number in best) or "exactly as" in said.group()


def test_a_hostile_run_is_shown_literally_annotated_and_deleted(window: Open, runs: list[str], home: Path) -> None:
    """Case 40, in the real browser."""
    here = window()
    page = here.open("Runs?search=onerror&state=done")  # what other walks were refused has such words too
    pick(page, 0)
    expect(page.locator("strong", has_text="<img src=x")).to_be_visible()
    assert page.locator("[data-testid=stMain] img, [data-testid=stMain] .katex").count() == 0
    here.settled()
    page.get_by_role("textbox", name="Note").fill(HOSTILE)
    page.get_by_role("textbox", name="Note").press("Control+Enter")
    here.until(lambda: store.mark(runs[2]).note == HOSTILE)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete this run").click()
    expect(page.get_by_text("Deleted one run.")).to_be_visible()
    assert not (home / "runs" / runs[2]).exists()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Deleted one run.")).to_have_count(0)
    assert (home / "runs" / runs[2]).exists()
    assert here.dialogs == []
    assert page.get_by_test_id("stException").count() == 0


MANY = "&".join(f"p{i}=1" for i in range(5_000))
ADDRESSES = [
    "Runs?compare=..%2F..%2Fetc%2Fpasswd,NaN",
    "Runs?compare=" + "0" * 32 + "," + "1" * 32,
    "Runs?model=%3Cscript%3Ealert(1)%3C/script%3E&state=NaN&when=-1&sort=../x&kind=Infinity",
    "Runs?search=%E2%80%AE%00%3Cb%3E&pinned=perhaps",
    f"Runs?{MANY}",
    "Runs?search=" + "x" * 40_000,
    "Syntax?model=" + "x" * 40_000 + "&rank=NaN&layer=1e9",
    "?run=" + "x" * 40_000,
]


@pytest.mark.parametrize("address", ADDRESSES, ids=range(len(ADDRESSES)))
def test_hostile_addresses_give_a_page(window: Open, runs: list[str], address: str) -> None:
    """Case 60, in the real browser."""
    here = window()
    page = here.open(address)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    if "compare" in address or "NaN" in address:
        expect(page.get_by_role("alert").first).to_be_visible()
    assert here.dialogs == []


def test_a_megabyte_is_refused_by_the_server_which_goes_on(window: Open, runs: list[str]) -> None:
    """Case 60: such a request never reaches a page."""
    here = window()
    with pytest.raises(Exception, match="ERR_"):
        here.page.goto(f"{here.url}/Runs?search={'x' * 1_000_000}")
    again = window().open("Runs")
    expect(again.get_by_role("heading", name="What was asked before?")).to_be_visible()


def test_what_runs_is_seen_from_every_page_until_it_ends(
    window: Open, server: Any, runs: list[str], home: Path
) -> None:
    """Cases 62 and 63: also in a second tab, and after a reload."""
    digest = "ab" * 16
    alive = {"pid": server.process.pid, "born": psutil.Process(server.process.pid).create_time()}
    question = {"kind": "syntax", "version": 1, "spec": {"model": "minilm"}}
    store.note(digest, "queued", question=question, **alive)
    store.note(digest, "running", share=0.4, note="Reading code", **alive)
    here, second = window(), window()
    for page in (here.open(""), here.open("Syntax"), here.open("Runs"), second.open("")):
        bar = page.get_by_test_id("stSidebar").get_by_role("progressbar")
        expect(bar).to_have_count(1)
        expect(page.get_by_test_id("stSidebar").get_by_role("button", name="Cancel")).to_be_visible()
    here.page.reload()
    side = here.settled().get_by_test_id("stSidebar")
    expect(side.get_by_role("progressbar")).to_have_count(1)
    side.get_by_role("button", name="Cancel").click()
    here.settled()
    here.page.wait_for_timeout(1500)
    assert store.asked_to_stop(digest)
    error = {"code": "E-X", "what": "It <b>broke</b>.", "why": "", "fix": ""}
    store.note(digest, "failed", error=error, **alive)
    for page in (here.page, second.page):
        expect(page.get_by_test_id("stSidebar").get_by_role("progressbar")).to_have_count(0)
        expect(page.get_by_test_id("stToast")).to_contain_text("It <b>broke</b>.")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(window: Open, runs: list[str], shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    page = seen.open("Runs?search=peaks")
    pick(page, 0)
    expect(page.get_by_text("Open in Syntax")).to_be_visible()
    shot(seen, f"runs-{scheme}")
    assert seen.sideways() <= 0
    page = seen.open(f"Runs?compare={runs[0]},{runs[1]}")
    expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    shot(seen, f"comparison-{scheme}")
    assert seen.sideways() <= 0
