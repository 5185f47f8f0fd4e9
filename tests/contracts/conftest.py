"""One answered question of every analysis, on the tiny model: what the contract is checked against."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from small import code_folder, line_folder, pair_table, small_alignment, small_likeness, small_spec

from probes import engine
from probes.checkup import ModelSpec, SizeSpec, TokensSpec
from probes.codebooks import CodebookSpec, CodedSpec, SearchSpec
from probes.contract import Spec
from probes.geometry import GeometrySpec, MapSpec
from probes.quality import CompressionSpec, GridSpec
from probes.syntax import CausalSpec, SnippetSpec, SyntaxSpec, TransferSpec

CODE = "def total(values):\n    for value in values:\n        print(value, 1)\n    return len(values)\n"


@dataclass(frozen=True)
class Small:
    """A home with a finished syntax run in it, and the smallest question of each kind with its answer."""

    home: Path
    model: dict[str, str]
    """Which model each question is about."""
    specs: dict[str, Spec]
    results: dict[str, Any]


@pytest.fixture(scope="session")
def ask_small(tiny_bert: Path, tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Small]:
    """Return a function that answers every small question in a new home."""
    folder = code_folder(tmp_path_factory.mktemp("contracts") / "code")
    sentences = line_folder(tmp_path_factory.mktemp("contracts") / "sentences")

    def ask(name: str) -> Small:
        home = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STRATA_HOME", str(home))
            syntax: SyntaxSpec = small_spec(tiny_bert, folder).pinned()
            specs: dict[str, Spec] = {
                "alignment": small_alignment(tiny_bert, sentences).pinned(),
                "likeness": small_likeness(tiny_bert, tiny_gpt2, sentences).pinned(),
                "syntax": syntax,
                "snippet": SnippetSpec(run=syntax.digest, code=CODE),
            }
            cloud: dict[str, Any] = {"model": str(tiny_bert), "corpus": f"code:{folder}", "n": 60, "per_text": 4}
            specs |= {kind.kind: kind(**cloud).pinned() for kind in (GeometrySpec, MapSpec)}
            rated = {"model": str(tiny_bert), "pairs": pair_table(folder.parent / "pairs.csv"), "n": 80}
            specs["grid"] = GridSpec(**rated, draws=2).pinned()
            specs["compression"] = CompressionSpec(**rated, neighbours=3).pinned()
            specs["codebooks"] = CodebookSpec(
                model=str(tiny_bert), corpus=syntax.corpus, codes=8, n_fit=400, n_test=150, passes=3
            ).pinned()
            books = specs["codebooks"].digest
            specs["codesearch"] = SearchSpec(run=books, pattern=r"\bdef (\w+)", top=5)
            specs["codes"] = CodedSpec(run=books, text=CODE)
            specs |= {kind.kind: kind(model=str(tiny_bert)).pinned() for kind in (SizeSpec, ModelSpec, TokensSpec)}
            # what a removal costs is asked of a model that predicts tokens, and of a run about it
            plain = dict.fromkeys(("control", "controls", "dimensions"), False)
            decoder: SyntaxSpec = small_spec(tiny_gpt2, folder, random_init=False, **plain).pinned()
            engine.run(decoder)
            causal = {"layers": "1, 2 + norm", "rank": 3, "texts": 3, "draws": 2}
            specs["causal"] = CausalSpec(run=decoder.digest, **causal).pinned()
            other: SyntaxSpec = small_spec(tiny_bert, folder, seed=1, random_init=False, **plain).pinned()
            engine.run(other)
            specs["transfer"] = TransferSpec(runs=(other.digest, syntax.digest))
            model = {kind: str(tiny_gpt2 if kind == "causal" else tiny_bert) for kind in specs}
            return Small(home, model, specs, {kind: engine.run(spec) for kind, spec in specs.items()})

    return ask


@pytest.fixture(scope="session")
def small_run(ask_small: Callable[[str], Small]) -> Small:
    """Every small question, answered once a session."""
    return ask_small("small_run")


@pytest.fixture
def small(small_run: Small, strata_home: Path) -> Small:
    """The answered questions, with their runs in this test's own home."""
    shutil.copytree(small_run.home, strata_home, dirs_exist_ok=True)
    assert os.environ["STRATA_HOME"] == str(strata_home)
    return small_run
