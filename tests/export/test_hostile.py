"""Texts of others, in every file an answer leaves as: literal, and never the end of the process that draws them."""

import io
import json
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import altair as alt
import clean
import nbformat
import numpy as np
import pandas as pd
import pytest
from hostile import TEXTS
from pypdf import PdfReader

from probes import analyses, export, store
from probes.contract import Analysis, Displayed, Progress, Spec
from probes.export.legible import legible
from probes.export.methods import methods, prose
from probes.export.names import literal
from probes.figures.words import visible
from probes.values import Source

SVG = "{http://www.w3.org/2000/svg}"


class WordsSpec(Spec):
    """Ask for some words."""

    kind = "words"
    words: tuple[str, ...] = TEXTS
    """Which."""
    note: str = ""
    """What a reader must know."""


@dataclass(frozen=True)
class Words(Displayed):
    words: pd.DataFrame
    source: Source

    def headline(self) -> str:
        return f"Found {len(self.words)} words, among them {' '.join(self.words.word)}."

    def frame(self) -> pd.DataFrame:
        return self.words


def run(spec: WordsSpec, _progress: Progress | None = None) -> Words:
    words = pd.Series(spec.words, dtype=object)
    source = Source(spec.note, "", "w", "float32", "cpu", spec.note, "d", 0, (spec.note,), {spec.note: spec.note})
    return Words(pd.DataFrame({"word": words, "n": range(len(words)), "half": np.linspace(0, 1, len(words))}), source)


def drawn(result: Words) -> alt.Chart:
    rows = result.words.assign(word=[visible(word) for word in result.words.word])
    y = alt.Y("word:N", sort=None, axis=alt.Axis(labelLimit=2_000))
    return alt.Chart(rows, width=400, height=500).mark_point().encode(y=y, x="half:Q", tooltip=["word:N"])


def raw(result: Words) -> alt.Chart:
    """A careless figure: draws the words as they are."""
    y = alt.Y("word:N", sort=None, axis=alt.Axis(labelLimit=2_000))
    rows = result.words[[w.isprintable() or w.isascii() for w in result.words.word]]  # altair itself takes no half pair
    chart = alt.Chart(rows, width=400, height=500, title=TEXTS[9], description=TEXTS[10])
    return chart.mark_point(aria=True).encode(y=y, x="half:Q", tooltip=["word:N"])


def said(_spec: WordsSpec, result: Words) -> tuple[str, ...]:
    return (f"The words were {' '.join(result.words.word)} [@hewitt-liang-2019].",)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> tuple[WordsSpec, Words]:
    here = f"{__name__}:"
    toy = Analysis(WordsSpec, here + "run", here + "Words", (here + "drawn", here + "raw"), here + "said")
    monkeypatch.setattr(analyses, "ANALYSES", (toy,))
    # half a surrogate pair can be in a result, read from some file; a question is JSON and holds none
    spec = WordsSpec(words=tuple(text for text in TEXTS if "\ud800" not in text), note=" ".join(TEXTS[:10]))
    return spec, run(spec.model_copy(update={"words": TEXTS}))


@pytest.mark.parametrize("figure", ["drawn", "raw"])
def test_an_svg_is_well_formed_without_script_or_link_and_literal(asked: Any, figure: str) -> None:
    root = ET.fromstring(export.file_bytes(*asked, "svg", figure=figure))
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {"svg", "rect", "g", "path", "text", "line", "a"}
    texts = {unicodedata.normalize("NFC", "".join(node.itertext())) for node in root.iter(f"{SVG}text")}
    for word in TEXTS[:3]:
        assert visible(word) in texts
    if figure == "drawn":
        assert not [name for node in root.iter() for name in node.attrib if name.endswith("href")]
        assert len([word for word in TEXTS if visible(word).strip() in {text.strip() for text in texts}]) >= 25
    for node in root.iter():
        assert not [name for name in node.attrib if name.startswith("on")]
        assert not any(character in "".join(node.attrib.values()) for character in "\x00\x1b\u202e")
        assert "javascript:" not in node.get("{http://www.w3.org/1999/xlink}href", "")


def test_an_svg_shows_the_numbers_of_the_csv(asked: Any) -> None:
    root = ET.fromstring(export.file_bytes(*asked, "svg"))
    table = pd.read_csv(io.BytesIO(export.file_bytes(*asked, "csv")), keep_default_na=False)
    marks = next(g for g in root.iter(f"{SVG}g") if "mark-symbol role-mark" in g.get("class", ""))
    xs = [float(re.findall(r"translate\(([-0-9.]+)", mark.get("transform", ""))[0]) for mark in marks]
    assert len(xs) == len(table)
    steps = np.diff(xs) / (xs[-1] - xs[0])
    assert steps == pytest.approx(np.diff(table["half"].to_numpy(float)), abs=1e-6)


def test_a_pdf_holds_the_words(asked: Any) -> None:
    text = PdfReader(io.BytesIO(export.file_bytes(*asked, "pdf"))).pages[0].extract_text()
    assert "<script>alert(1)</script>" in text
    assert "‹U+0000›" in text or "U+0000" in text


@pytest.mark.parametrize("word", ["\x00", "\x1b", "\x07", "\ufffe", "\ud800", "\x7f", "\u202e"])
def test_no_character_ends_the_process(word: str) -> None:
    """The renderer aborts on what XML cannot hold; in a process of its own, for if it does the tests end too."""
    code = (
        "import altair as alt\nfrom probes import export\n"
        f"rows = alt.Data(values=[{{{word!r}: {word!r}}}])\n"
        f"chart = alt.Chart(rows, title={word!r}, width=100, height=50).mark_text(aria=True)\n"
        f"word = {{'field': {word!r}, 'type': 'nominal'}}\n"
        "chart = chart.encode(text=alt.Text(**word), tooltip=alt.Tooltip(**word))\n"
        "assert 'U+' in export.figure_bytes(chart, 'svg').decode()\nexport.figure_bytes(chart, 'pdf')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=clean.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


def test_what_is_legible_stays_as_it_is() -> None:
    spec = {"a": ["é中\n\t", 1, None, {"b": "x"}]}
    assert legible(spec) == spec
    assert legible({"\x00": "a\u202eb"}) == {"‹U+0000›": "a‹U+202E›b"}


def test_a_script_is_data_and_runs(asked: Any, tmp_path: Path) -> None:
    """Nothing of the texts is code or breaks out of a comment; the question it asks is the same to the letter."""
    text = export.file_bytes(*asked, "py")
    spaces: dict[str, Any] = {}
    source = text.decode().partition("\nDIGEST =")[0].replace(f"from {__name__} import WordsSpec", "")
    (tmp_path / "ran.py").write_text(source)  # and no alarm went off:
    compiled = compile(source, "script", "exec")
    names = {"WordsSpec": WordsSpec}
    exec(compiled, names | spaces, spaces)  # noqa: S102  (the file under test)
    assert spaces["question"] == asked[0]
    assert spaces["question"].digest == asked[0].digest
    assert all(line.startswith("#") for line in source.partition("\nimport ")[0].strip().splitlines())
    assert "\u202e" not in text.decode()


def test_a_notebook_is_valid_and_its_words_are_no_markup(asked: Any) -> None:
    book = nbformat.reads(export.file_bytes(*asked, "ipynb").decode(), as_version=4)
    nbformat.validate(book)
    assert_literal(book["cells"][0]["source"])


def test_methods_are_prose_with_nothing_but_our_own_marks(asked: Any) -> None:
    whole = methods([asked], " ".join(TEXTS))
    assert_literal(whole)
    assert whole.count("[@") == 2  # the paper's, and that of the library; those of the words are escaped
    assert "[@hewitt-liang-2019]." in whole


def assert_literal(markdown: str) -> None:
    """Nothing of the texts is HTML, a link, code, mathematics, a citation or an emoji in Markdown."""
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", markdown)
    bare = bare.replace("`references.bib`", "").replace("`pandoc --citeproc`", "")
    for mark in ("<", "$", "`", "](", "![", "{{", ":red", ":material/", "http:", "www."):
        assert mark not in bare, mark
    for character in "\x00\x1b\u202e\u2028\ud800\r":
        assert character not in markdown


def test_markdown_of_a_text_starts_no_list_and_no_heading() -> None:
    assert [literal(t)[:2] for t in ("1. one", "- item", "# head", "+ x", "= x")] == [
        "1\u2060",
        r"\-",
        r"\#",
        r"\+",
        r"\=",
    ]
    assert literal("F1 0.62 ± 0.01, 0.27 above (the control).") == "F1 0.62 ± 0.01, 0.27 above (the control)."
    assert prose("x [@no-such-key] y [@efron-1979]") == r"x \[\@no-such-key\] y [@efron-1979]"


def test_a_bundle_of_hostile_words_is_whole(asked: Any) -> None:
    spec, result = asked
    fit = replace(result, words=result.words.assign(word=[w.replace("\ud800", "") for w in result.words.word]))
    fit = replace(fit, source=replace(fit.source, notes=("<script>",)))
    spec = WordsSpec(words=tuple(fit.words.word), note="")
    store.save(spec, fit, 0.0)
    held = store.Collection("<b>../../x</b>\x00", ((spec.digest, "drawn"),))
    archive = zipfile.ZipFile(io.BytesIO(export.bundle_bytes(held)))
    assert archive.testzip() is None
    for name in archive.namelist():
        assert re.fullmatch(r"[\w./-]+", name)
        assert ".." not in name
    assert_literal(archive.read("methods.md").decode())
    assert "<b>" not in archive.read("README.md").decode().replace(r"\<b\>", "")
    json.loads(archive.read("MANIFEST.json"))
