"""The status strip: on every page what runs, how far, how long, and a way to stop it; then that it has ended."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asked import job, put
from streamlit.testing.v1 import AppTest

from probes import engine, store
from probes.syntax import SyntaxSpec
from probes.ui import strip
from probes.values import digest_of

journals = importlib.import_module("probes.store.jobs")  # the package gives that name to its function
ROOT = Path(__file__).parents[2]
PAGES = ["", *(f"pages/{path.name}" for path in sorted((ROOT / "pages").glob("*.py")))]
Open = Callable[..., AppTest]


def running(here: Any, n: int, share: float = 0.25, left: float | None = 9.0) -> str:
    digest = job(n, "running", share=share)
    here.says[digest] = engine.Status("running", share, "Reading code", 3.0, left)
    return digest


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_what_runs(path: str, page: Open, here: Any) -> None:
    """Case 62: with a job running."""
    digest = running(here, 1)
    at = page(path)
    assert not at.exception
    (bar,) = at.sidebar.progress
    assert (bar.value, bar.text) == (25, "3 s, 9 s left")
    assert at.sidebar.button[0].key == f"strip_cancel_{digest}"
    links = [link for link in at.sidebar.page_link if digest in link.proto.query_string]
    assert [link.value for link in links] == ["Syntax: minilm"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_quiet_when_nothing_runs(path: str, page: Open, here: Any, strata_home: Path) -> None:
    job(1, "failed", error={"code": "E-X", "what": "It broke."})
    put(strata_home, 2)
    at = page(path)
    assert not at.exception
    assert not at.sidebar.progress
    assert not at.sidebar.button
    assert "Running" not in [c.value for c in at.sidebar.caption]


def test_cancel_is_one_press(page: Open, here: Any) -> None:
    digest = running(here, 1)
    at = page("pages/Runs.py")
    at.button(key=f"strip_cancel_{digest}").click().run()
    assert not at.exception
    assert here.cancelled == [digest]


def test_a_job_whose_process_is_gone_is_not_shown_as_running(page: Open, here: Any) -> None:
    digest = job(1, "running")
    here.says[digest] = engine.Status("failed", 0.5, error={"code": "E-INTERRUPTED", "what": "Interrupted."})
    assert not page().sidebar.progress


def test_what_has_ended_is_said_once_and_linked_until_opened(page: Open, here: Any, stored: SyntaxSpec) -> None:
    store.note(stored.digest, "queued", question={"kind": "syntax", "version": 1, "spec": {"model": "m"}})
    store.note(stored.digest, "running")
    here.says[stored.digest] = engine.Status("running", 0.5, "", 1.0)
    at = page()
    assert at.sidebar.progress
    assert not at.toast
    here.says[stored.digest] = engine.Status("done", 1.0)
    store.note(stored.digest, "done")
    at.run()
    assert not at.exception
    assert [t.value.replace("\\", "")[:20] for t in at.toast] == ["Syntax peaks at laye"]
    assert any(stored.digest in link.proto.query_string for link in at.sidebar.page_link)
    at.run()
    assert not at.toast
    assert any(stored.digest in link.proto.query_string for link in at.sidebar.page_link)
    at.query_params["run"] = stored.digest
    at.switch_page("pages/Syntax.py").run()
    assert not any(stored.digest in link.proto.query_string for link in at.sidebar.page_link)


def test_a_failure_is_said_literally_and_a_cancel_is_not_said(page: Open, here: Any) -> None:
    broken, stopped = running(here, 1), running(here, 2)
    at = page()
    here.says[broken] = engine.Status("failed", error={"what": "No `x` <b> :red[y].", "code": "E"})
    here.says[stopped] = engine.Status("cancelled")
    at.run()
    assert not at.exception
    (said,) = at.toast
    assert r"\<b\>" in said.value


def test_many_jobs_are_a_few_and_a_number(page: Open, here: Any) -> None:
    for n in range(9):
        running(here, n)
    at = page()
    assert not at.exception
    assert len(at.sidebar.progress) == 4
    assert "and 5 more" in [link.value for link in at.sidebar.page_link]


def test_hostile_names_are_literal(page: Open, here: Any) -> None:
    digest = digest_of(["1"])
    spec = {"model": "<b>:red[x]</b> $y$"}
    store.note(digest, "queued", question={"kind": "syntax", "version": 1, "spec": spec})
    here.says[digest] = engine.Status("queued", 0.0, "<i>", 0.0)
    at = page()
    assert not at.exception
    label = next(link.value for link in at.sidebar.page_link if digest in link.proto.query_string)
    assert "<b>" not in label
    assert at.sidebar.progress[0].text == "waiting"


def test_looking_again_reads_only_what_has_changed(
    here: Any, strata_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(100):
        job(n, "done")
    digest = running(here, 101)
    strip.under_way()
    read: list[str] = []
    look = journals._jobs.read
    monkeypatch.setattr(journals._jobs, "read", lambda path: (read.append(path.stem), look(path))[1])
    assert len(strip.under_way()) == 1
    assert read == []
    store.note(digest, "running", share=0.9)
    strip.under_way()
    assert read == [digest]
