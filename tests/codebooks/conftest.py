"""A tiny decoder that was taught to think in codes, and runs about its codes: made once for all tests that need one."""

import json
from pathlib import Path
from typing import Any

import pytest
from small import code_folder

from probes import engine
from probes.__main__ import main
from probes.codebooks import CodebookSpec

LINES = [f"value_{i} = total + {i}\nreturn value_{i}" for i in range(120)]
SITES = ("mlp", "heads")


@pytest.fixture(scope="session")
def taught(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny decoder that was taught, for a moment, to choose two of twelve codes at its heads and its MLPs."""
    where = tmp_path_factory.mktemp("codemodel")
    (where / "lines.jsonl").write_text("".join(json.dumps({"text": line}) + "\n" for line in LINES))
    asked: dict[str, object] = {"model": tiny_llama, "corpus": f"table:{where / 'lines.jsonl'}", "language": ""}
    asked |= {"places": "head,mlp", "codes": 12, "k": 2, "steps": 8, "tokens": 16, "texts": 120, "rate": 0.01}
    given = [f"--{name}={value}" for name, value in {**asked, "blocks": 4, "device": "cpu"}.items()]
    assert main(["codemodel", *given, f"--into={where / 'it'}"]) == 0
    return where / "it"


@pytest.fixture(scope="session")
def taught_home(taught: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, CodebookSpec]]:
    where, code = tmp_path_factory.mktemp("home"), code_folder(tmp_path_factory.mktemp("code") / "code")
    sizes: dict[str, Any] = {"corpus": f"code:{code}", "n_fit": 400, "n_test": 150, "method": "trained"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(where))
        asked = {site: CodebookSpec(model=str(taught), site=site, **sizes).pinned() for site in SITES}
        for spec in asked.values():
            engine.run(spec)
    return where, asked


@pytest.fixture(params=["mlp", "heads"])
def taught_run(
    request: pytest.FixtureRequest, taught_home: tuple[Path, dict[str, CodebookSpec]], monkeypatch: pytest.MonkeyPatch
) -> CodebookSpec:
    monkeypatch.setenv("STRATA_HOME", str(taught_home[0]))
    return taught_home[1][request.param]
