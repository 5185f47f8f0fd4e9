"""Hands questions to workers: here to a warm one of our own, with STRATA_SCHEDULER to those of a cluster."""

import json
import logging
import threading
import time
from collections import OrderedDict
from typing import Any

from probes import cluster, devices, store, worker
from probes.analyses import find
from probes.contract import Spec
from probes.engine import watch, work
from probes.engine.standing import INTERRUPTED, process, refusal, status
from probes.errors import StrataError

log = logging.getLogger("strata.engine")

_KEPT = 64  # live answers remembered by this process
_answers: OrderedDict[str, Any] = OrderedDict()
_warming = threading.Event()
_SETTLED = 1.0  # seconds the worker's imports are kept off the first page, which needs the processor itself
_submitting = threading.Lock()


def _client() -> Any:
    return cluster.client() if cluster.address() else worker.client()


def _home() -> tuple[str, str]:
    return str(store.home()), store.marked()


def submit(spec: Spec) -> str:
    """Start a job in a worker, or join the one that answers the same question; return its digest at once."""
    spec = spec.pinned()
    digest = spec.digest
    if status(digest).state == "done":  # an answer needs no worker
        return digest
    home, client = _home(), _client()  # a store that cannot be written is known before a worker is started
    # two tabs, or two servers, that press together must not start two jobs
    with _submitting, store.lock(store.folder("jobs", digest)):
        if status(digest).state in ("queued", "running", "done"):
            return digest
        store.clear_stop(digest)
        store.note(digest, "queued", question=json.loads(spec.canonical()), **process())
        # a key is spent once its task ended, well or not: a second try is another task under the same digest
        key = f"{digest}-{time.time_ns()}"
        try:
            watch.hand(digest, client.submit(work.job, spec.canonical(), home, key=key, retries=0), client)
        except BaseException:  # a job that was not handed out must not be called queued for as long as we live
            store.note(digest, "failed", error=refusal(INTERRUPTED), **process())
            raise
    return digest


def cancel(digest: str) -> None:
    """Ask a job to stop: it does so between two batches, or its worker is restarted; what it stored so far stays."""
    state = status(digest).state
    if state not in ("queued", "running"):
        return
    store.ask_to_stop(digest)
    if state == "queued" and watch.withdraw(digest):
        store.note(digest, "cancelled", **process())


def ask(spec: Spec, timeout: float = 60.0) -> Any:
    """Return the answer to a live question from the worker, or from the last few given.

    Raises the worker's StrataError, or E-BUSY when it has not answered within `timeout` seconds.
    """
    spec = spec.pinned()
    if (known := _answers.get(spec.digest)) is not None:
        return known
    from distributed import CancelledError, KilledWorker  # on use: opening a page needs no Dask
    from distributed import TimeoutError as Late

    # one key a question: sessions that ask the same at the same time share one answer
    future = _client().submit(work.answer, spec.canonical(), _home(), key=f"{spec.digest}-live", priority=10)
    try:
        answer = future.result(timeout=timeout)
    except Late as error:
        raise StrataError(  # the future is let go of, not cancelled: another session may wait for it too
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


def width() -> int:
    """Count the jobs that can run at the same time: one a worker, and one worker a GPU."""
    if not cluster.address():
        return len(devices.environments())
    return max(1, len(cluster.client().scheduler_info(n_workers=-1)["workers"]))


def warm() -> None:
    """Start the worker in a moment, in the background, so that the first question does not wait; returns at once."""
    if not _warming.is_set():
        _warming.set()
        timer = threading.Timer(_SETTLED, _warm)
        timer.name, timer.daemon = "strata-warm", True
        timer.start()


def _warm() -> None:
    try:
        _client().submit(work.prepare, pure=False)
    except StrataError as error:  # whoever asks a question is told
        log.warning("%s", error)
