"""A person brings a table of their own, in a real browser: upload, look, choose columns, take it to a question."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlparse

import pandas as pd
import pytest
from playwright.sync_api import expect
from shots import SCHEMES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SLOW = 120_000
SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "functions.csv"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "$x$",
    "`x`",
    ":material/bolt:",
    "[a](javascript:alert(1))",
    "\u202egnp",
    "=1+1",
]
Open = Callable[..., Any]


def corpus_of(seen: Any) -> str:
    return parse_qs(urlparse(seen.page.url).query)["corpus"][0]


def test_an_upload_is_read_and_taken_to_syntax(window: Open, server: Any) -> None:
    seen = window()
    seen.open("Corpora")
    seen.page.locator("input[type=file]").set_input_files(
        {"name": "../my functions.csv", "mimeType": "text/csv", "buffer": SAMPLE.read_bytes()}
    )
    expect(seen.page.get_by_text(re.compile("my_functions.csv: 12 rows"))).to_be_visible(timeout=SLOW)
    seen.settled()
    (kept,) = (server.home / "uploads").glob("*/my_functions.csv")
    assert kept.read_bytes() == SAMPLE.read_bytes()
    assert corpus_of(seen).endswith("/my_functions.csv")
    assert seen.sideways() <= 0

    option = seen.page.get_by_role("option", name="language", exact=True)
    for _ in range(5):  # a list that opens while the page still settles is closed again
        seen.page.get_by_role("combobox", name=re.compile("Language")).click()
        seen.page.wait_for_timeout(500)
        if option.is_visible():
            break
    option.click()
    seen.page.get_by_role("button", name="Apply").click()
    seen.page.wait_for_url(re.compile("language%3Dlanguage"))
    seen.settled()
    with seen.page.expect_download(timeout=SLOW) as coming:
        seen.page.get_by_role("button", name="Rows as CSV").click()
    saved = pd.read_csv(io.BytesIO(coming.value.path().read_bytes()))
    assert saved["code"].tolist() == pd.read_csv(SAMPLE)["code"].tolist()

    name = corpus_of(seen)
    seen.page.get_by_role("link", name="Use in Syntax").click()
    expect(seen.page.get_by_role("heading", level=1)).to_contain_text("syntax tree", timeout=SLOW)
    seen.settled()
    assert name.split("?")[0] in seen.page.get_by_role("combobox", name=re.compile("Corpus")).first.input_value()
    assert seen.elsewhere == []
    assert seen.dialogs == []


def test_hostile_cells_and_names_are_shown_and_never_run(window: Open, tmp_path: Path) -> None:
    """Case 40."""
    path = tmp_path / "<img src=x onerror=alert(1)> $x$.csv"
    path.write_text(pd.DataFrame([HOSTILE], columns=[f"{cell} " for cell in HOSTILE]).to_csv(index=False))
    seen = window()
    seen.open(f"Corpora?corpus={quote('table:' + quote(str(path)), safe='')}")
    expect(seen.page.get_by_text(re.compile("onerror=alert.*: 1 row, texts"))).to_be_visible(timeout=SLOW)
    seen.settled()
    assert seen.page.locator("img[src=x], script:text('alert(1)'), .katex").count() == 0
    assert seen.dialogs == []
    assert seen.elsewhere == []
    assert seen.sideways() <= 0


def test_a_file_over_the_limit_never_leaves_the_browser(window: Open, server: Any, tmp_path: Path) -> None:
    """Case 35."""
    large = tmp_path / "large.csv"
    with large.open("wb") as out:
        out.truncate(51 << 20)
    seen = window()
    seen.open("Corpora")
    sent: list[str] = []
    seen.page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    seen.page.locator("input[type=file]").set_input_files(str(large))
    expect(seen.page.get_by_text(re.compile(r"50(\.0)?\s?MB or smaller"))).to_be_visible(timeout=SLOW)
    seen.settled()
    assert sent == []
    assert not list((server.home / "uploads").glob("*/large.csv")) if (server.home / "uploads").exists() else True


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures(window: Open, shot: Callable[..., None], scheme: str) -> None:
    seen = window(scheme)
    seen.open("Corpora")
    expect(seen.page.get_by_role("heading", name="What do the models read?")).to_be_visible()
    shot(seen, f"corpora-empty-{scheme}")
    assert seen.sideways() <= 0
    seen.open(f"Corpora?corpus={quote(f'table:{SAMPLE}?language=language&label=topic', safe='')}")
    expect(seen.page.get_by_text(re.compile("functions.csv: 12 rows"))).to_be_visible(timeout=SLOW)
    seen.settled()
    shot(seen, f"corpora-{scheme}")
    assert seen.sideways() <= 0
    assert seen.page.get_by_test_id("stException").count() == 0
