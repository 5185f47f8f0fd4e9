"""Case 34: JSONL with a broken line, nested objects, any line end; each row by its line."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import name_of, numbered, refusal, texts

from probes import corpora
from probes.corpora.table_file import opened

any_text = st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip)


def hundred(tmp_path: Path, end: str = "\n", line: str = '{"text": "broken') -> Path:
    path = tmp_path / "data.jsonl"
    whole = [json.dumps({"text": f"text {i}", "n": i}) for i in range(1, 101)]
    whole[56] = line
    path.write_text(end.join(whole) + end, newline="")
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_broken_line_57_of_100_is_named_and_can_be_skipped(tmp_path: Path, end: str) -> None:
    path = hundred(tmp_path, end)
    error = refusal(f"table:{path}")
    assert error.code == "E-TABLE-ROW"
    assert error.what.startswith("data.jsonl, line 57: not JSON: Unterminated string at character 10")
    assert "skip=yes" in error.fix
    skipped: Counter[str] = Counter()
    found = numbered(name_of(path, skip="yes"), skipped=skipped)
    assert found == {i: f"text {i}" for i in range(1, 101) if i != 57}
    assert skipped == {"line that cannot be read": 1}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[1, 2]", "not a JSON object but a list"),
        ('"x"', "not a JSON object but a text"),
        ("null", "not a JSON object but null"),
        ("7", "not a JSON object but a number"),
        ("true", "not a JSON object but true or false"),
        ('{"text": 5}', "its text is the number 5"),
        ('{"text": true}', "its text is true or false"),
        ('{"text": "\\ud800x"}', "half a character (U+D800)"),
        ("[" * 100_000, "JSON nested too deeply"),
        ('{"n": ' + "9" * 5000 + "}", "not JSON: Exceeds the limit"),
        ("{'text': 1}", "not JSON: Expecting property name enclosed in double quotes at character 2"),
    ],
)
def test_what_is_no_row_says_why(tmp_path: Path, line: str, why: str) -> None:
    assert refusal(f"table:{hundred(tmp_path, line=line)}").what.startswith(f"data.jsonl, line 57: {why}")


@given(st.lists(any_text, min_size=1, max_size=9), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_written_as_jsonl_comes_back(tmp_path: Path, found: list[str], ascii_only: bool) -> None:
    path = tmp_path / "any.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=ascii_only) + "\n" for text in found]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    assert texts(name_of(path, encoding="utf-8")) == found


def test_nested_objects_become_columns_and_lists_stay_json(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "f": {}}\n{"text": "y", "late": null}\n\n')
    assert opened(f"table:{path}").table.columns == ("text", "a.b.c", "a.d", "f", "late")
    labels = corpora.load(name_of(path, labels=("a.b.c", "a.d", "late")), n=5).labels.sort_values("origin")
    assert labels["a.d"].iloc[0] == '[1, {"e": 2}]'
    assert labels["a.d"].isna().tolist() == [False, True]
    assert labels["a.b.c"].iloc[0] == 1
    oracle = pd.json_normalize([json.loads(line) for line in path.read_text().splitlines() if line])
    assert oracle["a.b.c"].iloc[0] == 1


def test_blank_lines_missing_and_null_texts_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\n{"text": "x"}\n\n{"text": null}\n{"n": 1}\n{"text": " "}\n{"text": NaN}\n{"text": "y"}')
    skipped: Counter[str] = Counter()
    assert numbered(f"table:{path}", skipped=skipped) == {2: "x", 8: "y"} == numbered(f"table:{path}")
    assert skipped == {"row without a text": 4}


@pytest.mark.parametrize("text", ['[\n {"text": "x"},\n {"text": "y"}\n]\n', '{\n "text": "x"\n}\n', "hello\nworld\n"])
def test_one_document_over_many_lines_is_refused_with_a_way_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    error = refusal(f"table:{path}")
    assert error.code == "E-TABLE-FORMAT"
    assert ("one JSON document" in error.why) == (text[0] in "[{")
    assert "jq -c" in error.fix


def test_utf_16_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "naïve"}\n{"text": "日本"}\n', encoding="utf-16")
    assert texts(f"table:{path}") == ["naïve", "日本"]
