"""A real scheduler and two real workers, each a process of its own as on a cluster, answer a sweep."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from small import SIZES, code_folder

import probes
from probes import cluster, engine, store
from probes.errors import StrataError
from probes.syntax import SnippetSpec, SyntaxSpec

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PATIENCE = 120
TLS = "DASK_DISTRIBUTED__COMM__TLS__"


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared") / "home"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One self-signed certificate for everybody, as Dask's own environment variables."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("keys")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    found = {f"{TLS}CA_FILE": str(folder / "cert.pem")}
    for role in ("CLIENT", "WORKER", "SCHEDULER"):
        found |= {f"{TLS}{role}__CERT": str(folder / "cert.pem"), f"{TLS}{role}__KEY": str(folder / "key.pem")}
    return found


@contextlib.contextmanager
def process(words: list[str], log: Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as out:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **environment}
        started = subprocess.Popen([sys.executable, *words], cwd=log.parent, env=env, stdout=out, stderr=out)
        try:
            yield started
        finally:
            family = psutil.Process(started.pid).children(recursive=True) if started.poll() is None else []
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait(20)
            for child in family:
                with contextlib.suppress(psutil.Error):
                    child.kill()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]) -> Iterator[str]:
    log = tmp_path_factory.mktemp("scheduler") / "log"
    words = ["-m", "distributed.cli.dask_scheduler", "--host", "tls://127.0.0.1", "--port", "0", "--no-dashboard"]
    with process(words, log, **keys) as started:
        end = time.monotonic() + PATIENCE
        while not (found := re.search(r"tls://127\.0\.0\.1:\d+", log.read_text())):
            assert started.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield found.group()


@pytest.fixture(scope="module")
def workers(
    tmp_path_factory: pytest.TempPathFactory, scheduler: str, keys: dict[str, str], shared_home: Path
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The two ways of the documentation: our own command, and Dask's as dask-jobqueue would run it."""
    folder = tmp_path_factory.mktemp("workers")
    ours = ["-m", "probes", "worker"]
    theirs = [
        "-m",
        "distributed.cli.dask_worker",
        scheduler,
        "--nthreads",
        "1",
        "--no-dashboard",
        "--host",
        "127.0.0.1",
    ]
    env = {**keys, "STRATA_HOME": str(shared_home), "STRATA_SCHEDULER": scheduler}
    with process(ours, folder / "ours", **env) as one, process(theirs, folder / "theirs", **env) as two:
        yield [one, two]


@pytest.fixture(autouse=True)
def strata_home(
    shared_home: Path, scheduler: str, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Every test asks through the scheduler and shares the workers' home."""
    import dask

    monkeypatch.setenv("STRATA_HOME", str(shared_home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv(cluster.VARIABLE, scheduler)
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    dask.config.refresh()
    yield shared_home
    cluster.close()
    for name in keys:
        monkeypatch.delenv(name)
    dask.config.refresh()


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> dict[str, Any]:
    folder = code_folder(tmp_path_factory.mktemp("code"))
    return {**SIZES, "model": str(tiny_bert), "corpus": f"code:{folder}", "random_init": False, "control": False}


def width(wanted: int) -> None:
    end = time.monotonic() + PATIENCE
    while engine.width() < wanted:
        assert time.monotonic() < end, "the workers did not come"
        time.sleep(0.2)


def test_a_sweep_is_shared_by_two_workers(fixed: dict[str, Any], workers: list[Any]) -> None:
    width(2)
    grid = {"kind": "syntax", "grid": [{**fixed, "seed": [0, 1], "rank": [2, 3, 4]}, {**fixed, "rank": 999}]}
    swept = probes.sweep(grid)
    assert swept.runs.state.tolist().count("done") == 6
    assert swept.failures["code"].tolist() == ["E-RANK"], "a refusal crosses the cluster, and stops nobody"
    assert set(zip(swept.rows.seed, swept.rows["rank"], strict=True)) == {(s, r) for s in (0, 1) for r in (2, 3, 4)}
    doers = {(store.last_event(digest) or {})["pid"] for digest in swept.runs.digest}
    families = [{p.pid for p in psutil.Process(w.pid).children(recursive=True)} | {w.pid} for w in workers]
    assert all(doers & family for family in families), "both worked"
    assert os.getpid() not in doers
    here = engine.run(SyntaxSpec(**{**fixed, "seed": 0, "rank": 2}))
    assert here.headline() in swept.runs.headline.tolist()


def test_a_live_question_is_answered_by_the_cluster(fixed: dict[str, Any], workers: list[Any]) -> None:
    width(2)
    run = SyntaxSpec(**{**fixed, "rank": 2}).pinned()
    engine.run(run)
    answer = engine.ask(SnippetSpec(run=run.digest, code="def total(values):\n    return len(values)\n"))
    assert answer.words.word.tolist()[:2] == ["def", "total"]


def test_a_job_whose_worker_is_killed_goes_on_at_the_other(fixed: dict[str, Any], workers: list[Any]) -> None:
    width(2)
    digest = engine.submit(SyntaxSpec(**{**fixed, "epochs": 150, "seed": 7}))
    end = time.monotonic() + PATIENCE
    while (event := store.last_event(digest) or {}).get("note") in (None, "starting"):
        assert time.monotonic() < end, event
        time.sleep(0.05)
    psutil.Process(event["pid"]).kill()
    while (status := engine.status(digest)).state != "done":
        assert status.state in ("queued", "running"), status
        assert time.monotonic() < end, status
        time.sleep(0.1)
    assert (store.last_event(digest) or {})["pid"] != event["pid"]


def test_a_worker_that_keeps_another_store_is_refused(
    fixed: dict[str, Any], workers: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    width(2)
    monkeypatch.setenv("STRATA_HOME", str(tmp_path / "another"))
    digest = engine.submit(SyntaxSpec(**fixed))
    end = time.monotonic() + PATIENCE
    while (status := engine.status(digest)).state in ("queued", "running"):
        assert time.monotonic() < end, status
        time.sleep(0.1)
    assert status.error is not None
    assert status.error["code"] == "E-WORKER-HOME"
    assert str(tmp_path / "another") in status.error["what"]
    assert "STRATA_HOME" in status.error["fix"]
    with pytest.raises(StrataError, match="another store"):
        engine.ask(SnippetSpec(run=digest, code="x = 1\n"))


# ---- an address that leads nowhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["login1:8786", "http://x:1", "tcp://", "tcp://x", "tls://x:1;rm", "tcp://a b:1"])
def test_an_address_that_is_none_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cluster.VARIABLE, address)
    with pytest.raises(StrataError, match="tls://HOST:PORT") as refusal:
        engine.submit(SyntaxSpec())
    assert refusal.value.code == "E-SCHEDULER"


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_WAIT", 1)
    monkeypatch.setenv(cluster.VARIABLE, "tcp://127.0.0.1:9")
    with pytest.raises(StrataError, match="does not answer") as refusal:
        engine.submit(SyntaxSpec())
    assert refusal.value.code == "E-SCHEDULER"
    assert "tcp://127.0.0.1:9" in refusal.value.what


def test_keys_that_are_missing_are_named(scheduler: str, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    import dask

    with monkeypatch.context() as patch:
        patch.delenv(f"{TLS}CLIENT__KEY")
        dask.config.refresh()
        with pytest.raises(StrataError, match=f"{TLS}CLIENT__KEY") as refusal:
            engine.submit(SyntaxSpec())
    assert refusal.value.code == "E-SCHEDULER-KEYS"


def test_without_a_scheduler_nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cluster.VARIABLE)
    with pytest.raises(StrataError, match="needs a scheduler"):
        cluster.work()
