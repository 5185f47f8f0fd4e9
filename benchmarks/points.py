"""How long a person waits for many points: the first picture of a map, and the table of what a lasso holds.

    python benchmarks/points.py               # needs requirements-dev.txt and a Chromium
    python benchmarks/points.py --n 1000000   # counted in cells; a box on them draws its points

Goals: 100,000 points stand 3 s after their address is opened, and a box or a lasso lists its points within 1.5 s; a
million are counted in cells, said to be, and a box of them is drawn. docs/embeddings.md has what was measured. Planted
clusters are mapped by PCA and looked at in Chromium, three times over: what is printed is the best and the worst, as
other work on the machine only adds. The baseline is an empty Streamlit page opened in turn.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from start_up import DONE, ROOT, ROUNDS, served

import probes
from probes import engine

KINDS, WIDTH, SLOW, DRAWN = 20, 8, 60_000, 100_000
PAINTED = """plot => plot.querySelectorAll('svg .mark-rect path').length > 100 ||
[...plot.querySelectorAll('canvas')].some(one => {
    const {data} = one.getContext('2d').getImageData(0, one.height * 0.2, one.width, one.height * 0.7)
    let ink = 0
    for (let i = 3; i < data.length; i += 4) ink += data[i] > 100
    return ink > 500
})"""
"""Whether a plot has cells, or its canvas ink where its points are."""


def planted(n: int, folder: Path) -> probes.MapSpec:
    """Write a matrix of clusters with a word and a kind a row; return the question that maps it."""
    draw = np.random.default_rng(0)
    kind = draw.integers(KINDS, size=n)
    rows = draw.normal(size=(KINDS, WIDTH))[kind] * 3 + draw.normal(size=(n, WIDTH))
    np.save(folder / "m.npy", rows.astype(np.float32))
    about = pd.DataFrame({"text": [f"word {i}" for i in range(n)], "kind": [f"kind {k}" for k in kind]})
    about.to_parquet(folder / "about.parquet")
    corpus = f"matrix:{folder / 'm.npy'}?about={folder / 'about.parquet'}&text=text&kind=kind"
    return probes.MapSpec(corpus=corpus, n=n).pinned()


def until(good: Callable[[], bool]) -> None:
    """Wait for something that only the page knows."""
    end = time.perf_counter() + SLOW / 1000
    while not good():
        if time.perf_counter() > end:
            raise TimeoutError
        time.sleep(0.02)


def painted(page: Page, name: str) -> Locator:
    """Wait until a picture has its points; return it."""
    plot = page.locator(f"[class*=st-key-{name}]").first
    plot.wait_for(timeout=SLOW)
    until(lambda: plot.evaluate(PAINTED))
    return plot


def dragged(page: Page, plot: Locator, tool: int, said: str) -> float:
    """Draw a box or a lasso with a tool of the toolbox, so far from its right end; return the seconds until its table.

    The clock runs from the moment the mouse is let go.
    """
    plot.evaluate("e => e.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(1000)
    box = plot.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] - tool, box["y"] + 24)
    across, up = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    corners = [(-60, -40), (60, -50), (80, 40), (0, 70), (-60, 40)] if tool < 110 else [(-60, -40), (60, 40)]
    page.mouse.move(across + corners[0][0], up + corners[0][1])
    page.mouse.down()
    for dx, dy in corners[1:]:
        page.mouse.move(across + dx, up + dy, steps=6)
    page.mouse.up()
    began = time.perf_counter()
    page.get_by_text(re.compile(rf"^[\d,]+ {said}")).first.wait_for(timeout=SLOW)
    page.locator("[class*=st-key-map_rows] canvas").first.wait_for(timeout=SLOW)
    return time.perf_counter() - began


def opened(browser: Browser, address: str, run: str, first: str) -> tuple[Page, Locator, dict[str, float]]:
    """Open a map in a page of its own; return its first picture once that is painted, and how long it took."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    began = time.perf_counter()
    page.goto(f"{address}/Embeddings?run={run}")
    plot = painted(page, first)
    found = {"first paint": time.perf_counter() - began}
    page.wait_for_selector(DONE, timeout=SLOW)
    return page, plot, found


def few(browser: Browser, address: str, run: str, n: int) -> dict[str, float]:
    """Open a map whose points are all drawn, and pick by box and by lasso."""
    page, plot, found = opened(browser, address, run, "map_points")
    found["box to table"] = dragged(page, plot, 115, f"of {n:,} points")
    page.reload()
    plot = painted(page, "map_points")
    page.wait_for_selector(DONE, timeout=SLOW)
    found["lasso to table"] = dragged(page, plot, 85, f"of {n:,} points")
    page.close()
    return found


def many(browser: Browser, address: str, run: str, n: int) -> dict[str, float]:
    """Open a map of more points than are drawn: cells, then the points of a box on them, then a lasso there."""
    page, cells, found = opened(browser, address, run, "map_density")
    cells.evaluate("e => e.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(1000)
    box = cells.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.45 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 0.6 * box["height"], steps=6)
    page.mouse.up()
    began = time.perf_counter()
    plot = painted(page, "map_points")
    found["box to its points"] = time.perf_counter() - began
    page.wait_for_selector(DONE, timeout=SLOW)
    found["lasso to table"] = dragged(page, plot, 85, f"of {n:,} points")
    page.close()
    return found


def empty(browser: Browser, address: str) -> float:
    """Time the opening of a page with nothing on it."""
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(DONE, timeout=SLOW)
    taken = time.perf_counter() - began
    page.close()
    return taken


def main() -> None:
    """Print each time, and its ratio to an empty page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=DRAWN)
    n = parser.parse_args().n
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        os.environ |= {"STRATA_HOME": str(folder / "home"), "STRATA_ROOTS": name}
        spec = planted(n, folder)
        began = time.perf_counter()
        engine.run(spec)
        print(f"{n:,} points mapped in {time.perf_counter() - began:.0f} s")
        script = folder / "empty.py"
        script.write_text("import streamlit as st\nst.title('Nothing')\n")
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        with served(ROOT / "app.py", ROOT) as address, served(script, folder) as nothing:
            act = few if n <= DRAWN else many
            rounds = [(act(browser, address, spec.digest, n), empty(browser, nothing)) for _ in range(ROUNDS)]
        browser.close()
    bare = min(one for _, one in rounds)
    for what in rounds[0][0]:
        taken = [found[what] for found, _ in rounds]
        best, worst = min(taken), max(taken)
        print(f"{what:20} {best:.2f} s at best, {worst:.2f} s at worst, {best / bare:.1f} × an empty page")


if __name__ == "__main__":
    main()
