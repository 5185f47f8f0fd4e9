import json
from pathlib import Path

import pytest

from probes import corpora
from probes.__main__ import main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("text,n\nhello,1\nbad\n\x1b[31mred\u202e,2\n" + "x" * 300 + ",3\n")
    return path


def test_a_corpus_is_looked_at(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpora", "preview", f"table:{data}", "--rows", "2"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "a.csv: 4 rows, texts of 5 to 300 characters (median 9); 1 cannot be read."
    assert out[1] == f"Name: {corpora.preview(f'table:{data}').name}"
    assert "encoding: utf-8" in out
    assert "Row 3: 1 cells where 2 are wanted (line 3)" in out
    assert out[-2].split() == ["2", "hello", "1"]
    assert out[-1].split() == ["4", r"\x1b[31mred\u202e", "2"]


def test_a_preview_as_json_is_whole(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpora", "preview", f"table:{data}", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert whole["headline"].startswith("a.csv: 4 rows")
    assert [row["text"][:3] for row in whole["rows"]] == ["hel", "\x1b[3", "xxx"]
    assert whole["problems"] == [{"row": 3, "problem": "1 cells where 2 are wanted (line 3)"}]
    assert whole["columns"] == ["text", "n"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["table:none.csv"], "E-TABLE-FILE"),
        (["nope"], "E-CORPUS-UNKNOWN"),
        (["hub:owner/name"], "E-HUB-OFFLINE"),
    ],
)
def test_a_refusal_is_a_message_and_exit_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpora", "preview", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"[{said}]" in err


def test_a_preview_of_nothing_says_what_to_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["corpora", "preview"])
    assert done.value.code == 2
    assert "table:/path/to/file.csv" in capsys.readouterr().err


def test_code_says_what_would_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text("def f(x):\n    return x\ndef f(x):\n    return x\n")
    assert main(["corpora", "preview", f"code:{tmp_path}"]) == 0
    out = capsys.readouterr().out
    assert "languages: python (1 files)" in out
    assert "Left out: duplicate function (1)." in out
