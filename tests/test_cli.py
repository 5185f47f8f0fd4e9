import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small import SIZES, code_folder

from probes import engine, store
from probes.__main__ import main
from probes.analyses import ANALYSES
from probes.syntax import SyntaxSpec

ROOT = Path(__file__).parents[1]


def strata(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own, as a person does."""
    command = [sys.executable, "-m", "probes", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def options(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options of the smallest syntax question."""
    folder = code_folder(tmp_path_factory.mktemp("cli") / "code")
    given: dict[str, Any] = {"model": tiny_bert, "corpus": f"code:{folder}", **SIZES, "control": "no"}
    return [text for name, value in given.items() for text in (f"--{name.replace('_', '-')}", str(value))]


@pytest.mark.parametrize("words", [[], *([a.kind] for a in ANALYSES), ["models"], ["corpora"], ["runs"]], ids=str)
def test_help_is_given(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([*words, "--help"])
    assert done.value.code == 0
    assert "usage: python -m probes" in capsys.readouterr().out


def test_help_names_defaults_and_choices(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["syntax", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--n-train" in text
    assert "(default: 250)" in text
    assert "{source,leaves}" in text
    assert SyntaxSpec.model_fields["rank"].description in text


def test_the_command_loads_nothing_heavy_to_help() -> None:
    code = (
        "import sys\nfrom probes.__main__ import main\n"
        "try:\n    main(['syntax', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'transformers', 'altair', 'streamlit', 'distributed') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_a_question_is_answered_as_a_table(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["syntax", *options]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("Syntax peaks at layer ")
    header = next(line for line in out if "series" in line and "f1" in line)
    result = store.load(store.runs()[0].digest, ANALYSES[0].result)
    assert header.split() == list(result.frame().columns)
    assert len(out[out.index(header) + 1 :]) == len(result.frame())


def test_the_same_question_as_json_is_one_json_and_not_computed_again(
    options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["syntax", *options]) == 0
    capsys.readouterr()
    monkeypatch.setattr("probes.syntax.analysis.run", None)  # a second run would fail
    assert main(["syntax", *options, "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert set(whole) == {"spec", "digest", "headline", "frame", "source"}
    spec = SyntaxSpec(**whole["spec"]["spec"])
    assert spec.digest == whole["digest"] == store.runs()[0].digest
    assert spec.control is False
    result = engine.run(spec)
    assert (whole["headline"], len(whole["frame"])) == (result.headline(), len(result.frame()))
    assert set(whole["frame"][0]) == set(result.frame().columns)
    assert whole["source"]["weights"] == result.source.weights


def test_a_run_is_listed(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert capsys.readouterr().out == "No run is stored yet.\n"
    main(["syntax", *options])
    headline = capsys.readouterr().out.splitlines()[0]
    assert main(["runs"]) == 0
    assert headline in capsys.readouterr().out


def test_models_and_corpora_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "minilm" in capsys.readouterr().out
    assert main(["corpora"]) == 0
    assert "python-stdlib" in capsys.readouterr().out


REFUSED = {
    "model": (["syntax", "--model", "no-such-model"], "no-such-model"),
    "corpus": (["syntax", "--corpus", "no-such-corpus"], "There is no corpus 'no-such-corpus'"),
    "value": (["syntax", "--n-train", "many"], "n_train"),
    "choice": (["syntax", "--input", "tokens"], "input"),
    "run": (["snippet", "--run", "0" * 32, "--code", "def f(a): return a"], "There is no syntax run"),
    "digest": (["snippet", "--run", "../..", "--code", "x = 1"], "run"),
    "fetch": (["models", "fetch", "no-such-model"], "no-such-model"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_a_message_and_exit_2(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = REFUSED[case]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("strata: ")
    assert said in err
    assert "Traceback" not in err
    assert "[E-" in err


def test_a_refusal_in_a_process_of_its_own() -> None:
    run = strata("syntax", "--model", "no-such-model")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("strata: ")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("arguments", [[], ["sintax"], ["syntax", "--colour", "red"], ["snippet"], ["models", "eat"]])
def test_what_is_no_command_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_stopping_by_the_keyboard_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "run", stop)
    assert main(["syntax"]) == 130
    assert "stopped" in capsys.readouterr().err
