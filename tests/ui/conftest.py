"""Pages in the tests: a real stored run of the tiny model, and an engine that works here, in this process."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from probes import analyses, engine, store
from probes.contract import Progress, Spec
from probes.errors import StrataError
from probes.syntax import SyntaxSpec

ROOT = Path(__file__).parents[2]


@dataclass
class HereEngine:
    """Takes questions down and says of each what the test wants said; live ones are answered at once, here."""

    submitted: list[Spec] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    says: dict[str, engine.Status] = field(default_factory=dict)
    refusal: StrataError | None = None

    def submit(self, spec: Spec) -> str:
        if self.refusal:
            raise self.refusal
        self.submitted.append(spec)
        self.says.setdefault(spec.digest, engine.Status("running", 0.25, "Reading code", 3.0, 9.0, None))
        return spec.digest

    def status(self, digest: str) -> engine.Status:
        return self.says.get(digest, engine.Status("unknown", 0.0, "", 0.0, None, None))

    def cancel(self, digest: str) -> None:
        self.cancelled.append(digest)

    def ask(self, spec: Spec, timeout: float = 60) -> Any:
        return analyses.find(spec.kind).run(spec, Progress())


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """Look through the installed packages for Streamlit's components once: nine tenths of an AppTest's time is that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> HereEngine:
    fake = HereEngine()
    for name in ("submit", "status", "cancel", "ask"):
        monkeypatch.setattr(engine, name, getattr(fake, name))
    monkeypatch.setattr(engine, "warm", lambda: None)
    return fake


@pytest.fixture(scope="session")
def trained(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SyntaxSpec]:
    """One run of the syntax analysis on the tiny model and real code: the home it is stored in, and its question."""
    home = tmp_path_factory.mktemp("trained")
    sizes = {"n_train": 16, "n_valid": 8, "n_test": 8, "rank": 4, "epochs": 1, "max_words": 40}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        spec = SyntaxSpec(model=str(tiny_bert), **sizes).pinned()
        store.save(spec, analyses.find("syntax").run(spec, Progress()), 1.5)
    return home, spec


@pytest.fixture
def stored(trained: tuple[Path, SyntaxSpec], strata_home: Path) -> SyntaxSpec:
    """A finished run in this test's own home."""
    shutil.copytree(trained[0], strata_home, dirs_exist_ok=True)
    return trained[1]


@pytest.fixture
def page(here: HereEngine) -> Callable[..., AppTest]:
    """Open a page the way a person does: from home, with an address."""

    def open_page(path: str = "", **query: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        for name, value in query.items():
            at.query_params[name] = value
        return at.switch_page(path).run() if path else at

    return open_page
