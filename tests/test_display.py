"""A Result in a notebook: nothing in it is markup that was not ours, and a stored notebook needs nothing else."""

import base64
import html
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import pandas as pd
import pytest

from probes import analyses, display
from probes.contract import Analysis, Displayed
from probes.errors import StrataError
from probes.export.legible import legible
from probes.figures.words import visible
from probes.syntax import SyntaxSpec
from probes.values import Source

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u202e\x00 &lt;"
SOURCE = Source(HOSTILE, "r", "w", "float32", "cpu", HOSTILE, "d", 0, (HOSTILE,), {"torch": HOSTILE})


@dataclass(frozen=True)
class Toy(Displayed):
    words: pd.DataFrame
    source: Source

    def headline(self) -> str:
        return f"Found {HOSTILE}."

    def frame(self) -> pd.DataFrame:
        return self.words


def drawn(toy: Toy) -> alt.Chart:
    return alt.Chart(toy.words, width=200, height=50).mark_text(font="sans-serif").encode(text="word:N")


def unfit(toy: Toy) -> alt.Chart:
    return drawn(toy).encode(text=alt.value(""))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    at = Analysis(SyntaxSpec, "test_display:none", "test_display:Toy", ("test_display:drawn", "test_display:unfit"), "")
    monkeypatch.setattr(analyses, "ANALYSES", (at,))
    return Toy(pd.DataFrame({"word": [HOSTILE]}), SOURCE)


def image(page: str) -> ET.Element:
    found = re.search(r"src='data:image/svg\+xml;base64,([^']+)'", page)
    assert found
    return ET.fromstring(base64.b64decode(found[1]))


def test_text_of_others_is_shown_literally(toy: Toy) -> None:
    shown = toy._repr_mimebundle_()
    page = shown["text/html"]
    assert set(re.findall(r"<([a-z]+)", page)) <= {"div", "p", "img", "ul", "li", "details", "summary", "table"} | {
        "tr",
        "th",
        "td",
    }
    assert page.count("<img") == 1
    assert "onerror" not in re.sub(r"&[a-z#0-9x]+;", "\0", page).split("\0")[0]
    assert html.unescape(re.sub("<[^>]+>", "\n", page)).count(visible(HOSTILE)) >= 4  # headline, note, model, corpus
    assert "\x00" not in page
    assert "\u202e" not in page


def test_the_stored_figure_needs_no_script_and_no_network(toy: Toy) -> None:
    root = image(toy._repr_mimebundle_()["text/html"])
    assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {"svg", "rect", "g", "path", "text", "defs"}
    for node in root.iter():
        assert not [name for name in node.attrib if name.startswith("on") or name.endswith("href")]


def test_the_chart_itself_comes_along_for_those_who_can_draw_it(toy: Toy) -> None:
    [(kind, spec)] = [item for item in toy._repr_mimebundle_().items() if "vegalite" in item[0]]
    assert re.fullmatch(r"application/vnd\.vegalite\.v\d+\+json", kind)
    assert legible(HOSTILE) in [row["word"] for rows in spec["datasets"].values() for row in rows]  # as data


def test_the_plain_text_is_one_sentence_and_its_notes(toy: Toy) -> None:
    lines = toy._repr_mimebundle_()["text/plain"].split("\n")
    assert lines == [visible(toy.headline()), visible(f"Note: {HOSTILE}")]


def test_a_figure_can_be_shown_by_its_name(toy: Toy) -> None:
    shown = display.show(toy, "drawn")._repr_mimebundle_()
    assert image(shown["text/html"])
    assert "Where these numbers" not in shown["text/html"]
    with pytest.raises(StrataError, match="no figure 'nope'.*drawn, unfit") as refusal:
        display.show(toy, "nope")
    assert refusal.value.code == "E-FIGURE"


def test_a_font_that_is_nowhere_leaves_the_sentence_and_the_reason(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> bytes:
        raise StrataError("E-EXPORT-FONT", "No <font>.")

    monkeypatch.setattr(display, "draw", refuse)
    page = toy._repr_mimebundle_()["text/html"]
    assert "No &lt;font&gt;." in page
    assert "<img" not in page


def test_notes_may_be_none(toy: Toy) -> None:
    assert "<ul>" not in replace(toy, source=replace(SOURCE, notes=()))._repr_mimebundle_()["text/html"]


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(StrataError, match="A int is no Result") as refusal:
        analyses.figure(3)
    assert refusal.value.code == "E-ANALYSIS-UNKNOWN"
