"""Looks after the jobs this process has handed out: their pulse while they wait, workers that hang, and their end."""

import logging
import threading
import time
from typing import Any

from probes import store, worker
from probes.engine.handed import Handed, jobs, unwritten
from probes.engine.standing import INTERRUPTED, process, refusal
from probes.engine.work import unforeseen
from probes.errors import StrataError

log = logging.getLogger("strata.engine")

STUCK = 30.0
"""Seconds without a sign of life after which a worker is restarted; no step of Python or torch is silent that long."""
PATIENCE = 10.0
"""Seconds a job may take to stop before its worker is restarted: between two batches it takes less than two."""
_LOOK = 0.5
_RESTARTS = 3
_BEAT = 5.0  # seconds between two signs of life of a job that waits


_guard = threading.Lock()
_thread: list[threading.Thread] = []


def hand(digest: str, future: Any, client: Any) -> None:
    """Look after a job from now on."""
    with _guard:
        unwritten.pop(digest, None)
        jobs[digest] = Handed(future, client, time.monotonic())
        if not _thread:
            _thread.append(threading.Thread(target=_watch, name="strata-watch", daemon=True))
            _thread[0].start()


def withdraw(digest: str) -> bool:
    """Take back a job that no worker has begun; False when this process did not hand it out."""
    if (job := jobs.get(digest)) is None:
        return False
    job.future.cancel()
    return True


def _watch() -> None:
    while True:
        time.sleep(_LOOK)
        for digest, job in list(jobs.items()):
            try:
                if job.future.done() or worker.lost(job.client):
                    _settle(digest, job)
                    with _guard:
                        if jobs.get(digest) is job:  # and not asked again meanwhile
                            del jobs[digest]
                else:
                    _look_at(digest, job)
            except Exception:  # a disk or a scheduler that is away for a moment must not end the watch
                log.exception("looking after %s", digest)
        with _guard:
            if not jobs:
                _thread.clear()
                return


def _settle(digest: str, job: Handed) -> None:
    """Tell the journal how a task ended whose worker could not.

    A job that has told itself is not asked: its word lies at a worker that may hang by now, and all others would wait.
    """
    if (store.last_event(digest) or {}).get("state") not in ("queued", "running"):
        return
    if job.future.status == "finished":
        if (error := job.future.result(timeout=30)) is not None:
            _end(digest, error)
    elif job.future.status == "error":
        _end(digest, _died(job.future.exception(timeout=30)))
    elif store.asked_to_stop(digest):
        _end(digest, None)
    else:  # the scheduler is gone, or forgot the task
        _end(digest, refusal(INTERRUPTED))


def _end(digest: str, error: dict[str, str] | None) -> None:
    event = store.last_event(digest)
    if event is None or event["state"] not in ("queued", "running"):
        return  # the job itself said how it ended
    try:
        if error is None:
            store.note(digest, "cancelled", **process())
        else:
            store.note(digest, "failed", error=error, **process())
    except StrataError as refused:
        unwritten[digest] = error or refusal(refused)


def _died(error: BaseException) -> dict[str, str]:
    if type(error).__name__ == "KilledWorker":
        words = "The worker died over this job, several times.", "It may have run out of memory.", "Ask for less."
        return refusal(StrataError("E-WORKER-DIED", *words))
    if isinstance(error, ImportError):
        fix = "Start the workers in an environment where `import probes` finds this version."
        return refusal(StrataError("E-WORKER-PACKAGE", "A worker cannot import Strata.", str(error), fix))
    return unforeseen(error)


def _look_at(digest: str, job: Handed) -> None:
    """See that a waiting job has a pulse, and that a running one shows its own and stops when it should."""
    event, now = store.last_event(digest), time.monotonic()
    if event is None or event["state"] not in ("queued", "running"):
        return
    if job.unwanted_at is None and store.asked_to_stop(digest):
        job.unwanted_at = now
    if event["state"] == "running":
        _look_at_running(digest, job, now)
    elif job.unwanted_at is not None:
        job.future.cancel()
    elif now - job.pulse_at > _BEAT:
        job.pulse_at = now
        store.beat(digest)


def _look_at_running(digest: str, job: Handed, now: float) -> None:
    """Restart the worker of a job that does not stop when asked, or gives no sign of life."""
    if (pulse := store.pulse(digest)) != job.pulse:
        job.pulse, job.pulse_at = pulse, now
    if job.unwanted_at is not None and now - job.unwanted_at > PATIENCE:
        _restart(digest, job)
        job.future.cancel()
        _end(digest, None)
    elif now - job.pulse_at > STUCK:
        job.pulse_at = now
        _restart(digest, job)
        if job.restarts > _RESTARTS:
            job.future.cancel()
            _end(digest, refusal(StrataError("E-WORKER-STUCK", "The worker hung over this job, several times.")))


def _restart(digest: str, job: Handed) -> None:
    """Kill the process that spoke last, if it still holds the job; its keeper starts another one.

    A job whose worker died is held by one that has not spoken yet, and may need long to start: that one is left alone.
    """
    address = (store.last_event(digest) or {}).get("worker")
    if job.future.key in job.client.processing().get(address, ()):
        log.warning("restarting the worker of %s at %s", digest, address)
        job.restarts += 1
        job.client.restart_workers([address], timeout=30, raise_for_error=False)
