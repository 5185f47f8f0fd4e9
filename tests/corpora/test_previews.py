import csv
import time
from pathlib import Path

import numpy as np
import pytest
from tables import name_of, numbered, texts

from probes import corpora
from probes.corpora import code_preview, previews
from probes.errors import StrataError

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(
            [("n", "words", "row"), *((i, "x" * (i + 1), "r") for i in range(50)), ("bad",), ("51", "", "r")]
        )
    return path


def test_a_preview_says_what_is_there(data: Path) -> None:
    seen = corpora.preview(f"table:{data}", 5)
    assert seen.columns == ("n", "words", "row")
    assert list(seen.rows) == ["row", "n", "words", "row (2)"]
    assert seen.rows["row"].tolist() == [2, 3, 4, 5, 6]
    assert seen.rows["words"].tolist() == ["x" * i for i in range(1, 6)]
    assert (seen.count, seen.exact, seen.wrong, seen.looked_at) == (52, True, 1, 52)
    assert seen.problems.to_dict("list") == {"row": [52], "problem": ["1 cells where 3 are wanted (line 52)"]}
    assert seen.left_out == {"row without a text": 1}
    assert seen.text == "words"
    assert seen.headline() == "a.csv: 52 rows, texts of 1 to 50 characters (median 25); 1 cannot be read."
    sizes = dict(zip(seen.lengths["share"], seen.lengths["characters"], strict=True))
    assert sizes["5 %"] == np.quantile(np.arange(1, 51), 0.05, method="nearest")


def test_its_name_reads_what_was_seen(data: Path) -> None:
    seen = corpora.preview(f"table:{data}")
    assert numbered(corpora.change(seen.name, {"skip": "yes"}, ())) == {i + 2: "x" * (i + 1) for i in range(50)}
    assert corpora.preview(seen.name).name == seen.name
    pinned = corpora.pin(corpora.change(seen.name, {"skip": "yes"}, ("n",)))
    assert corpora.preview(pinned).name == corpora.unpinned(pinned)
    assert corpora.choices(pinned).labels == ("n",)


@pytest.mark.parametrize(("bound", "most"), [("MOST_ROWS", 300), ("MOST_CHARACTERS", 5_000)])
def test_a_preview_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, most: int) -> None:
    monkeypatch.setattr(previews, bound, most)
    path = tmp_path / "a.csv"
    path.write_text("text,n\n" + "some words here,1\n" * 5_000 + "broken\n")
    seen = corpora.preview(f"table:{path}", 10_000)
    assert seen.looked_at <= 300
    assert len(seen.rows) <= 300
    assert not seen.exact
    assert seen.count is not None
    assert abs(seen.count - 5_000) < 300
    assert seen.headline().startswith("a.csv: about ")
    assert seen.wrong == 0


def test_a_wide_table_shows_its_first_columns_and_reads_any(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{i}" for i in range(100)) + "\n" + ",".join(f"v{i}" for i in range(100)) + "\n")
    seen = corpora.preview(name_of(path, text="c77"))
    assert seen.rows.shape == (1, 41)
    assert seen.notes == ("The first 40 of 100 columns are shown.",)
    assert seen.lengths["characters"].tolist() == [3] * 7


def test_many_problems_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,n\nx,1\n" + "bad\n" * 200)
    seen = corpora.preview(f"table:{path}")
    assert (seen.wrong, len(seen.problems)) == (200, previews.MOST_PROBLEMS)


def test_what_no_encoding_can_write_is_shown_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,caf\xe9\nok,\xff\n")
    seen = corpora.preview(name_of(path, text="text", encoding="utf-8", header="yes"))
    assert seen.rows.iloc[0].tolist() == [2, "ok", "\\udcff"]
    assert seen.columns == ("text", "caf\ufffd")


@pytest.mark.parametrize("name", ["table:nope.csv", "nope", "table:a.csv?x=y", "code:/no/where"])
def test_a_preview_refuses_as_the_stream_does(name: str) -> None:
    codes = set()
    for ask in (corpora.preview, corpora.stream):
        with pytest.raises(StrataError) as caught:
            ask(name)
        codes.add(caught.value.code)
    assert len(codes) == 1


# ---- code ------------------------------------------------------------------------------------------------------------


def test_a_folder_says_its_languages_functions_and_what_is_left_out(tmp_path: Path) -> None:
    for i in range(3):
        (tmp_path / f"a{i}.py").write_text(f"def f{i}(x):\n    return x + {i}\n\ndef same():\n    return 1\n")
    (tmp_path / "main.go").write_text("package main\nfunc main() { run() }\n")
    (tmp_path / "bad.py").write_bytes(b"\xff")
    seen = corpora.preview(f"code:{tmp_path}")
    assert seen.facts == {"languages": "python (4 files), go (1 files)"}
    assert (seen.count, seen.exact) == (5, True)
    assert seen.left_out == {"duplicate function": 2, "file not UTF-8": 1}
    assert set(seen.rows["language"]) == {"python", "go"}
    assert seen.notes == ("A question reads one language: python (4 files), go (1 files).",)
    assert seen.name == f"code:{tmp_path.resolve()}"


def test_a_large_folder_is_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_preview, "SAMPLE", 5)
    for i in range(40):
        (tmp_path / f"a{i}.py").write_text(f"def f{i}(x):\n    return x + {i}\n")
    seen = corpora.preview(f"code:{tmp_path}", 3)
    assert (seen.count, seen.exact, len(seen.rows)) == (40, False, 3)
    assert seen.notes == ("Functions are estimated from 5 of 40 files.",)
    monkeypatch.setattr(code_preview, "MOST_FILES", 10)
    assert corpora.preview(f"code:{tmp_path}").count == 10


def test_a_folder_without_code_or_functions(tmp_path: Path) -> None:
    with pytest.raises(StrataError, match="E-CORPUS-EMPTY"):
        corpora.preview(f"code:{tmp_path}")
    (tmp_path / "a.py").write_text("x = 1\n")
    seen = corpora.preview(f"code:{tmp_path}")
    assert (seen.count, len(seen.rows)) == (0, 0)
    assert seen.headline().endswith(": 0 functions.")


def test_the_standard_library_is_looked_at_quickly() -> None:
    start = time.process_time()
    seen = corpora.preview("python-stdlib")
    assert time.process_time() - start < 5
    assert seen.count is not None
    assert seen.count > 1000
    assert not seen.exact


# ---- the samples that come with Strata -------------------------------------------------------------------------------


def test_the_samples_are_read() -> None:
    functions = f"table:{SAMPLES / 'functions.csv'}?language=language&label=topic"
    for language, many in {"python": 6, "javascript": 4, "go": 2}.items():
        corpus = corpora.load(functions, language=language, n=99)
        assert len(corpus) == many
        assert set(corpus.labels["language"]) == {language}
    assert set(corpora.load(functions, n=99).labels["topic"]) == {"arithmetic", "text", "search"}
    assert len(corpora.load(f"table:{SAMPLES / 'sentences.jsonl'}?language=language", language="de", n=9)) == 3
    assert len(texts(f"table:{SAMPLES / 'notes.txt'}")) == 6
    assert len(texts(f"table:{SAMPLES / 'notes.txt'}?by=paragraph")) == 2


@pytest.mark.parametrize(("given", "kind"), [("data/samples", "code:"), ("data/samples/notes.txt", "table:")])
def test_what_is_typed_becomes_a_name(given: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES.parents[1])
    assert corpora.named(f" {given} ") == f"{kind}{(SAMPLES.parents[1] / given).resolve()}"
    assert corpora.named("table:x.csv") == "table:x.csv"
    assert corpora.named("python-stdlib") == "python-stdlib"
