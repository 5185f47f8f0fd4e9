"""The figures as they are printed: how wide they come out, and that what they say is there to read."""

import io
import re
import xml.etree.ElementTree as ET
from typing import Any

import pypdf
import pytest
from fakes import LONGER, add, parsed, snippet_of, syntax_result

from probes import export
from probes.figures.fit import fitted
from probes.figures.layers import f1_by_layer, recall_by_label
from probes.figures.snippet import snippet
from probes.figures.subspace import subspace
from probes.figures.trees import gold_and_predicted

FIGURES = {
    "f1": lambda: f1_by_layer(syntax_result()),
    "recall": lambda: recall_by_label(syntax_result()),
    "trees": lambda: gold_and_predicted(add()),
    "subspace": lambda: subspace(add()),
    "side by side": lambda: snippet(add()),
    "below one another": lambda: snippet(parsed(LONGER)),
    "message": lambda: gold_and_predicted(snippet_of([], [], None, None)),
}
HOSTILE = ["<script>alert(1)</script>", "\u202egnp", "a\x00b", "\n", "", "x" * 300, '"><img>', "&lt;", "${x}", "日本"]


def page(data: bytes) -> Any:
    return pypdf.PdfReader(io.BytesIO(data)).pages[0]


@pytest.mark.parametrize(
    ("name", "width", "points"),
    [(name, "single", 234) for name in FIGURES] + [(name, "double", 486) for name in ("f1", "below one another")],
)
def test_a_figure_is_as_wide_as_asked_and_its_text_can_be_read(name: str, width: str, points: int) -> None:
    sheet = page(export.figure_bytes(FIGURES[name](), "pdf", width=width))
    assert abs(float(sheet.mediabox.width) - points) <= 1
    assert float(sheet.mediabox.height) < 792  # letter paper
    assert sheet.extract_text().strip()
    for font in sheet["/Resources"]["/Font"].values():
        inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in inner or "/FontFile3" in inner


def test_axis_titles_legend_and_best_layer_can_be_extracted() -> None:
    shown = page(export.figure_bytes(FIGURES["f1"](), "pdf")).extract_text()
    for words in (
        "F1 of constituents",
        "layer",
        "trained model",
        "control task",
        "random init",
        "best: layer 3, F1 0.49",
    ):
        assert words in shown
    assert "layer 0: embeddings, before any block" in shown


def test_a_narrow_page_has_its_views_below_one_another() -> None:
    spec = FIGURES["side by side"]().to_dict()
    spec["config"] = {"legend": {}}
    pages = [fitted(spec, points=points, size=7, measure=lambda page, p=points: p) for points in (234, 486)]
    assert ["vconcat" in pages[0], "hconcat" in pages[1]] == [True, True]
    assert "hconcat" in spec  # a copy was fitted


def test_a_figure_held_wide_by_something_else_is_as_near_as_it_gets() -> None:
    spec = {"width": 300, "height": 100, "config": {"legend": {}}}
    calls = []

    def stubborn(page: dict[str, Any]) -> float:
        calls.append(page["width"])
        return max(page["width"] + 40, 400.0)

    assert fitted(spec, points=234, size=7, measure=stubborn)["width"] <= 300
    assert len(calls) < 10  # and does not try for ever


def test_long_titles_are_wrapped_and_none_of_their_words_lost() -> None:
    title = {"text": "Gold tree above", "subtitle": ["a long sentence of many words " * 5, "short"]}
    spec = {"width": 300, "height": 100, "title": title, "config": {"legend": {}}}
    lines = fitted(spec, points=234, size=7, measure=lambda page: 234.0)["title"]["subtitle"]
    assert len(lines) > 2
    assert " ".join(lines).split() == " ".join(title["subtitle"]).split()


def test_words_of_others_are_text_in_svg() -> None:
    kinds = ["identifier"] * len(HOSTILE)
    tree = ("<b>\u202e", list(range(len(HOSTILE))))
    svg = export.figure_bytes(snippet(snippet_of(HOSTILE, kinds, tree, tree)), "svg").decode()
    root = ET.fromstring(svg)
    shown = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"<script>aler…", "‹U+202E›gnp", "a‹U+0000›b", "⏎", "∅", "xxxxxxxxxxxx…", '"><img>', "&lt;", "${x}"} <= shown
    assert "<b>‹U+202E›" in shown
    tags = {node.tag.rpartition("}")[2] for node in root.iter()}
    assert not tags & {"script", "img", "image", "foreignObject", "a"}
    assert "\u202e" not in svg
    assert "\x00" not in svg
    assert not re.search(r"(href|src)\s*=", svg)
    outside = set(re.findall(r"https?://[^\"'\s<]+", svg))
    assert outside <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize("name", ["f1", "subspace"])
def test_equal_charts_give_equal_files(name: str) -> None:
    for fmt in ("svg", "png", "pdf"):
        first, again = (export.figure_bytes(FIGURES[name](), fmt) for _ in range(2))
        assert first == again, fmt
