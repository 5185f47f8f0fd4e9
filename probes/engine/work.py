"""What a worker does: runs a question, tells its journal, gives a sign of life, and stops when somebody asks."""

import contextlib
import logging
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

from probes import store
from probes.analyses import from_json
from probes.contract import Progress, Spec
from probes.engine.here import run
from probes.engine.standing import BEAT, process, refusal
from probes.errors import Cancelled, StrataError

log = logging.getLogger("strata.engine")

_EVERY = 0.2  # seconds between two events of a job: a page looks about twice a second


class Journal(Progress):
    """Writes progress to the job's journal, and stops the run when somebody asked for it."""

    def __init__(self, digest: str) -> None:
        self.digest, self.last, self.note = digest, 0.0, ""
        self.since, self.base = round(time.time(), 3), -1.0

    def report(self, done: float, total: float, note: str = "") -> None:
        """Write an event for every new note, else a few times a second; raises Cancelled when the job is not wanted."""
        now = time.monotonic()
        if now - self.last < _EVERY and note == self.note:
            return
        self.last, self.note = now, note
        if store.asked_to_stop(self.digest):
            raise Cancelled
        share = round(done / total, 4) if total else 0.0
        if self.base < 0:
            self.base = share  # what was found done is no measure of the pace
        facts = {"share": share, "note": note, "since": self.since, "base": self.base}
        store.note(self.digest, "running", worker=_address(), **facts, **process())


def _address() -> str:
    """Return where the scheduler finds this worker; nothing where there is none."""
    from distributed import get_worker  # on use: what runs here needs no Dask

    try:
        return str(get_worker().address)
    except ValueError:
        return ""


@contextlib.contextmanager
def beating(digest: str) -> Iterator[None]:
    """Give a sign of life every few seconds, also in a step that reports nothing."""
    over = threading.Event()

    def beats() -> None:
        while not over.wait(BEAT):
            store.beat(digest)

    thread = threading.Thread(target=beats, name="strata-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def job(canonical: str, home: tuple[str, str]) -> dict[str, str] | None:
    """Run a Spec in the worker; whatever happens is told in the journal, and nothing is raised across processes.

    `home` is where the asking process keeps its store, and that store's token. Only a refusal that cannot be told in
    the journal is returned: this worker keeps another one, or the disk takes no word.
    """
    try:
        if store.token() != home[1]:
            raise elsewhere(home[0])
        _tell(from_json(canonical))
    except StrataError as error:
        return refusal(error)
    return None


def _tell(spec: Spec) -> None:
    digest = spec.digest
    if store.asked_to_stop(digest):
        store.note(digest, "cancelled", **process())
        return
    try:
        store.note(digest, "running", note="starting", worker=_address(), **process())
        with beating(digest):
            run(spec, Journal(digest), keep=True)  # whoever submits comes back for it by its address
    except Cancelled:
        store.note(digest, "cancelled", **process())
    except StrataError as error:
        store.note(digest, "failed", error=refusal(error), **process())
    except Exception as error:
        store.note(digest, "failed", error=unforeseen(error), trace=traceback.format_exc(), **process())
    else:
        store.note(digest, "done", share=1.0, **process())


def elsewhere(asked: str) -> StrataError:
    """Say that this worker and whoever asks keep two stores."""
    mine = f"{process()['host']} keeps its store in {store.home()}"
    return StrataError(
        "E-WORKER-HOME",
        f"The worker on {mine}; this question came from another store, in {asked}.",
        "Answers travel as files: all machines must see one folder.",
        "Start the workers with STRATA_HOME set to that folder on a shared disk.",
    )


def answer(canonical: str, home: tuple[str, str]) -> dict[str, Any]:
    """Answer a live question in the worker: the files of the result, or the refusal."""
    try:
        if store.token() != home[1]:
            raise elsewhere(home[0])
        return {"files": store.pack(run(from_json(canonical)))}
    except StrataError as error:
        return {"error": refusal(error)}
    except Exception as error:
        return {"error": unforeseen(error)}


def prepare() -> None:
    """Import what the first job needs."""
    import probes.syntax.look
    import probes.syntax.study  # noqa: F401  (on use: the worker alone imports torch)


def unforeseen(error: BaseException) -> dict[str, str]:
    """Turn what nobody thought of into a message for the page, and a trace for the log."""
    log.error("unforeseen", exc_info=error)
    what = "".join(traceback.format_exception_only(error)).strip()
    return refusal(StrataError("E-UNFORESEEN", "The computation failed.", what, "The server's log has the trace."))
