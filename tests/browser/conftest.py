"""A real server with a home of its own, and a real headless Chromium in front of it, light or dark."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from chromium import ARGUMENTS, MISSING, find
from playwright.sync_api import Browser, Page, expect, sync_playwright
from serving import free_port, until_it_answers
from shots import SHOTS

ROOT = Path(__file__).parents[2]
SLOW = 480_000
"""Milliseconds a first answer may take on a busy machine; no test asserts a time."""

expect.set_options(timeout=60_000)


@dataclass
class Server:
    """A running Strata: its address, its process and its home."""

    url: str
    process: "subprocess.Popen[bytes]"
    home: Path


@pytest.fixture(scope="session")
def server(real_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("browser") / "strata"
    home.mkdir()
    (real_home / "models").mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(real_home.absolute() / "models", target_is_directory=True)
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    log = (home.parent / "server.log").open("wb")
    env = {**os.environ, "STRATA_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    # a session of its own: its worker processes end with it
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        until_it_answers(port, process)
        yield Server(f"http://localhost:{port}", process, home)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        log.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = find()
    if found is None:
        assert os.environ.get("CI") != "true", MISSING
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Window:
    """A fresh window: what is on it, what it asked for from elsewhere, and which dialogs its page opened."""

    page: Page
    url: str
    elsewhere: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def open(self, address: str = "") -> Page:
        self.page.goto(f"{self.url}/{address}")
        return self.settled()

    def settled(self) -> Page:
        """Wait until the script has run to its end."""
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=SLOW)
        return self.page

    def until(self, right: Callable[[], bool]) -> None:
        """Wait until something outside the browser has come of what was done in it."""
        for _ in range(200):
            if right():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("it has not come about in twenty seconds")

    def sideways(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return self.page.evaluate(
            "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".map(e => e.scrollWidth - e.clientWidth).reduce((a, b) => Math.max(a, b))"
        )


@pytest.fixture
def window(server: Server, chromium: Browser) -> Iterator[Callable[..., Window]]:
    contexts = []

    def opened(scheme: str = "light", height: int = 720) -> Window:
        context = chromium.new_context(
            viewport={"width": 1280, "height": height}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        new = Window(context.new_page(), server.url)
        new.page.on("request", lambda r: None if _ours(r.url, server.url) else new.elsewhere.append(r.url))
        new.page.on("dialog", lambda d: (new.dialogs.append(d.message), d.dismiss()))
        return new

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def address() -> dict[str, str]:
    """Where the answer of this file's walk is, once its first test has asked for it."""
    return {}


@pytest.fixture
def asked(window: Callable[..., Window], address: dict[str, str]) -> Iterator[Callable[..., Window]]:
    """Give a window on one answer: asked for in the first test of a file, opened by its address in the others."""
    seen: list[Window] = []

    def once(ask: Callable[[Window], None]) -> Window:
        here = window()
        seen.append(here)
        if address:
            here.open(address["run"])
        else:
            ask(here)
            address["run"] = here.page.url.rpartition("/")[2]
        return here

    yield once
    for here in seen:
        assert here.elsewhere == []
        assert here.dialogs == []
        assert here.page.get_by_test_id("stException").count() == 0


def _ours(url: str, home: str) -> bool:
    return url.startswith((home, home.replace("http", "ws", 1), "data:", "blob:"))


@pytest.fixture
def shot(tmp_path: Path) -> Callable[[Window, str], None]:
    """Take a picture: into the documentation when asked to, else beside the test's other files."""

    def take(window: Window, name: str) -> None:
        folder = ROOT / "docs" / "images" if SHOTS else tmp_path
        folder.mkdir(parents=True, exist_ok=True)
        window.page.wait_for_timeout(900)  # the fade of a fresh element is not part of the picture
        window.page.screenshot(path=folder / f"{name}.png")

    return take
