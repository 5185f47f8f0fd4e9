"""One answered question of every analysis, on the tiny models: what the contract is checked against."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from questions import DECODED, Given, every

from probes import engine
from probes.contract import Spec


@dataclass(frozen=True)
class Small:
    """A home with the finished runs in it, and the smallest question of each kind with its answer."""

    home: Path
    model: dict[str, str]
    """Which model each question is about."""
    specs: dict[str, Spec]
    results: dict[str, Any]


@pytest.fixture(scope="session")
def ask_small(tiny_bert: Path, tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Small]:
    """Return a function that answers every small question in a new home."""
    given = Given.made(tiny_bert, tiny_gpt2, tmp_path_factory.mktemp("contracts"))

    def ask(name: str) -> Small:
        home = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STRATA_HOME", str(home))
            specs = every(given)
            model = {kind: str(tiny_gpt2 if kind in DECODED else tiny_bert) for kind in specs}
            model["tokfsm"] = "tokfsm/seed0"  # kept with Strata
            return Small(home, model, specs, {kind: engine.run(spec) for kind, spec in specs.items()})

    return ask


@pytest.fixture(scope="session")
def small_run(ask_small: Callable[[str], Small]) -> Small:
    """Every small question, answered once a session."""
    return ask_small("small_run")


@pytest.fixture
def small(small_run: Small, monkeypatch: pytest.MonkeyPatch) -> Small:
    """The answered questions, with their runs where they were made: to read, and not to write to."""
    monkeypatch.setenv("STRATA_HOME", str(small_run.home))
    return small_run


@pytest.fixture
def own(small_run: Small, strata_home: Path) -> Small:
    """The answered questions, with their runs in this test's own home."""
    shutil.copytree(small_run.home, strata_home, dirs_exist_ok=True)
    assert os.environ["STRATA_HOME"] == str(strata_home)
    return small_run
