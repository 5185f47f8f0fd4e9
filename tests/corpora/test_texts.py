"""What becomes of rows: a fair order, functions out of cells, languages, labels."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from scipy import stats
from tables import name_of, numbered, refusal

from probes import corpora
from probes.corpora import table_file, texts
from probes.values import Text

CELLS = {
    "def f(x):\n    return x": True,
    "\n\n    def f(x):\n        return x\n    \n": True,
    "def f(x):\r\n\treturn x\r\n": True,
    "@cached\ndef f(x):\n    return x": True,
    "async def f(x):\n    return x": True,
    "x = 1": False,
    "hello": False,
    "hello there": False,
    "def f(x:\n    return x": False,
    "def f(x):\n    return x\ndef g(x):\n    return x": False,
    "class A:\n    def f(self):\n        return 1": False,
    "import os\ndef f(x):\n    return x": False,
}


def table(tmp_path: Path, rows: list[tuple[str, ...]], name: str = "a.csv") -> Path:
    path = tmp_path / name
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


# ---- functions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_a_function_or_is_counted(tmp_path: Path, cell: str) -> None:
    path = table(tmp_path, [("code", "n"), (cell, "1"), ("def last(y):\n    return y", "2")])
    skipped: Counter[str] = Counter()
    found = {t.text for t in corpora.stream(name_of(path, text="code"), language="python", skipped=skipped)}
    assert len(found) == 1 + CELLS[cell]
    assert skipped == ({} if CELLS[cell] else {texts.NO_FUNCTION: 1})
    for text in found:
        assert text == texts.dedented(text)
        assert "\r" not in text


@pytest.mark.parametrize(
    ("language", "cell"),
    [
        ("java", "public Main(int a) { this.a = a; }"),
        ("java", "int twice(int a) { return 2 * a; }"),
        ("javascript", "function f(x) { return x; }"),
        ("javascript", "export function f(x) { return x; }"),
        ("go", "func f(x int) int { return x }"),
        ("cpp", "template <class T> T f(T x) { return x; }"),
        ("rust", "fn f(x: i32) -> i32 { x }"),
        ("php", "function f($x) { return $x; }"),
    ],
)
def test_functions_of_other_languages(tmp_path: Path, language: str, cell: str) -> None:
    path = table(tmp_path, [("code", "n"), (cell, "1")])
    (found,) = corpora.stream(name_of(path, text="code"), language=language)
    assert found == Text(cell, language, "a.csv:2")


def test_without_a_language_a_cell_is_its_own_text(tmp_path: Path) -> None:
    path = table(tmp_path, [("code", "n"), ("  def f(x): ", "1")])
    (found,) = corpora.stream(name_of(path, text="code"))
    assert found == Text("  def f(x): ", "", "a.csv:2")


# ---- languages -------------------------------------------------------------------------------------------------------

MIXED = [
    ("code", "lang"),
    ("def f(x): return x", "Python"),
    ("func f() int { return 1 }", "golang"),
    ("def g(x): return x", " python "),
    ("def h(x): return x", ""),
]


def test_a_language_column_chooses_rows_by_any_usual_name(tmp_path: Path) -> None:
    name = name_of(table(tmp_path, MIXED), text="code", language="lang")
    skipped: Counter[str] = Counter()
    found = numbered(name, language="python", skipped=skipped)
    assert sorted(found) == [2, 4]
    assert skipped == {texts.OTHER_LANGUAGE: 2}
    assert numbered(name, language="go") == {3: "func f() int { return 1 }"}
    assert {t.language for t in corpora.stream(name)} == {"Python", "golang", "python", ""}


def test_a_human_language_is_a_column_or_nothing(tmp_path: Path) -> None:
    path = table(tmp_path, [("text", "lang"), ("Der Baum", "de"), ("The tree", "en")])
    assert numbered(name_of(path, language="lang"), language="de") == {2: "Der Baum"}
    assert refusal(f"table:{path}", language="de").code == "E-LANGUAGE-UNKNOWN"
    assert "pyton" in refusal(f"table:{path}", language="pyton").what
    error = refusal(name_of(path, language="lang"), language="fr")
    assert (error.code, error.why) == ("E-CORPUS-EMPTY", "Left out: row of another language (2).")
    assert error.what.endswith("holds no text in fr.")


# ---- labels ----------------------------------------------------------------------------------------------------------


def test_labels_stay_with_their_texts_and_take_no_name_of_ours(tmp_path: Path) -> None:
    rows = [("text", "origin", "topic"), *((f"text {i}", f"o{i}", f"t{i % 3}") for i in range(50))]
    corpus = corpora.load(name_of(table(tmp_path, rows), labels=("topic", "origin")), n=50, seed=4)
    assert list(corpus.labels) == ["origin", "language", "topic", "origin_"]
    for text, topic, origin in zip(corpus.texts, corpus.labels["topic"], corpus.labels["origin_"], strict=True):
        i = int(text.split()[1])
        assert (topic, origin) == (f"t{i % 3}", f"o{i}")
    part = corpus.sample(10, seed=1)
    assert len(part.labels) == 10


# ---- order -----------------------------------------------------------------------------------------------------------


def test_any_prefix_is_a_fair_sample_of_a_sorted_table(tmp_path: Path) -> None:
    rows = [("text", "label"), *((f"{i}", "a" if i < 1000 else "b") for i in range(2000))]
    name = name_of(table(tmp_path, rows), text="text", labels=("label",))
    first = corpora.load(name, n=200).labels["label"]
    assert 70 < (first == "a").sum() < 130
    places = [int(text) / 2000 for text in corpora.load(name, n=2000).texts]
    assert stats.kstest(places[:300], "uniform").pvalue > 0.01
    assert sorted(places) == [i / 2000 for i in range(2000)]


def test_the_order_is_the_seeds(tmp_path: Path) -> None:
    name = f"table:{table(tmp_path, [('text',), *((f't{i}',) for i in range(100))])}"
    one, again, other = (corpora.load(name, n=100, seed=seed).texts for seed in (1, 1, 2))
    assert one == again != other
    assert sorted(one) == sorted(other)


def test_a_table_in_many_slices_gives_every_row_once_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [("text", "n"), *((f"t{i}", str(i)) for i in range(500)), ("", "x"), ("bad",)]
    path = table(tmp_path, rows)
    name = name_of(path, text="text", skip="yes")
    whole_counts: Counter[str] = Counter()
    whole = [t.text for t in corpora.stream(name, skipped=whole_counts)]
    monkeypatch.setattr(table_file, "SLICE", path.stat().st_size // 7)
    counts: Counter[str] = Counter()
    assert [t.text for t in corpora.stream(name, skipped=counts)] == whole
    assert len(whole) == 500
    assert counts == whole_counts == {texts.NO_TEXT: 1, "row that cannot be read": 1}


def test_the_first_pass_meets_every_row_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path, [("text", "n"), *((f"t{i}", "1") for i in range(100)), ("bad",)])
    monkeypatch.setattr(table_file, "SLICE", 100)
    stream = corpora.stream(name_of(path, text="text"))
    with pytest.raises(Exception, match="row 102"):
        next(stream)
