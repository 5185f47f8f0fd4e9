"""Who is restarted: the worker that hangs, and never the one that is only starting."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from probes import store
from probes.engine import handed, standing, watch

DIGEST = "ab" * 16


@dataclass
class Future:
    """A task that does not end."""

    key: str = "the task"
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Scheduler:
    """Says which worker holds the task, and remembers which it was told to restart."""

    holder: str
    restarted: list[str] = field(default_factory=list)

    def processing(self) -> dict[str, tuple[str, ...]]:
        return {"tls://a": (), self.holder: ("the task",)}

    def restart_workers(self, addresses: list[str], **_: Any) -> None:
        self.restarted += addresses


def silent(holder: str, restarts: int = 0) -> tuple[handed.Handed, Scheduler]:
    """A job that worker a began and that has been silent for longer than any step takes."""
    store.note(DIGEST, "running", worker="tls://a", **standing.process())
    scheduler = Scheduler(holder)
    long_ago = time.monotonic() - watch.STUCK - 1
    return handed.Handed(Future(), scheduler, long_ago, store.pulse(DIGEST), restarts=restarts), scheduler


def test_a_worker_that_hangs_is_restarted_once_and_given_time() -> None:
    job, scheduler = silent("tls://a")
    watch._look_at(DIGEST, job)
    watch._look_at(DIGEST, job)
    assert scheduler.restarted == ["tls://a"]


def test_a_worker_that_has_taken_over_and_is_still_starting_is_left_alone() -> None:
    job, scheduler = silent("tls://b")
    watch._look_at(DIGEST, job)
    assert scheduler.restarted == []
    assert not job.future.cancelled


def test_a_worker_with_a_pulse_is_left_alone() -> None:
    job, scheduler = silent("tls://a")
    store.beat(DIGEST)
    job.pulse = 0
    watch._look_at(DIGEST, job)
    assert scheduler.restarted == []


def test_a_job_that_hangs_every_time_is_given_up() -> None:
    job, _ = silent("tls://a", restarts=3)
    watch._look_at(DIGEST, job)
    assert job.future.cancelled
    event = store.last_event(DIGEST)
    assert event is not None
    assert (event["state"], event["error"]["code"]) == ("failed", "E-WORKER-STUCK")


@pytest.mark.parametrize(("waited", "restarted"), [(1.0, []), (11.0, ["tls://a"])])
def test_a_job_has_a_while_to_stop(waited: float, restarted: list[str]) -> None:
    job, scheduler = silent("tls://a")
    job.pulse_at = time.monotonic()
    store.ask_to_stop(DIGEST)
    job.unwanted_at = time.monotonic() - waited
    watch._look_at(DIGEST, job)
    assert scheduler.restarted == restarted
    event = store.last_event(DIGEST)
    assert event is not None
    assert event["state"] == ("cancelled" if restarted else "running")
