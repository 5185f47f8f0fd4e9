import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from probes import store

module = importlib.import_module("probes.store.jobs")
QUESTION = {"kind": "toy", "version": 1, "spec": {"n": 3}}


def digest(n: int) -> str:
    return f"{n:032x}"


def begin(n: int, *states: str, **facts: Any) -> str:
    store.note(digest(n), "queued", question=QUESTION)
    for state in states:
        store.note(digest(n), state, **facts)
    return digest(n)


def test_jobs_say_what_was_asked_and_how_it_stands() -> None:
    begin(1, "running", share=0.5, note="reading \u202e")
    (job,) = store.jobs()
    assert (job.digest, job.kind, job.spec) == (digest(1), "toy", {"n": 3})
    assert (job.state, job.share, job.note, job.error) == ("running", 0.5, "reading \u202e", {})
    assert job.began <= job.said


def test_live_ones_alone_can_be_had_and_the_newest_come_first() -> None:
    for n, states in enumerate([("running",), ("running", "done"), (), ("failed",), ("cancelled",)]):
        begin(n, *states)
        time.sleep(0.002)
    assert [job.digest for job in store.jobs(live=True)] == [digest(2), digest(0)]
    assert [job.digest for job in store.jobs()] == [digest(n) for n in (4, 3, 2, 1, 0)]


def test_a_failed_job_keeps_its_error() -> None:
    error = {"code": "E-X", "what": "It broke.", "why": "Because.", "fix": "Mend it."}
    begin(1, "failed", error=error)
    assert store.jobs()[0].error == error


def test_a_job_that_goes_on_is_read_again() -> None:
    begin(1, "running", share=0.25)
    assert store.jobs()[0].share == 0.25
    store.note(digest(1), "running", share=0.75)
    assert store.jobs()[0].share == 0.75


def test_a_journal_that_did_not_change_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    begin(1, "done")
    store.jobs()
    monkeypatch.setattr(module._jobs, "read", lambda path: pytest.fail("read again"))
    assert len(store.jobs()) == 1


@pytest.mark.parametrize("rest", [b'{"time": 1, "sta', b"\xff\xfe\n", b"3\n", b"[]\n", b'{"time": 5}\n', b"\n"])
def test_a_torn_last_line_leaves_the_one_before(rest: bytes, strata_home: Path) -> None:
    begin(1, "running", share=0.5)
    with (strata_home / "jobs" / f"{digest(1)}.jsonl").open("ab") as out:
        out.write(rest)
    assert store.jobs()[0].share == 0.5


@pytest.mark.parametrize(
    "text", ["", "\n", "[]\n", "3\n", '{"state": "queued"}\n', '{"time": "x", "state": "done"}\n', "\x00" * 100]
)
def test_what_is_no_journal_is_left_out(text: str, strata_home: Path) -> None:
    begin(1)
    (strata_home / "jobs" / f"{digest(2)}.jsonl").write_text(text)
    (strata_home / "jobs" / f"{digest(3)}.jsonl").mkdir()
    (strata_home / "jobs" / f"{digest(1)}.stop").touch()
    assert [job.digest for job in store.jobs()] == [digest(1)]


def test_a_chatty_journal_is_read_from_its_end(strata_home: Path) -> None:
    """Case 51: a journal of 64 GB, were it read whole, would not end today."""
    begin(1)
    path = strata_home / "jobs" / f"{digest(1)}.jsonl"
    last = {"time": 2.0, "state": "running", "share": 0.9}
    with path.open("r+b") as out:
        out.seek(1 << 36)  # a hole: no disk is used
        out.write(b"\n" + json.dumps(last).encode() + b"\n")
    assert store.jobs()[0].share == 0.9
    assert store.last_event(digest(1)) == {**last, "started": pytest.approx(time.time(), abs=60)}


def test_only_the_newest_are_looked_into(monkeypatch: pytest.MonkeyPatch, strata_home: Path) -> None:
    monkeypatch.setattr(module, "_MOST", 3)
    for n in range(6):
        begin(n)
        os.utime(strata_home / "jobs" / f"{digest(n)}.jsonl", (n, n))
    assert {job.digest for job in store.jobs()} == {digest(n) for n in (3, 4, 5)}
    assert len(module._jobs.known) == 3
