"""Runs an analysis here, or in a warm worker process that keeps models loaded: one interface, Dask underneath.

Only JSON goes in and only files (or, for live questions, the bytes of such files) come out. The interface process
never loads a model. What a job says of itself is in the store's journal, where every tab and process reads it.
"""

import json
import logging
import os
import threading
import time
import traceback
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

import psutil

from probes import store, worker
from probes.analyses import find, from_json, of, result_of
from probes.contract import Progress, Spec
from probes.errors import Cancelled, StrataError

log = logging.getLogger("strata.engine")

State = Literal["unknown", "queued", "running", "done", "failed", "cancelled"]
_EVERY = 0.2  # seconds between two events of a job: a page looks about twice a second
_KEPT = 64  # live answers remembered by this process


@dataclass(frozen=True)
class Status:
    """How a job stands: `share` of the work done (0 to 1), seconds `elapsed` and, once they can be told, `left`."""

    state: State
    share: float = 0.0
    note: str = ""
    elapsed: float = 0.0
    left: float | None = None
    error: dict[str, str] | None = None


def run(spec: Spec, progress: Progress | None = None) -> Any:
    """Return the answer to a Spec, from the store when it is there, else computed in this process and stored.

    Live questions are not stored. Raises StrataError, or Cancelled when `progress` says so.
    """
    spec = spec.pinned()
    analysis = of(spec)
    if analysis.live:
        return analysis.run(spec, progress or Progress())
    if (known := result_of(spec.digest)) is not None:
        return known
    with store.lock(store.folder("runs", spec.digest)):
        if (known := result_of(spec.digest)) is not None:
            return known
        began = time.perf_counter()
        result = analysis.run(spec, progress or Progress())
        store.save(spec, result, time.perf_counter() - began)
    return result


def submit(spec: Spec) -> str:
    """Start a job in the worker, or join the one that answers the same question; return its digest at once."""
    spec = spec.pinned()
    digest = spec.digest
    client = worker.client()
    with _submitting:  # two tabs that press together must not start two jobs
        if status(digest).state in ("queued", "running", "done"):
            return digest
        store.clear_stop(digest)
        store.note(digest, "queued", question=json.loads(spec.canonical()), **_process())
        # a key is spent once its task ended, well or not: a second try is another task under the same digest
        key = f"{digest}-{time.time_ns()}"
        _futures[digest] = client.submit(_job, spec.canonical(), key=key, retries=0)
    return digest


def status(digest: str) -> Status:
    """Tell how the job of that digest stands, also one that another process started."""
    if store.asked(digest) is not None:
        return Status("done", 1.0)
    event = store.last_event(digest)
    if event is None:
        return Status("unknown")
    if event["state"] == "done":  # and perhaps stored since the first look; if not, it was damaged and set aside
        return Status("done", 1.0) if store.asked(digest) is not None else Status("unknown")
    elapsed, share = time.time() - event["started"], float(event.get("share", 0.0))
    if event["state"] in ("queued", "running") and not _alive(event):
        error = _refusal(
            StrataError(
                "E-INTERRUPTED", "This job was interrupted.", "Its process is gone.", "Run it again: it resumes."
            )
        )
        return Status("failed", share, elapsed=elapsed, error=error)
    left = elapsed * (1 - share) / share if share > 0.02 else None
    return Status(event["state"], share, event.get("note", ""), elapsed, left, event.get("error"))


def cancel(digest: str) -> None:
    """Ask a job to stop; it does so between two batches, and what it stored so far stays."""
    store.ask_to_stop(digest)
    future = _futures.get(digest)
    if future is not None and status(digest).state == "queued":
        future.cancel()
        store.note(digest, "cancelled", **_process())


def ask(spec: Spec, timeout: float = 60.0) -> Any:
    """Return the answer to a live question from the worker, or from the last few given.

    Raises the worker's StrataError, or E-BUSY when it has not answered within `timeout` seconds.
    """
    spec = spec.pinned()
    if (known := _answers.get(spec.digest)) is not None:
        _answers.move_to_end(spec.digest)
        return known
    from distributed import CancelledError, KilledWorker  # on use: opening a page needs no Dask
    from distributed import TimeoutError as Late

    future = worker.client().submit(_answer, spec.canonical(), pure=False, priority=10)
    try:
        answer = future.result(timeout=timeout)
    except Late as error:
        future.cancel()
        raise StrataError(
            "E-BUSY",
            f"The worker has not answered within {timeout:.0f} s.",
            "It runs one job at a time.",
            "Wait for the running job or cancel it, then ask again.",
        ) from error
    except (KilledWorker, CancelledError) as error:
        raise StrataError(
            "E-WORKER-DIED",
            "The worker died over this question.",
            "It may have run out of memory.",
            "Ask a smaller one.",
        ) from error
    if "error" in answer:
        raise StrataError(**answer["error"])
    result = store.unpack(find(spec.kind).result, answer["files"])
    _answers[spec.digest] = result
    while len(_answers) > _KEPT:
        _answers.popitem(last=False)
    return result


def warm() -> None:
    """Start the worker in the background, so that the first question does not wait for imports; returns at once."""
    if not _warming.is_set():
        _warming.set()
        threading.Thread(target=_warm, name="strata-warm", daemon=True).start()


def _warm() -> None:
    worker.client().submit(_prepare, pure=False)


_futures: dict[str, Any] = {}  # kept, or Dask forgets the task
_answers: OrderedDict[str, Any] = OrderedDict()
_warming = threading.Event()
_submitting = threading.Lock()


class _Journal(Progress):
    """Writes progress to the job's journal, and stops the run when somebody asked for it."""

    def __init__(self, digest: str) -> None:
        self.digest, self.last = digest, 0.0

    def report(self, done: float, total: float, note: str = "") -> None:
        now = time.monotonic()
        if now - self.last < _EVERY:
            return
        self.last = now
        if store.asked_to_stop(self.digest):
            raise Cancelled
        store.note(self.digest, "running", share=round(done / total, 4) if total else 0.0, note=note, **_process())


def _job(canonical: str) -> None:
    """Run a Spec in the worker; whatever happens is told in the journal, and nothing is raised across processes."""
    spec = from_json(canonical)
    store.note(spec.digest, "running", note="starting", **_process())
    try:
        run(spec, _Journal(spec.digest))
    except Cancelled:
        store.note(spec.digest, "cancelled", **_process())
    except StrataError as error:
        store.note(spec.digest, "failed", error=_refusal(error), **_process())
    except Exception as error:
        store.note(spec.digest, "failed", error=_unforeseen(error), trace=traceback.format_exc(), **_process())
    else:
        store.note(spec.digest, "done", share=1.0, **_process())


def _answer(canonical: str) -> dict[str, Any]:
    """Answer a live question in the worker: the files of the result, or the refusal."""
    try:
        return {"files": store.pack(run(from_json(canonical)))}
    except StrataError as error:
        return {"error": _refusal(error)}
    except Exception as error:
        return {"error": _unforeseen(error)}


def _prepare() -> None:
    """Import what the first job needs."""
    import probes.syntax.look
    import probes.syntax.study  # noqa: F401  (on use: the worker alone imports torch)


def _refusal(error: StrataError) -> dict[str, str]:
    return {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}


def _unforeseen(error: Exception) -> dict[str, str]:
    """Turn what nobody thought of into a message for the page, and a trace for the log."""
    log.exception("unforeseen")
    what = "".join(traceback.format_exception_only(error)).strip()
    return _refusal(StrataError("E-UNFORESEEN", "The computation failed.", what, "The server's log has the trace."))


def _process() -> dict[str, float]:
    """Say which process speaks; a process id alone may be another's later."""
    return {"pid": os.getpid(), "born": psutil.Process().create_time()}


def _alive(event: dict[str, Any]) -> bool:
    try:
        return bool(psutil.Process(event["pid"]).create_time() == event["born"])
    except (psutil.Error, KeyError):
        return False
