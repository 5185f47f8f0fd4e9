"""Questions asked through the real worker process: answers, refusals, stops, kills."""

import contextlib
import http.client
import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from small import code_folder, small_spec

from probes import analyses, engine, store, worker
from probes.engine import handed, jobs
from probes.errors import StrataError
from probes.syntax import SnippetSpec, SyntaxSpec

pytestmark = pytest.mark.slow

PATIENCE = 90  # seconds until a job that should have ended is called stuck
LONG = {"epochs": 1000, "seeds": 20}
CODE = "def total(values):\n    return len(values)\n"


@pytest.fixture(scope="module")
def worker_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home shared with the worker, which inherits it when it is started; the worker ends with the module."""
    home = tmp_path_factory.mktemp("worker")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield home
        worker.stop()
        psutil.wait_procs(_workers(), timeout=30)
        handed.jobs.clear()
        jobs._answers.clear()


@pytest.fixture(autouse=True)
def strata_home(worker_home: Path) -> Path:
    """Here every test shares the worker's home."""
    return worker_home


@pytest.fixture(scope="module")
def spec(worker_home: Path, tiny_bert: Path) -> Callable[..., SyntaxSpec]:
    folder = code_folder(worker_home / "code")
    return lambda **changes: small_spec(tiny_bert, folder, **changes).pinned()


@pytest.fixture
def trained(spec: Callable[..., SyntaxSpec]) -> SyntaxSpec:
    """A run that is in the store."""
    engine.run(spec())
    return spec()


def wait(digest: str, states: tuple[str, ...] = ("done", "failed", "cancelled")) -> engine.Status:
    end = time.monotonic() + PATIENCE
    while (status := engine.status(digest)).state not in states:
        assert time.monotonic() < end, f"stuck: {status}"
        time.sleep(0.05)
    return status


def running(digest: str) -> int:
    """Wait until the worker is well inside a job, and return its process id."""
    end = time.monotonic() + PATIENCE
    while (event := store.last_event(digest) or {}).get("note") in (None, "", "starting") or engine.status(
        digest
    ).state != "running":
        assert time.monotonic() < end, f"stuck: {event}"
        time.sleep(0.05)
    return int(event["pid"])


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_a_submitted_question_is_answered(spec: Callable[..., SyntaxSpec]) -> None:
    asked = spec(seed=1)
    began = time.monotonic()
    digest = engine.submit(asked)
    assert digest == asked.digest
    assert time.monotonic() - began < PATIENCE
    assert wait(digest) == engine.Status("done", 1.0)
    assert analyses.result_of(digest).headline().startswith("Syntax peaks")
    events = [json.loads(line) for line in store.read_events(digest).splitlines()]
    assert (events[0]["state"], events[-1]["state"]) == ("queued", "done")
    assert os.getpid() not in {e["pid"] for e in events[1:]}  # the interface computed nothing
    assert events[0]["pid"] == os.getpid()


def test_the_same_question_twice_is_one_job(spec: Callable[..., SyntaxSpec]) -> None:
    digest = engine.submit(spec(seed=2))
    future = handed.jobs[digest].future
    assert engine.submit(spec(seed=2)) == digest
    assert handed.jobs[digest].future is future
    wait(digest)
    assert engine.submit(spec(seed=2)) == digest
    assert [json.loads(line)["state"] for line in store.read_events(digest).splitlines()].count("queued") == 1


def test_a_failing_question_says_what_and_how_to_mend_it() -> None:
    digest = engine.submit(SyntaxSpec(model="no-such-model"))
    status = wait(digest)
    assert status.state == "failed"
    assert status.error is not None
    assert status.error["code"].startswith("E-MODEL")
    assert "no-such-model" in status.error["what"]
    assert status.error["fix"]
    assert engine.submit(SyntaxSpec(model="no-such-model")) == digest  # a second try is a new try
    assert wait(digest).state == "failed"


def test_a_live_question_is_answered_and_remembered(trained: SyntaxSpec) -> None:
    question = SnippetSpec(run=trained.digest, code=CODE)
    answer = engine.ask(question)
    assert answer.words.word.tolist()[:2] == ["def", "total"]
    assert engine.ask(question) is answer
    assert store.asked(question.digest) is None


@pytest.mark.parametrize("code", ["def f(:", "", "def f(x):\n" * 3, "\ufeff\x00"])
def test_a_refusal_crosses_the_process_boundary_whole(code: str, trained: SyntaxSpec) -> None:
    question = SnippetSpec(run=trained.digest, code=code)
    with pytest.raises(StrataError) as here:
        engine.run(question)
    with pytest.raises(StrataError) as there:
        engine.ask(question)
    assert there.value.args == here.value.args
    assert there.value.code.startswith("E-")


def test_a_question_to_a_busy_worker_is_not_waited_for_without_end(
    spec: Callable[..., SyntaxSpec], trained: SyntaxSpec
) -> None:
    digest = engine.submit(spec(seed=3, **LONG))
    running(digest)
    with pytest.raises(StrataError, match="has not answered") as refusal:
        engine.ask(SnippetSpec(run=trained.digest, code=CODE + "\n"), timeout=0.5)
    assert refusal.value.code == "E-BUSY"
    engine.cancel(digest)
    assert wait(digest).state == "cancelled"
    assert engine.ask(SnippetSpec(run=trained.digest, code=CODE + "\n")).words.shape[0] > 2


# ---- stops and kills -------------------------------------------------------------------------------------------------


def test_a_running_job_stops_when_asked_and_can_be_asked_again(spec: Callable[..., SyntaxSpec]) -> None:
    digest = engine.submit(spec(seed=4, **LONG))
    running(digest)
    engine.cancel(digest)
    assert wait(digest).state == "cancelled"
    assert store.asked(digest) is None
    engine.submit(spec(seed=4, **LONG))
    running(digest)  # the old wish to stop does not stop it
    engine.cancel(digest)
    assert wait(digest).state == "cancelled"


def test_a_waiting_job_can_be_cancelled(spec: Callable[..., SyntaxSpec]) -> None:
    first = engine.submit(spec(seed=5, **LONG))
    running(first)
    second = engine.submit(spec(seed=6))
    assert engine.status(second).state == "queued"
    engine.cancel(second)
    assert engine.status(second).state == "cancelled"
    engine.cancel(first)
    assert wait(first).state == "cancelled"
    third = engine.submit(spec(seed=7))
    assert wait(third).state == "done"
    assert engine.status(second).state == "cancelled"
    assert store.asked(second) is None


def test_a_killed_worker_is_replaced_and_nobody_is_lied_to(spec: Callable[..., SyntaxSpec]) -> None:
    asked = spec(seed=8, epochs=60, control=False)
    digest = engine.submit(asked)
    pid = running(digest)
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    end = time.monotonic() + PATIENCE
    while (status := engine.status(digest)).state != "done":
        assert status.state in ("queued", "running")
        assert time.monotonic() < end, f"stuck: {status}"
        time.sleep(0.05)
    assert analyses.result_of(digest) is not None
    last = store.last_event(digest)
    assert last is not None
    assert last["pid"] != pid
    assert wait(engine.submit(spec(seed=9))).state == "done"


def test_every_open_port_is_on_loopback(trained: SyntaxSpec) -> None:
    engine.ask(SnippetSpec(run=trained.digest, code=CODE))
    assert _workers()
    everyone = [psutil.Process(), *psutil.Process().children(recursive=True)]
    open_ports = [c.laddr for p in everyone for c in _connections(p) if c.status == psutil.CONN_LISTEN]
    assert open_ports
    assert {address.ip for address in open_ports} <= {"127.0.0.1", "::1"}, open_ports


def test_nothing_is_served_in_the_clear(trained: SyntaxSpec) -> None:
    """On a shared machine loopback is not private: no page of the scheduler's or the worker's tells what is asked."""
    engine.ask(SnippetSpec(run=trained.digest, code=CODE))
    for process in (psutil.Process(), *_workers()):
        for port in (c.laddr.port for c in _connections(process) if c.status == psutil.CONN_LISTEN):
            for page in ("info/main/workers.html", "json/identity.json", "metrics", "status", "health"):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=2).close()
                    pytest.fail(f"port {port} serves {page}")


def _workers() -> list[psutil.Process]:
    """Find this process's keeper and worker, and not those of a server that the browser tests left running."""
    keepers = [p for p in psutil.Process().children() if "probes.worker" in _words(p)]
    return [process for keeper in keepers for process in (keeper, *keeper.children(recursive=True))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it ended meanwhile
        return []


def _connections(process: psutil.Process) -> list[Any]:
    try:
        return process.net_connections("inet")
    except psutil.Error:
        return []
