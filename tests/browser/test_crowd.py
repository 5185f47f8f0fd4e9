"""Eight people at once: four questions, each asked by two of them; one computation a question, nothing mixed up."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from small import code_folder, small_spec

from probes import analyses, store
from probes.engine import standing
from probes.syntax import SyntaxSpec

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
SLOW = 300_000
PEOPLE, QUESTIONS, LOOKING, TURNS = 8, 4, 2, 2
PER_BROWSER = 7
"""Connections that a window of Chromium keeps to one host, at most: six, and that of its page."""
DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture
def crowded(strata_home: Path, tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A server of our own, with this test's home; its worker inherits it."""
    strata_home.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, env=dict(os.environ), stdout=log, stderr=log)
        try:
            _up(port)
            yield f"http://localhost:{port}", psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
    said = (tmp_path / "log").read_text()
    assert "Traceback" not in said, said


def _up(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.fixture
def questions(tiny_bert: Path, tmp_path: Path, strata_home: Path) -> list[SyntaxSpec]:
    """Four questions that were cancelled before they began: their address offers to run them again."""
    folder = code_folder(tmp_path / "code")
    asked = [small_spec(tiny_bert, folder, seed=seed, epochs=20).pinned() for seed in range(QUESTIONS)]
    for spec in asked:
        store.note(spec.digest, "queued", question=json.loads(spec.canonical()), **standing.process())
        store.note(spec.digest, "cancelled", **standing.process())
    return asked


def _answer(page: Page, said: str = "Syntax peaks at layer") -> Locator:
    return page.get_by_role("heading", name=said)


def test_eight_people_ask_at_the_same_time(
    crowded: tuple[str, psutil.Process], questions: list[SyntaxSpec], chromium: Browser
) -> None:
    address, server = crowded
    people = [chromium.new_context(viewport={"width": 1280, "height": 720}) for _ in range(PEOPLE)]
    pages = [context.new_page() for context in people]
    for i, page in enumerate(pages):
        page.goto(f"{address}/Syntax?run={questions[i % QUESTIONS].digest}")
    for page in pages:
        expect(page.get_by_role("button", name="Run it again")).to_be_visible(timeout=SLOW)
    for page in pages:
        page.get_by_role("button", name="Run it again").click(no_wait_after=True)
    for page in pages:
        expect(_answer(page)).to_be_visible(timeout=SLOW)
    told = {spec.digest: analyses.result_of(spec.digest).headline() for spec in questions}
    for i, page in enumerate(pages):
        page.wait_for_selector(DONE, timeout=SLOW)
        assert page.get_by_test_id("stException").count() == 0
        expect(_answer(page, told[questions[i % QUESTIONS].digest])).to_be_visible(timeout=SLOW)
    for spec in questions:
        events = [json.loads(line) for line in store.read_events(spec.digest).splitlines()]
        assert [e["state"] for e in events].count("queued") == 1
        assert [e.get("note") for e in events].count("starting") == 1
        assert events[-1]["state"] == "done"
    memory(server, pages[:LOOKING], [f"{address}/Syntax?run={spec.digest}" for spec in questions])
    for context in people:
        context.close()


def memory(server: psutil.Process, pages: list[Page], addresses: list[str]) -> None:
    """Two people look through the answers again and again: what the server holds does not grow with it."""

    def look(turn: int) -> None:
        for i, page in enumerate(pages):
            page.goto(addresses[(i + turn) % QUESTIONS])
        for page in pages:
            expect(_answer(page)).to_be_visible(timeout=SLOW)

    look(1)
    before, files = server.memory_info().rss, _files(server)
    for turn in range(2, 2 + TURNS):
        look(turn)
    after = server.memory_info().rss
    assert after < before * 1.15 + 30e6, f"{before / 1e6:.0f} MB grew to {after / 1e6:.0f} MB"
    # Streamlit keeps a session it has lost for two minutes, 128 of them at most, each with an event loop of three files
    assert _files(server) <= files + (3 * TURNS + 1) * len(pages)
    assert len(server.net_connections("tcp")) <= PER_BROWSER * PEOPLE + 1


def _files(server: psutil.Process) -> int:
    """Return how many files are open, without connections: how many of those a browser keeps is its own affair."""
    return server.num_fds() - len(server.net_connections("tcp"))
