"""Workers that hang, jobs that are to stop, and servers that die: what is said of a job is true, and it can go on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from small import code_folder, small_spec
from streamlit.testing.v1 import AppTest

from probes import analyses, engine, store, worker
from probes.engine import handed, watch
from probes.syntax import SyntaxSpec

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
PATIENCE = 150
LONG = {"epochs": 1000, "seeds": 20}


@pytest.fixture(scope="module")
def worker_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("worker")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield home
        worker.stop()
        handed.jobs.clear()


@pytest.fixture(autouse=True)
def strata_home(worker_home: Path) -> Iterator[Path]:
    """Here every test shares the worker's home, and leaves the worker free."""
    yield worker_home
    for digest in list(handed.jobs):
        engine.cancel(digest)


@pytest.fixture(scope="module")
def spec(worker_home: Path, tiny_bert: Path) -> Callable[..., SyntaxSpec]:
    folder = code_folder(worker_home / "code")
    return lambda **changes: small_spec(
        tiny_bert, folder, **{"random_init": False, "control": False, **changes}
    ).pinned()


def until(right: Callable[[], object], say: Callable[[], object] = lambda: "") -> None:
    end = time.monotonic() + PATIENCE
    while not right():
        assert time.monotonic() < end, f"stuck: {say()}"
        time.sleep(0.05)


def underway(digest: str) -> int:
    """Wait until the worker is well inside a job, and return its process id."""
    until(lambda: (store.last_event(digest) or {}).get("note") in ("reading hidden states", "training probes"))
    return int((store.last_event(digest) or {})["pid"])


def ended(digest: str) -> engine.Status:
    until(lambda: engine.status(digest).state not in ("queued", "running"), lambda: engine.status(digest))
    return engine.status(digest)


def test_case_50_cancel_takes_effect_between_batches_and_twice_is_harmless(spec: Callable[..., SyntaxSpec]) -> None:
    """How soon is a matter of the machine: `benchmarks/shell.py` measures it."""
    for seed, pause in enumerate((0.0, 0.3, 0.7)):
        digest = engine.submit(spec(seed=seed, **LONG))
        pid = underway(digest)
        time.sleep(pause)
        engine.cancel(digest)
        engine.cancel(digest)
        status = ended(digest)
        assert status.state == "cancelled"
        engine.cancel(digest)
        assert engine.status(digest) == status or engine.status(digest).state == "cancelled"
        assert psutil.pid_exists(pid), "the warm worker lives on, with its model"
    partial = list((store.home() / "states").glob("*/manifest.json"))
    assert partial, "what was read of the model stays"


def test_case_51_a_worker_that_hangs_is_replaced_and_its_job_goes_on(
    spec: Callable[..., SyntaxSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "STUCK", 5.0)
    digest = engine.submit(spec(seed=10, epochs=40))
    pid = underway(digest)
    os.kill(pid, signal.SIGSTOP)  # as a driver that waits for ever: alive, and silent
    until(lambda: not alive(pid))
    assert ended(digest).state == "done"
    assert (store.last_event(digest) or {})["pid"] != pid
    assert analyses.result_of(digest) is not None


def test_case_50_a_job_that_does_not_hear_is_stopped_with_its_worker(
    spec: Callable[..., SyntaxSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PATIENCE", 1.0)
    digest = engine.submit(spec(seed=11, **LONG))
    pid = underway(digest)
    os.kill(pid, signal.SIGSTOP)
    engine.cancel(digest)
    assert engine.status(digest).note == "stopping"
    assert ended(digest).state == "cancelled"
    until(lambda: not alive(pid))
    after = engine.submit(spec(seed=12))
    assert ended(after).state == "done", "the next question is answered by a new worker"
    assert engine.status(digest).state == "cancelled", "and the stopped one is not taken up again"


def test_a_dead_keeper_is_no_reason_to_wait(spec: Callable[..., SyntaxSpec]) -> None:
    """Nobody would ever begin the jobs it kept; the next question starts another one."""
    digest = engine.submit(spec(seed=13, **LONG))
    underway(digest)
    waiting = engine.submit(spec(seed=14))
    worker._cluster()[1].kill()
    for each in (digest, waiting):
        status = ended(each)
        assert status.state == "failed"
        assert status.error is not None
        assert status.error["code"] == "E-INTERRUPTED"
    assert ended(engine.submit(spec(seed=14))).state == "done"


def test_case_52_two_servers_that_ask_the_same_compute_it_once(spec: Callable[..., SyntaxSpec], tmp_path: Path) -> None:
    asked = spec(seed=15, epochs=20)
    others = [server(asked, tmp_path / str(i)) for i in range(2)]
    try:
        until(lambda: engine.status(asked.digest).state == "done", lambda: store.read_events(asked.digest))
    finally:
        for other in others:
            end(other)
    events = [json.loads(line) for line in store.read_events(asked.digest).splitlines()]
    assert [e["state"] for e in events].count("queued") == 1
    assert [e.get("note") for e in events].count("starting") == 1


SERVER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from probes import engine
from probes.analyses import from_json
engine.submit(from_json(sys.argv[2]))
time.sleep(600)
"""


def server(asked: SyntaxSpec, folder: Path) -> "subprocess.Popen[bytes]":
    folder.mkdir()
    words = [sys.executable, "-c", SERVER, str(ROOT), asked.canonical()]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(20)


def alive(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def test_case_49_after_the_server_is_killed_the_next_one_tells_the_truth(
    spec: Callable[..., SyntaxSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = spec(seed=16, **LONG)
    old = server(asked, tmp_path / "old")
    pid = underway(asked.digest)
    assert engine.status(asked.digest).state == "running", "this process sees another one's job"
    end(old)
    until(lambda: not alive(pid))  # its worker goes with it
    status = engine.status(asked.digest)
    assert status.state == "failed"
    assert status.error is not None
    assert status.error["code"] == "E-INTERRUPTED"
    monkeypatch.setattr(engine, "warm", lambda: None)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.query_params["run"] = asked.digest
    page = page.switch_page("pages/Syntax.py").run()
    assert not page.exception
    assert any("interrupted" in shown.value for shown in [*page.error, *page.warning, *page.info])
    [again] = [button for button in page.button if button.label == "Run it again"]
    again.click().run()
    assert underway(asked.digest) != pid, "it is on its way again, in a new worker"
