"""How a job stands: answered, else the newest word in its journal, if whoever wrote it still lives."""

import os
import socket
import time
from dataclasses import dataclass
from typing import Any, Literal

import psutil

from probes import store
from probes.engine.handed import pending, unwritten
from probes.errors import StrataError

State = Literal["unknown", "queued", "running", "done", "failed", "cancelled"]
BEAT = 2.0
"""Seconds between two signs of life of a job."""
LOST = 60.0
"""Seconds without a sign of life after which a job on another machine is given up; network disks are slow to tell."""
_DRIFT = 2.0  # seconds by which two processes may disagree on when a third was born: the clock was set meanwhile


@dataclass(frozen=True)
class Status:
    """How a job stands: `share` of the work done (0 to 1), seconds `elapsed` and, once they can be told, `left`."""

    state: State
    share: float = 0.0
    note: str = ""
    elapsed: float = 0.0
    left: float | None = None
    error: dict[str, str] | None = None


INTERRUPTED = StrataError(
    "E-INTERRUPTED", "This job was interrupted.", "Its process is gone.", "Run it again: it resumes."
)


def status(digest: str) -> Status:
    """Tell how the job of that digest stands, also one that another process started, here or on another machine."""
    if store.asked(digest) is not None:
        return Status("done", 1.0)
    event = store.last_event(digest)
    if event is None:
        return Status("unknown")
    if event["state"] == "done":  # and perhaps stored since the first look; if not, it was damaged and set aside
        return Status("done", 1.0) if store.asked(digest) is not None else Status("unknown")
    elapsed, share = max(0.0, time.time() - event["started"]), float(event.get("share", 0.0))
    if event["state"] not in ("queued", "running"):
        return Status(event["state"], share, event.get("note", ""), elapsed, None, event.get("error"))
    if not alive(digest, event):
        stopped = store.asked_to_stop(digest)
        if pending(digest):
            return Status("queued", share, "stopping" if stopped else "the worker was lost; starting again", elapsed)
        if stopped:  # its worker was ended for it, and the watch is about to say so
            return Status("cancelled", share, elapsed=elapsed)
        return Status("failed", share, elapsed=elapsed, error=refusal(INTERRUPTED))
    if digest in unwritten:
        return Status("failed", share, elapsed=elapsed, error=unwritten[digest])
    said = "stopping" if store.asked_to_stop(digest) else event.get("note", "")
    return Status(event["state"], share, said, elapsed, _left(event, share))


def _left(event: dict[str, Any], share: float) -> float | None:
    """Estimate from the pace of this try alone: neither the time in the queue nor what was found done counts."""
    made = share - float(event.get("base", 0.0))
    taken = time.time() - event.get("since", event["started"])
    return max(0.0, taken * (1 - share) / made) if made > 0.02 else None


def process() -> dict[str, Any]:
    """Say which process speaks; a process id alone may be another's later, or another machine's."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": psutil.Process().create_time()}


def alive(digest: str, event: dict[str, Any]) -> bool:
    """Say whether whoever wrote an event is still at it: the process itself here, its pulse on another machine."""
    if event.get("host", socket.gethostname()) != socket.gethostname():
        return store.quiet(digest) < LOST
    try:
        writer = psutil.Process(event["pid"])
        same = abs(writer.create_time() - event["born"]) < _DRIFT
        return bool(same and writer.status() != psutil.STATUS_ZOMBIE)  # dead, and nobody has asked how it ended
    except (psutil.Error, KeyError):
        return False


def refusal(error: StrataError) -> dict[str, str]:
    """Return an error as plain values."""
    return {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}
