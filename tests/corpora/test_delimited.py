"""Case 33: CSV in every encoding and shape, each against pandas reading the same file with everything told."""

import csv
import io
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import name_of, numbered, refusal, texts

from probes import corpora, export
from probes.corpora import rows
from probes.corpora.formulas import original, safe
from probes.corpora.table_file import opened

ROWS = [("id", "text", "topic"), ("1", "naïve café", "a"), ("2", 'say "hi"', "b"), ("3", "two\nlines", "a")]


def written(sep: str = ",", end: str = "\r\n", table: list[tuple[str, ...]] | None = None) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=sep, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table or ROWS)
    return out.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"]
)
def test_every_encoding_and_separator_is_found(tmp_path: Path, encoding: str, sep: str, end: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(written(sep, end).encode(encoding))
    oracle = pd.read_csv(path, sep=sep, encoding=encoding, dtype=str)
    assert texts(name_of(path, text="text")) == [*oracle["text"]] == [row[1] for row in ROWS[1:]]
    assert opened(f"table:{path}").table.columns == tuple(oracle.columns)
    corpus = corpora.load(name_of(path, text="text", labels=("topic",)), n=9)
    assert sorted(corpus.labels["topic"]) == sorted(oracle["topic"])


def test_latin_1_bytes_that_cp1252_has_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text\ncafé \x81\n".encode("latin-1"))
    assert texts(f"table:{path}") == ["café \x81"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_written_as_csv_comes_back(tmp_path: Path, found: list[str]) -> None:
    path = tmp_path / "any.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([("text", "n"), *((text, i) for i, text in enumerate(found))])
    name = name_of(path, text="text", encoding="utf-8", sep=",", header="yes")
    wanted = {i + 2: text for i, text in enumerate(found) if text.strip()}
    if wanted:
        assert numbered(name) == wanted
    else:
        assert refusal(name).code == "E-CORPUS-EMPTY"


# a carriage return that no quotes surround ends a row for every reader
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1).filter(str.strip)


@given(st.lists(cells, min_size=1, max_size=9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_csv_of_ours_gives_its_cells_back_only_when_asked(tmp_path: Path, found: list[str]) -> None:
    """Case 41: what makes a cell safe for spreadsheets can be taken off again."""
    path = tmp_path / "ours.csv"
    path.write_bytes(export.frame_bytes(pd.DataFrame({"text": found, "n": range(len(found))}), "csv"))
    told = {"text": "text", "encoding": "utf-8", "sep": ",", "header": "yes"}
    as_written = texts(name_of(path, **told))
    assert as_written == [*pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")["text"]]
    assert texts(name_of(path, **told, original="yes")) == found


def test_cells_are_left_as_they_are_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,n\n'=1+1,1\n'tis,2\n")
    assert texts(name_of(path, text="text")) == ["'=1+1", "'tis"]
    assert texts(name_of(path, text="text", original="yes")) == ["=1+1", "'tis"]


@given(st.text())
def test_a_safe_cell_can_be_had_back(cell: str) -> None:
    assert original(safe(cell)) == cell
    assert safe(f"={cell}") == f"'={cell}"


# ---- headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("a,b,a", ("a", "b", "a (2)")),
        ("a,a (2),a", ("a", "a (2)", "a (3)")),
        (",text,", ("column 1", "text", "column 3")),
        ('"a b"," c ",d', ("a b", "c", "d")),
        ("1,2,3", ("column 1", "column 2", "column 3")),
        ("a,2.5e3,c", ("column 1", "column 2", "column 3")),
        (",,", ("column 1", "column 2", "column 3")),
    ],
)
def test_columns_are_named_and_differ(tmp_path: Path, head: str, columns: tuple[str, ...]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{head}\nx,y,z\nu,v,w\n")
    assert opened(f"table:{path}").table.columns == columns


def test_the_header_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("first,second\nx,y\n")
    assert texts(name_of(path, text="column 1", header="no")) == ["first", "x"]
    path.write_text("2019,2020\nx,y\n")
    assert texts(name_of(path, text="2020", header="yes")) == ["y"]
    assert texts(name_of(path, text="column 2")) == ["2020", "y"]


# ---- rows that are wrong ---------------------------------------------------------------------------------------------

BROKEN = {
    "short": ("a,b\nx,1\ny\nz,3\n", 3, "1 cells where 2 are wanted (line 3)"),
    "long": ("a,b\nx,1\ny,2,3\nz,3\n", 3, "3 cells where 2 are wanted (line 3)"),
    "quotes": ('a,b\nx,1\n"y"z,2\nz,3\n', 3, "its quotes do not fit"),
    "byte": (b"a,b\nx,1\ncaf\xe9,2\nz,3\n", 3, "byte 0xE9 is not utf-8"),
    "behind lines": ('a,b\n"x\nx\nx",1\ny\nz,3\n', 3, "1 cells where 2 are wanted (line 5)"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_wrong_row_is_refused_by_its_number_or_skipped_with_a_count(tmp_path: Path, case: str) -> None:
    data, row, why = BROKEN[case]
    path = tmp_path / "a.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    told = {"text": "a", "encoding": "utf-8", "sep": ","}
    error = refusal(name_of(path, **told))
    assert error.code == "E-TABLE-ROW"
    assert error.what.startswith(f"a.csv, row {row}: {why}")
    assert "skip=yes" in error.fix
    assert ("encoding=cp1252" in error.fix) == (case == "byte")
    skipped: Counter[str] = Counter()
    assert numbered(name_of(path, **told, skip="yes"), skipped=skipped).get(4) == "z"
    assert skipped == {"row that cannot be read": 1}


def test_a_quote_that_is_never_closed_says_what_it_swallows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\nx,1\n"y,2\nz,3\n')
    error = refusal(name_of(path, text="a"))
    assert error.what.startswith("a.csv, row 3: a quote opened in line 3 or below is never closed")
    assert "the rest of the file is inside it" in error.what


def test_blank_lines_are_layout_but_count_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\na,b\n\nx,1\n\n\ny,2\n\n")
    assert numbered(name_of(path, text="a")) == {4: "x", 7: "y"}


# ---- sizes -----------------------------------------------------------------------------------------------------------


def test_a_cell_of_ten_megabytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    cell = "def f():\n    pass\n" * (10_000_000 // 18)
    path.write_text(written("\t", "\n", [("text", "n"), (cell, "1"), ("small", "2")]))
    assert texts(name_of(path, text="text")) == [cell, "small"]
    seen = corpora.preview(f"table:{path}")
    assert seen.rows.iloc[0, 1] == cell[:2000] + "…"


@pytest.mark.parametrize("data", ["x" * 300, '"' + "x\n" * 150 + '"'], ids=["line", "quoted"])
def test_a_cell_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    limit = csv.field_size_limit(200)
    monkeypatch.setattr("probes.corpora.encodings.LARGEST_CELL", 200)
    path = tmp_path / "a.csv"
    path.write_text(f"text,n\nsmall,1\n{data},2\n")
    try:
        error = refusal(name_of(path, text="text", skip="yes"))
    finally:
        csv.field_size_limit(limit)
    assert error.code == "E-TABLE-LIMIT"
    assert "does not end" in error.what
    assert f"{rows.LARGEST_CELL:,} characters" in error.why or "200 characters" in error.why
    assert "leave the cell out" in error.fix


def test_a_table_too_wide_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{i}" for i in range(5000)) + "\n")
    error = refusal(f"table:{path}")
    assert (error.code, error.why) == ("E-TABLE-LIMIT", "The limit is 4,096 columns.")


# ---- nothing to read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"  \r\n"], ids=repr)
def test_an_empty_file_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    error = refusal(f"table:{path}")
    assert (error.code, error.what) == ("E-CORPUS-EMPTY", "'a.csv' is empty.")


def test_a_header_alone_and_a_column_of_nothing_say_what_was_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,n\n")
    assert refusal(f"table:{path}").why == "Left out: nothing."
    frame = pd.DataFrame({"text": [float("nan")] * 3, "n": [1, 2, 3]})
    frame.to_csv(path, index=False)
    error = refusal(f"table:{path}")
    assert (error.code, error.why) == ("E-CORPUS-EMPTY", "Left out: row without a text (3).")
