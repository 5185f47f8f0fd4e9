"""How long a person waits for what is not the computation: pages, stored answers, and the engine around a job.

    python benchmarks/shell.py                # needs requirements-dev.txt and a Chromium

Claims: cold start to the first page under 3 s; a page switch with a finished run under 0.5 s; a stored question
answered under 0.3 s; the engine adds less than 50 ms to a job run inline. Each is printed in milliseconds and as a
ratio to a baseline timed in turn with it: an empty Streamlit script for pages, a bare read or the inline run for the
engine.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Browser, Page, sync_playwright
from start_up import DONE, ROUNDS, served

from probes import engine, worker
from probes.analyses import result_of
from probes.contract import Spec
from probes.syntax import SyntaxSpec

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"n_train": 16, "n_valid": 4, "n_test": 4, "epochs": 1, "random_init": False, "control": False}
JOBS = 7


def seconds(act: Callable[[], Any]) -> float:
    """Time one call."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def say(name: str, taken: list[float], baseline: list[float], claim: str, against: str) -> None:
    """Print a median, its ratio to the median of its baseline, and the claim."""
    ours, bare = statistics.median(taken), statistics.median(baseline)
    print(f"{name:34} {ours * 1000:6.0f} ms, {ours / bare:6.1f} × {against} (claim: {claim})")


# ---- pages -----------------------------------------------------------------------------------------------------------


def cold(browser: Browser, script: Path) -> float:
    """Time from starting a server to its first page, as a person who types `make app` waits."""
    began = time.perf_counter()
    with served(script, script.parent) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(DONE, timeout=120_000)
        page.locator("h1").first.wait_for()
        taken = time.perf_counter() - began
        page.close()
    return taken


def switch(page: Page, name: str, wait_for: str) -> float:
    """Time from a click on a link of the sidebar until the page it leads to stands."""
    link = page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True)
    link.wait_for()
    began = time.perf_counter()
    link.click()
    page.get_by_role("heading", name=wait_for).wait_for()
    page.wait_for_selector(DONE, timeout=60_000)
    return time.perf_counter() - began


def opened(page: Page, address: str, wait_for: str) -> float:
    """Time opening an address in a window that has Streamlit's own files in its cache."""
    began = time.perf_counter()
    page.goto(address)
    page.get_by_text(wait_for).first.wait_for()
    page.wait_for_selector(DONE, timeout=60_000)
    return time.perf_counter() - began


def pages(browser: Browser, empty: Path, run: str) -> None:
    """Print the claims about pages."""
    rounds = [(cold(browser, ROOT / "app.py"), cold(browser, empty)) for _ in range(ROUNDS)]
    ours, bare = (list(column) for column in zip(*rounds, strict=True))
    say("cold start to the first page", ours, bare, "under 3 s", "an empty script")
    with served(ROOT / "app.py", ROOT) as address, served(empty, empty.parent) as nothing:
        page, other = browser.new_page(), browser.new_page()
        opened(page, f"{address}/Syntax?run={run}", "Syntax peaks")
        there, back, plain = [], [], []
        for _ in range(JOBS):
            back.append(switch(page, "Home", "Strata reads the layers"))
            plain.append(opened(other, nothing, "Nothing"))
            recent = page.get_by_role("link", name="Syntax: minilm").first
            recent.wait_for()
            began = time.perf_counter()
            recent.click()
            page.get_by_text("Syntax peaks").first.wait_for()
            page.get_by_test_id("stVegaLiteChart").first.wait_for()
            there.append(time.perf_counter() - began)
        say("page switch to Home", back, plain, "under 500 ms", "an empty page opened")
        say("page switch to a finished run", there, plain, "under 500 ms", "an empty page opened")


# ---- the engine ------------------------------------------------------------------------------------------------------


def ask(spec: Spec) -> None:
    """Put a question to the worker and wait until its answer is read."""
    digest = engine.submit(spec)
    while engine.status(digest).state in ("queued", "running"):
        time.sleep(0.002)
    assert result_of(digest) is not None, engine.status(digest)


def stored(spec: SyntaxSpec) -> None:
    """Print the claim about a question that was answered before."""
    path = Path(os.environ["STRATA_HOME"]) / "runs" / spec.pinned().digest
    bare = [seconds(lambda: [p.read_bytes() for p in path.iterdir()]) for _ in range(JOBS)]
    ours = [seconds(lambda: ask(spec)) for _ in range(JOBS)]
    say("a stored question, asked again", ours, bare, "under 300 ms", "a bare read")


def overhead(seed: int) -> None:
    """Print what the worker adds to the same job run here, models and states warm in both."""
    inline, submitted = [], []
    for i in range(JOBS + 1):
        one, two = (SyntaxSpec(**SIZES, rank=8 + 2 * i + j, seed=seed) for j in (0, 1))
        here, there = seconds(lambda one=one: engine.run(one)), seconds(lambda two=two: ask(two))
        if i:  # the first of each loads the model
            inline.append(here)
            submitted.append(there)
    added = statistics.median(t - h for t, h in zip(submitted, inline, strict=True))
    ours, bare = statistics.median(submitted), statistics.median(inline)
    print(f"{'a job in the worker adds':34} {added * 1000:6.0f} ms, {ours / bare:6.2f} × inline (claim: under 50 ms)")


def main() -> None:
    """Print the four claims, in a home of their own."""
    models = Path(os.environ.get("STRATA_HOME") or ROOT / ".cache") / "models"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home, empty = Path(folder) / "home", Path(folder) / "empty.py"
        home.mkdir()
        (home / "models").symlink_to(models.resolve(), target_is_directory=True)
        os.environ["STRATA_HOME"] = str(home)
        empty.write_text("import streamlit as st\nst.title('Nothing')\n")
        spec = SyntaxSpec(**SIZES)
        ask(spec)
        stored(spec)
        overhead(0)
        worker.stop()
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        pages(browser, empty, spec.pinned().digest)
        browser.close()


if __name__ == "__main__":
    main()
