"""How long a person waits before anything is computed, against an empty Streamlit page and a bare interpreter.

    python benchmarks/start_up.py             # needs requirements-dev.txt and a Chromium

Claims: `import probes` under 1 s, `--help` under 1 s, the first page under 3 s once the server is up. Each is printed
in seconds and as a ratio to its baseline, timed in turn with it.
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def command(*words: str) -> float:
    """Time one run of Python with these arguments."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


@contextmanager
def served(script: Path, folder: Path) -> Iterator[str]:
    """Serve a Streamlit script and yield its address once the server says that it is up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"]
    words += ["--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://localhost:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def page(browser: Browser, address: str) -> float:
    """Time opening a page in a fresh window until its script has run."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    shown = context.new_page()
    began = time.perf_counter()
    shown.goto(address)
    shown.wait_for_selector(DONE, timeout=120_000)
    shown.locator("h1").first.wait_for()
    taken = time.perf_counter() - began
    context.close()
    return taken


def first_pages(browser: Browser, empty: Path) -> list[tuple[float, float, float]]:
    """Return (empty page, our home, our Syntax page): each the first page of a server that has just come up."""
    rounds = []
    for _ in range(ROUNDS):
        with served(empty, empty.parent) as address:
            nothing = page(browser, address)
        with served(ROOT / "app.py", ROOT) as address:
            home = page(browser, address)
        with served(ROOT / "app.py", ROOT) as address:
            syntax = page(browser, f"{address}/Syntax")
        rounds.append((nothing, home, syntax))
    return rounds


def main() -> None:
    """Print the three claims."""
    for name, words in (
        ("import probes", ("-c", "import probes")),
        ("python -m probes --help", ("-m", "probes", "--help")),
    ):
        pairs = [(command(*words), command("-c", "pass")) for _ in range(ROUNDS)]
        ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:24} {ours:.2f} s, {ours / bare:.0f} × a bare interpreter (claim: under 1 s)")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty = Path(folder) / "empty.py"
        empty.write_text("import streamlit as st\nst.title('Nothing')\n")
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        columns = list(zip(*first_pages(browser, empty), strict=True))
        browser.close()
    nothing = statistics.median(columns[0])
    for name, times in zip(("home", "Syntax"), columns[1:], strict=True):
        ours = statistics.median(times)
        print(f"first page: {name:12} {ours:.2f} s, {ours / nothing:.1f} × an empty page (claim: under 3 s)")


if __name__ == "__main__":
    main()
