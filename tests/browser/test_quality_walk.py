"""The Quality page in a real browser: an answer about a small table of pairs, each of its figures, and a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from small import pair_table

from probes import analyses, store
from probes.contract import Progress
from probes.quality import GridResult, GridSpec

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
FIGURES = ("Quality grid", "First or others", "Worth its price")


@pytest.fixture
def answer(server: Any, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, GridResult]:
    """Where a stored answer of a tiny model is, and the answer."""
    spec = GridSpec(model=str(tiny_bert), pairs=pair_table(tmp_path / "pairs.csv"), n=80, draws=1).pinned()
    result = analyses.of(spec).run(spec, Progress())
    monkeypatch.setenv("STRATA_HOME", str(server.home))
    store.save(spec, result, 1.0)
    return spec.digest, result


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_answer_is_read_figure_by_figure(
    answer: tuple[str, GridResult], window: Callable[..., Any], shot: Callable[..., None], scheme: str
) -> None:
    digest, result = answer
    here = window(scheme)
    page = here.open(f"Quality?run={digest}")
    expect(page.get_by_role("heading", name=result.headline())).to_be_visible()
    pictures = set()
    for figure in FIGURES:
        page.get_by_text(figure, exact=True).click()
        here.settled()
        chart = page.get_by_test_id("stVegaLiteChart")
        expect(chart).to_have_count(1)
        page.wait_for_timeout(900)
        pictures.add(chart.screenshot())
        assert here.sideways() <= 0
    assert len(pictures) == len(FIGURES)
    with page.expect_download(timeout=60_000) as file:
        page.locator(".st-key-grid_worth_its_price_svg button").first.click()
    assert "What is worth its price" in Path(file.value.path()).read_text()
    folded = page.get_by_text("Ask another question").first
    expect(folded).to_be_visible()
    expect(page.get_by_role("button", name="Run the demo")).to_have_count(0)
    folded.click()
    expect(page.get_by_role("button", name="Run the demo").first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    assert here.elsewhere == []
