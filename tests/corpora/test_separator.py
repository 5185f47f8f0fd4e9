"""Which sign stands between cells: the one that makes a sample's rows alike."""

from pathlib import Path
from typing import Any

import pytest
from tables import name_of, texts

from probes.corpora import delimited
from probes.corpora.table_file import opened


@pytest.mark.parametrize(
    ("sample", "sep"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n3,5;4\n", ";"),
        ('a\tb\n"x, y"\t2\n', "tab"),
        ("text\nHello, world\nno comma here\n", ","),
        ("text\none, two\nthree, four\nfive, six\n", ","),
        ("a;b;c\n1;2;3\nbroken\n4;5;6\n", ";"),
        ('"a;b;c",x\n"d;e;f",y\n', ","),
        ("a|b|c\n1|2|3\n", "|"),
        ("only\n", ","),
        ("", ","),
    ],
)
def test_the_separator_is_the_one_that_makes_rows_alike(sample: str, sep: str) -> None:
    assert delimited.separator(sample) == sep


def test_a_tsv_is_tabs_when_nothing_tells() -> None:
    assert delimited.separator("text\nno tab\n", ".tsv") == "tab"


def test_a_sample_that_ends_inside_a_row_does_not_mislead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.corpora.table_file.SAMPLE", 40)
    path = tmp_path / "a.csv"
    path.write_text('text;n\n"one, two, three";1\n"four, five\n, six";2\n')
    assert texts(name_of(path, text="text")) == ["one, two, three", "four, five\n, six"]


def test_what_is_told_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b;c\nx,y;z\n")
    found: dict[str, Any] = {sep: opened(name_of(path, sep=sep)).table.columns for sep in (",", ";", "tab")}
    assert found == {",": ("a", "b;c"), ";": ("a,b", "c"), "tab": ("a,b;c",)}
