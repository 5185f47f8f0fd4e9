"""How a job stands: what its journal, its process and its pulse say, on this machine and on another."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from toys import ToySpec, in_place_of_the_others

from probes import analyses, engine, store
from probes.engine import standing
from probes.errors import StrataError

DIGEST = "ab" * 16


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with in_place_of_the_others():
        yield


def test_a_job_nobody_asked_for_is_unknown() -> None:
    assert engine.status(DIGEST) == engine.Status("unknown")


def test_a_finished_run_is_done_whoever_computed_it() -> None:
    engine.run(ToySpec())
    assert engine.status(ToySpec().pinned().digest) == engine.Status("done", 1.0)
    assert engine.submit(ToySpec()) == ToySpec().pinned().digest  # no worker is started for it


def test_a_running_job_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    store.note(DIGEST, "queued", **standing.process())
    store.note(DIGEST, "running", share=0.25, note="reading", **standing.process())
    monkeypatch.setattr(standing.time, "time", lambda: now + 10)
    status = engine.status(DIGEST)
    assert (status.state, status.share, status.note, status.error) == ("running", 0.25, "reading", None)
    assert status.elapsed == pytest.approx(10, abs=1)
    assert status.left == pytest.approx(30, abs=3)


def test_a_job_that_has_hardly_begun_does_not_guess() -> None:
    store.note(DIGEST, "running", share=0.001, **standing.process())
    assert engine.status(DIGEST).left is None


@pytest.mark.parametrize("state", ["queued", "running"])
@pytest.mark.parametrize("process", [{"pid": 2**22 + 1, "born": 1.0}, {"pid": os.getpid(), "born": 1.0}, {}])
def test_a_job_whose_process_is_gone_was_interrupted(state: str, process: dict[str, float]) -> None:
    """Also when another process has the old one's number, or when none was written down."""
    store.note(DIGEST, state, share=0.5, **process)
    status = engine.status(DIGEST)
    assert status.state == "failed"
    assert status.error is not None
    assert status.error["code"] == "E-INTERRUPTED"
    assert "again" in status.error["fix"]


def test_a_failed_job_says_why() -> None:
    error = {"code": "E-X", "what": "What.", "why": "Why.", "fix": "Fix."}
    store.note(DIGEST, "failed", error=error, pid=1, born=1.0)
    status = engine.status(DIGEST)
    assert (status.state, status.error) == ("failed", error)
    assert StrataError(**status.error).fix == "Fix."


def test_a_finished_job_whose_answer_was_set_aside_can_be_asked_again(strata_home: Path) -> None:
    """Done is what the store holds, not what the journal remembers."""
    engine.run(ToySpec())
    digest = ToySpec().pinned().digest
    store.note(digest, "done", share=1.0, **standing.process())
    table = strata_home / "runs" / digest / "table.parquet"
    table.write_bytes(table.read_bytes()[:-1])
    assert analyses.result_of(digest) is None
    assert engine.status(digest).state == "unknown"
