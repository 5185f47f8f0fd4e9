"""How a job stands: what its journal, its process and its pulse say, on this machine and on another."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
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


def test_case_49_a_process_that_is_dead_and_not_yet_buried_does_not_run() -> None:
    """In a container the first process often buries nobody: what an interface left behind stays a zombie there."""
    dead = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    born = psutil.Process(dead.pid).create_time()
    store.note(DIGEST, "running", host=socket.gethostname(), pid=dead.pid, born=born)
    assert engine.status(DIGEST).state == "running"
    dead.kill()
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    assert engine.status(DIGEST).state == "failed"
    dead.communicate()


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


# ---- whose word it is ------------------------------------------------------------------------------------------------


def test_case_49_a_clock_that_was_set_does_not_make_a_living_job_an_interrupted_one() -> None:
    """Birth times are counted from the boot, which the system dates by its clock; a reused number is far off."""
    mine = standing.process()
    store.note(DIGEST, "running", **{**mine, "born": mine["born"] + 1.1})
    assert engine.status(DIGEST).state == "running"
    store.note(DIGEST, "running", **{**mine, "born": mine["born"] - 60})
    assert engine.status(DIGEST).state == "failed"


ELSEWHERE = {"host": "another-machine", "pid": os.getpid(), "born": 1.0}


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_job_on_another_machine_lives_by_its_pulse(state: str) -> None:
    """Its process id says nothing here, not even that of a process of ours."""
    store.note(DIGEST, "queued", **ELSEWHERE)
    store.note(DIGEST, state, **ELSEWHERE)
    assert engine.status(DIGEST).state == state
    silent_for(DIGEST, standing.LOST - 10)
    assert engine.status(DIGEST).state == state, "never called interrupted while it may be alive"
    silent_for(DIGEST, standing.LOST + 10)
    status = engine.status(DIGEST)
    assert status.state == "failed", "never called running for ever"
    assert status.error is not None
    assert status.error["code"] == "E-INTERRUPTED"
    store.beat(DIGEST)
    assert engine.status(DIGEST).state == state


def silent_for(digest: str, seconds: float) -> None:
    path = store.folder("jobs", digest).with_suffix(".jsonl")
    os.utime(path, (time.time() - seconds,) * 2)


def test_another_machines_clock_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    store.note(DIGEST, "running", **ELSEWHERE)
    now = time.time()
    for skew in (-7200, 7200):
        monkeypatch.setattr(standing.time, "time", lambda skew=skew: now + skew)
        status = engine.status(DIGEST)
        assert status.state == "running"
        assert status.elapsed >= 0


def test_a_job_that_is_to_stop_says_so() -> None:
    store.note(DIGEST, "running", note="reading", **standing.process())
    engine.cancel(DIGEST)
    assert engine.status(DIGEST).note == "stopping"


def test_cancelling_what_does_not_run_leaves_nothing_behind(strata_home: Path) -> None:
    engine.cancel(DIGEST)
    store.note(DIGEST, "failed", error={})
    engine.cancel(DIGEST)
    assert not store.asked_to_stop(DIGEST)


def test_what_a_resumed_job_found_done_does_not_shorten_its_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    store.note(DIGEST, "queued", **standing.process())
    # an hour in the queue, half of it done before: ten seconds for a tenth
    store.note(DIGEST, "running", share=0.6, since=now + 3600, base=0.5, **standing.process())
    monkeypatch.setattr(standing.time, "time", lambda: now + 3610)
    assert engine.status(DIGEST).left == pytest.approx(40, abs=2)
