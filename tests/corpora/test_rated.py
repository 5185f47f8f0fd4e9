"""Rated pairs: columns told or found, every refusal with its row, a pin that holds, and the sets of the wheel."""

from pathlib import Path

import pytest

from probes.corpora import rated
from probes.errors import StrataError

ROWS = ["one text,another text,1.5", "a,b,2", "c,d,-3e1"]


def table(path: Path, *lines: str, choices: str = "") -> str:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return f"table:{path}{choices}"


@pytest.mark.parametrize("header", ["first,second,score", "Sentence1,Sentence2,Similarity", "x,y,z"])
def test_columns_are_found_by_name_or_place(tmp_path: Path, header: str) -> None:
    found = rated.rated(table(tmp_path / "t.csv", header, *ROWS))
    assert (found.first[0], found.second[0], found.score) == ("one text", "another text", (1.5, 2.0, -30.0))
    assert len(found) == 3


def test_columns_are_told(tmp_path: Path) -> None:
    rows = ["id,s,t,u", "1,0.5,one,two", "2,0.7,three,four"]
    name = table(tmp_path / "t.csv", *rows, choices="?text=t&label=u&label=s")
    assert rated.rated(name).first == ("one", "three")
    assert rated.rated(name).score == (0.5, 0.7)
    for choices in ("", "?text=t", "?text=t&label=u", "?text=t&label=t&label=s", "?text=t&label=u&label=nothing"):
        with pytest.raises(StrataError, match="Which columns of 't.csv' hold the two texts and the score") as found:
            rated.rated(table(tmp_path / "t.csv", *rows, choices=choices))
        assert found.value.code == "E-TABLE-COLUMN"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a,b,high", "its score is no number: 'high'"),
        ("a,b,nan", "its score is no number: 'nan'"),
        ("a,b,", "its score is no number"),
        ("a, ,1", "one of its two texts is empty"),
        ("a,b", "2 cells where 3 are wanted"),
    ],
)
def test_a_wrong_row_is_named_or_skipped(tmp_path: Path, row: str, why: str) -> None:
    lines = ["first,second,score", ROWS[0], row]
    with pytest.raises(StrataError, match=f"t.csv, row 3: {why}") as found:
        rated.rated(table(tmp_path / "t.csv", *lines))
    assert found.value.code == "E-TABLE-ROW"
    assert len(rated.rated(table(tmp_path / "t.csv", *lines, choices="?skip=yes"))) == 1


def test_a_table_of_no_pairs_and_of_too_many_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StrataError, match="'t.csv' holds no pair of texts with a score"):
        rated.rated(table(tmp_path / "t.csv", "first,second,score"))
    monkeypatch.setattr(rated, "MOST", 2)
    with pytest.raises(StrataError, match="'t.csv' holds too many pairs") as found:
        rated.rated(table(tmp_path / "t.csv", "first,second,score", *ROWS))
    assert found.value.code == "E-TABLE-LIMIT"


def test_a_pinned_table_refuses_another_content(tmp_path: Path) -> None:
    name = table(tmp_path / "t.csv", "first,second,score", *ROWS)
    pinned = rated.pin(name)
    assert "text=first&label=second&label=score" in pinned
    assert rated.pin(pinned) == pinned
    assert rated.rated(pinned) == rated.rated(name)
    table(tmp_path / "t.csv", "first,second,score", *ROWS[:2])
    with pytest.raises(StrataError, match="has changed since it was named") as found:
        rated.rated(pinned)
    assert found.value.code == "E-CORPUS-MOVED"
    assert rated.pin("lee") == "lee"


@pytest.mark.weights
def test_the_sets_of_the_wheel_are_the_published_ones(real_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_HOME", str(real_home))
    try:
        lee, words, lex = (rated.rated(name) for name in rated.SETS)
    except StrataError as error:
        pytest.skip(f"the wheel of the rated sets cannot be had: {error}")
    assert (len(lee), len(words), len(lex)) == (1225, 352, 999)  # WordSim's pair of one word with itself is left out
    assert len({*lee.first, *lee.second}) == 50
    assert (words.first[0], words.second[0], words.score[0]) == ("love", "sex", 6.77)
    assert (lex.first[0], lex.second[0], lex.score[0]) == ("old", "new", 1.58)
    for found in (lee, words, lex):
        assert set(found.spare).isdisjoint({*found.first, *found.second})
        assert len(found.spare) > 200
