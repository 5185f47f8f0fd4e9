from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import name_of, numbered, refusal

TEXT = "first\nsecond\r\n\n\nthird\n  \nfourth\n  indented"


def test_a_text_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, newline="")
    assert numbered(f"table:{path}") == {1: "first", 2: "second", 5: "third", 7: "fourth", 8: "  indented"}
    assert numbered(f"table:{path}") == numbered(name_of(path, by="line"))


def test_a_text_a_paragraph_has_the_number_of_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, newline="")
    assert numbered(name_of(path, by="paragraph")) == {1: "first\nsecond", 5: "third", 7: "fourth\n  indented"}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_lines_come_back(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(["start", *lines]), encoding="utf-8", newline="")
    wanted = {i: line for i, line in enumerate(["start", *lines], 1) if line.strip()}
    assert numbered(name_of(path, encoding="utf-8")) == wanted


def test_a_paragraph_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.corpora.plain_text.LARGEST_CELL", 100)
    path = tmp_path / "a.txt"
    path.write_text("short\n\n" + "a line of it\n" * 50)
    error = refusal(name_of(path, by="paragraph"))
    assert (error.code, error.what) == ("E-TABLE-LIMIT", "The paragraph in line 3 is too long.")
    assert "by=line" in error.fix
    assert len(numbered(f"table:{path}")) == 51
