"""The worked notebooks run from top to bottom, in a clean process, on a tiny model and few functions."""

import json
from pathlib import Path
from typing import Any

import clean
import pytest
from small import SIZES, code_folder

from probes import __version__

BOOKS = sorted((clean.ROOT / "notebooks").glob("*.ipynb"))
SMALL = {**SIZES, "control": True}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def executed(name: str, tmp_path: Path, **env: str) -> dict[str, Any]:
    [path] = [book for book in BOOKS if book.name.startswith(name)]
    done = clean.notebook(path.read_bytes(), tmp_path / "work", tmp_path / "home", STRATA_SIZES=json.dumps(SMALL), **env)
    outputs = [output for cell in done["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert "<script" not in json.dumps([o for o in outputs if "data" in o])
    return done


def printed(done: dict[str, Any]) -> str:
    return json.dumps([cell.get("outputs") for cell in done["cells"]], ensure_ascii=False)


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    book = json.loads(path.read_text("utf-8"))
    assert book["nbformat"] == 4
    for cell in book["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert any("parameters" in cell["metadata"].get("tags", []) for cell in book["cells"])


@pytest.mark.slow
def test_the_first_notebook_ends_with_files_for_a_paper(tiny_bert: Path, tmp_path: Path) -> None:
    done = executed("01", tmp_path, STRATA_MODEL=str(tiny_bert))
    said = printed(done)
    assert "Syntax peaks at layer" in said
    assert "selectivity" in said
    assert "caption{Syntax peaks" in said
    kinds = {path.suffix for path in (tmp_path / "work").iterdir()}
    assert {".pdf", ".tex", ".csv", ".py"} <= kinds
    assert (tmp_path / "work" / "f1-by-layer.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_the_second_notebook_compares_two_models_and_looks_at_a_snippet(
    tiny_bert: Path, tiny_gpt2: Path, tmp_path: Path
) -> None:
    folder = code_folder(tmp_path / "code")
    done = executed("02", tmp_path, STRATA_MODELS=f"{tiny_bert},{tiny_gpt2}", STRATA_FOLDER=str(folder))
    said = printed(done)
    assert said.count("Syntax peaks at layer") >= 2
    assert "functions; difference of F1" in said
    assert "gives back" in said
    assert "methods.md" in said
    assert __version__
