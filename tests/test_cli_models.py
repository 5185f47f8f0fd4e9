"""`python -m probes models`: convert once, say whose code may run, list it, take it back."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from probes.__main__ import main
from probes.models import catalogue, load, trust

A, B = "a" * 40, "b" * 40


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["models", *arguments]) == code
    out, err = capsys.readouterr()
    return err if code else out


def test_alone_it_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == said(capsys, "list")
    assert all(name in said(capsys) for name in catalogue.names())


def test_converting(capsys: pytest.CaptureFixture[str], tiny_bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "model"))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    assert "Load it. [E-CONVERT]" in said(capsys, "convert", str(folder), code=2)
    (folder / "model.safetensors").unlink()
    note, place, without = said(capsys, "convert", str(folder)).splitlines()
    assert load(str(folder), device="cpu").notes == (note,)
    assert (Path(place) / "model.safetensors").is_file()
    assert without.startswith("Its process gave up: ")
    assert "refused by the interpreter" in without


def test_trusting(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "trust", "--list") == "No code may run.\n"
    assert said(capsys, "trust") == "No code may run.\n"
    assert f"owner/model may run at {A}, and at no other commit" in said(capsys, "trust", "owner/model", A)
    said(capsys, "trust", "owner/other", B)
    lines = said(capsys, "trust", "--list").splitlines()
    assert [line.split()[:2] for line in lines] == [["owner/model", A], ["owner/other", B]]
    assert len(said(capsys, "trust", "--list", "owner/other").splitlines()) == 1
    assert said(capsys, "distrust", "owner/model", B) == "0 grants taken back.\n"
    assert said(capsys, "distrust", "owner/model") == "1 grant taken back.\n"
    assert [g.repo for g in trust.grants()] == ["owner/other"]
    assert "[E-TRUST]" in said(capsys, "trust", "owner/model", "main", code=2)


def test_the_refusal_names_the_command_that_answers_it(
    capsys: pytest.CaptureFixture[str], tiny_bert: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_bert, tmp_path / "model"))
    (folder / "own.py").write_text("raise SystemExit('this must not run')\n")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "own.Model"}}))
    assert main(["syntax", "--model", str(folder)]) == 2
    command = capsys.readouterr().err.split("python -m probes models ")[1].split(" [E-")[0]
    said(capsys, *command.split())
    assert trust.pending(str(folder)) is None


@pytest.mark.parametrize(
    "arguments", [["trust", "owner/model"], ["distrust"], ["convert"], ["eat"], ["fetch", "--fast"]]
)
def test_what_is_no_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["models", *arguments])
    assert done.value.code == 2
    assert "usage:" in capsys.readouterr().err
