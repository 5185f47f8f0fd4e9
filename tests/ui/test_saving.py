"""The bar under a figure and the bundle it gathers for, on the Syntax page with a stored run of the tiny model."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes import analyses, export, store
from probes.errors import StrataError
from probes.syntax import SnippetSpec, SyntaxSpec
from probes.ui import saving

PAGE = "pages/Syntax.py"
Open = Callable[..., AppTest]
BAR = "syntax_f1_by_layer"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What the buttons of the main figure's bar would make, by format, as it was drawn last."""
    drawn: dict[str, Callable[[], bytes]] = {}

    def keep(label: str, make: Callable[[], bytes], *_: Any, key: str, **__: Any) -> None:
        if key.startswith(BAR):
            drawn[key.removeprefix(f"{BAR}_")] = make

    monkeypatch.setattr(saving.st, "download_button", keep)
    return drawn


def test_nothing_is_made_until_a_button_is_pressed(
    page: Open, stored: SyntaxSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> bytes:
        raise AssertionError("a file was made while the bar was drawn")

    monkeypatch.setattr(export, "file_bytes", never)
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    assert not at.exception
    assert len([b for b in at.download_button if b.key.startswith(("syntax_", "snippet_"))]) == 16


def test_width_font_and_size_reach_the_file(page: Open, stored: SyntaxSpec, made: dict[str, Any]) -> None:
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    at.selectbox(key=f"{BAR}_width").set_value("nature").run()
    at.number_input(key=f"{BAR}_size").set_value(5.0).run()
    at.selectbox(key=f"{BAR}_font").set_value("serif").run()
    assert not at.exception
    svg = made["svg"]().decode()
    assert 'font-size="5px"' in svg
    assert "Times New Roman" in svg
    assert float(svg.partition('width="')[2].partition('"')[0]) == pytest.approx(89 / 25.4 * 72, abs=1)


def test_every_button_of_the_bar_makes_its_file(page: Open, stored: SyntaxSpec, made: dict[str, Any]) -> None:
    page(PAGE, run=stored.digest, section="Try a snippet")
    starts = {"pdf": b"%PDF", "svg": b"<svg", "png": b"\x89PNG", "csv": b"series,", "parquet": b"PAR1"}
    starts |= {"tex": b"% In the document", "py": b"# Syntax peaks", "ipynb": b"{"}
    assert list(made) == list(saving.LABELS) == list(starts)
    for fmt, make in made.items():
        assert make().startswith(starts[fmt]), fmt


def test_a_table_too_long_to_print_has_no_latex_and_says_what_to_save(
    page: Open, stored: SyntaxSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = page(PAGE, run=stored.digest)
    assert not at.download_button(key=f"{BAR}_tex").disabled
    monkeypatch.setattr(export, "MOST_ROWS", 2)
    at.run()
    button = at.download_button(key=f"{BAR}_tex")
    assert button.disabled
    assert "2 can be printed: save it as CSV or Parquet" in button.help
    assert not at.download_button(key=f"{BAR}_csv").disabled


@pytest.mark.parametrize(
    ("font", "said"), [("No Such Family", "is not installed here"), ("<b>x</b>", "is not the name of a font")]
)
def test_a_font_that_is_not_there_is_said_and_the_figure_still_drawn(
    page: Open, stored: SyntaxSpec, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch, font: str, said: str
) -> None:
    monkeypatch.setattr(export, "STACKS", {**export.STACKS, font: font})  # as if typed, which these tests cannot
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    at.selectbox(key=f"{BAR}_font").set_value(font).run()
    assert not at.exception
    told = [caption.value for caption in at.caption if said in caption.value.replace("\\", "")]
    assert len(told) == 1
    assert "<b>" not in told[0].replace(r"\<b\>", "")
    assert made["pdf"]().startswith(b"%PDF")


def test_a_figure_is_gathered_reviewed_and_taken_out(page: Open, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    at.button(key=f"{BAR}_add").click().run()
    assert not at.exception
    assert store.collected().items == ((stored.digest, "f1_by_layer"),)
    button = at.button(key=f"{BAR}_add")
    assert (button.label, button.disabled) == ("In the bundle", True)
    archive = zipfile.ZipFile(io.BytesIO(export.bundle_bytes(store.collected())))
    assert f"scripts/{export.filename('syntax', stored.digest, 'py')}" in archive.namelist()
    store.drop(stored.digest, "f1_by_layer")
    at.run()
    assert at.button(key=f"{BAR}_add").label == "Add to paper bundle"


def test_a_live_answer_is_pinned_when_it_is_gathered(page: Open, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    assert [entry.kind for entry in store.runs()] == ["syntax"]
    at.button(key="snippet_snippet_add").click().run()
    assert not at.exception
    [(digest, figure)] = store.collected().items
    assert figure == "snippet"
    assert isinstance(analyses.spec_of(digest), SnippetSpec)
    assert analyses.result_of(digest) is not None
    assert at.button(key="snippet_snippet_pin").label == "Pinned"


def test_pinning_keeps_a_live_answer_among_the_runs(page: Open, stored: SyntaxSpec) -> None:
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    at.button(key="snippet_snippet_pin").click().run()
    assert not at.exception
    assert {entry.kind for entry in store.runs()} == {"syntax", "snippet"}
    assert at.button(key="snippet_snippet_pin").disabled
    assert store.collected().items == ()
    [pinned] = [entry.digest for entry in store.runs("snippet")]
    kept = page(PAGE, run=pinned)  # and its address shows it again, with its bar
    assert not kept.exception
    assert "gives back" in kept.html[0].value
    assert len(kept.get("vega_lite_chart")) == 1
    assert kept.button(key="snippet_snippet_pin").label == "Pinned"


def test_a_store_that_is_full_is_said_and_nothing_breaks(
    page: Open, stored: SyntaxSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StrataError("E-STORE-FULL", "The disk is full.")

    monkeypatch.setattr(store, "collect", full)
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    at.button(key=f"{BAR}_add").click().run()
    assert not at.exception
    assert "The disk is full" in at.toast[0].value


def test_a_damaged_collection_does_not_stop_the_page(page: Open, stored: SyntaxSpec, strata_home: Path) -> None:
    (strata_home / "bundle.json").write_text("{")
    at = page(PAGE, run=stored.digest, section="Try a snippet")
    assert not at.exception
    assert at.button(key=f"{BAR}_add").label == "Add to paper bundle"
