"""The command that sweeps a grid: it counts before it runs, and its exit says whether all went well."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from toys import ToySpec, calls, in_place_of_the_others

from probes import engine
from probes.__main__ import main


@pytest.fixture
def toys() -> Iterator[None]:
    with in_place_of_the_others():
        yield


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "grid.toml").write_text(text)
    return folder / "grid.toml"


def test_the_command_counts_before_it_runs(toys: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = str(written(tmp_path / "g", 'kind = "toy"\n[[grid]]\nn = [1, 2]\n'))
    engine.run(ToySpec(n=1))
    assert main(["sweep", grid, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 questions, 1 of them answered before.")
    assert calls == [1]
    assert main(["sweep", grid, "--here"]) == 0
    assert "There are 2 rows." in capsys.readouterr().out
    assert calls == [1, 2]


def test_the_command_prints_json_and_fails_when_a_question_does(
    toys: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = str(written(tmp_path / "g", 'kind = "toy"\n[[grid]]\nn = [1, 13]\n'))
    assert main(["sweep", grid, "--here", "--json"]) == 2
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert [run["state"] for run in told["runs"]] == ["done", "failed"]
    assert told["failures"][0]["code"] == "E-TOY"
    assert "1 of 2 questions failed" in err
    assert "Thirteen is refused." in err
    assert main(["sweep", str(tmp_path / "none.toml")]) == 2
