"""Claim: our UMAP costs no more than umap-learn called directly, and later layers cost less for starting warm.

A drifting cloud of planted clusters stands for the layers of a model. Frames that begin where the one before ended are
compared with frames that each begin anew, in time and in trustworthiness, in the same process after one warm-up. Times
are seconds of CPU: what else the machine does changes them little.
"""

import argparse
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from umap import UMAP

from probes.geometry import projection
from probes.geometry.faithful import kept

NEIGHBOURS, APART, SEED, JUDGED = 15, 0.1, 0, 1000


def layers(n: int, width: int, depth: int) -> list[np.ndarray]:
    """Return clouds [row, width] of twenty clusters that drift a little from one to the next."""
    draw = np.random.default_rng(SEED)
    centers, drift = draw.normal(size=(2, 20, width)) * 2
    rows, noise = np.arange(n) % 20, draw.normal(size=(n, width))
    return [(centers + 0.15 * k * drift)[rows] + noise for k in range(depth)]


def timed(call: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return the seconds of CPU that a call takes, and what it returns."""
    start = time.process_time()
    found = call()
    return time.process_time() - start, found


def ours(rows: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """Map rows as `MapSpec` does."""
    near = projection.around(rows, NEIGHBOURS, seed=SEED)
    return projection.umap(rows, near, apart=APART, seed=SEED, start=start)


def theirs(rows: np.ndarray) -> np.ndarray:
    """Map rows with umap-learn alone."""
    found: np.ndarray = UMAP(n_neighbors=NEIGHBOURS, min_dist=APART, random_state=SEED, n_jobs=1).fit_transform(rows)
    return found


def streamed(rows: int, width: int) -> None:
    """Print what PCA of a file costs beside a tenth and a hundredth of it, and its memory beside the file's size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.npy"
        whole = np.lib.format.open_memmap(path, "w+", np.float32, (rows, width))
        draw = np.random.default_rng(SEED)
        for first in range(0, rows, 10_000):
            whole[first : first + 10_000] = draw.normal(size=(min(10_000, rows - first), width))
        whole.flush()
        mapped = np.lib.format.open_memmap(path, "r")
        projection.pca(mapped[: rows // 10])
        least, few = (timed(lambda part=part: projection.pca(mapped[: rows // part])[0])[0] for part in (100, 10))  # type: ignore[misc]
        tracemalloc.start()
        many, _ = timed(lambda: projection.pca(mapped)[0])
        peak = tracemalloc.get_traced_memory()[1] / 2**20
    size = rows * width * 4 / 2**20
    print(f"PCA of {rows:,} x {width}: {many:.1f} s, a tenth {few:.1f} s, a hundredth {least:.2f} s")
    print(f"ten times the rows cost {many / few:.1f} and {few / least:.1f} times as much")
    print(f"peak memory {peak:.0f} MB of a file of {size:.0f} MB")


def main() -> None:
    """Print both ratios and the trustworthiness of warm and independent frames."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--pca", type=int, default=0, help="measure only PCA of a file of so many rows")
    asked = parser.parse_args()
    if asked.pca:
        streamed(asked.pca, asked.width)
        return
    warnings.simplefilter("ignore")
    clouds = layers(asked.n, asked.width, asked.depth)
    ours(clouds[0][:500]), theirs(clouds[0][:500])  # both compile
    direct, same = timed(lambda: theirs(clouds[0]))
    here, first = timed(lambda: ours(clouds[0]))
    print(f"{asked.n:,} x {asked.width}: direct {direct:.1f} s, ours {here:.1f} s, ratio {here / direct:.2f}")
    trusted = [kept(clouds[0][:JUDGED], xy[:JUDGED], NEIGHBOURS).trustworthiness for xy in (same, first)]
    print(f"trustworthiness: direct {trusted[0]:.3f}, ours {trusted[1]:.3f}")
    if asked.depth < 2:
        return
    cold, warm, trust = 0.0, 0.0, []
    before = projection.standard(first)
    for rows in clouds[1:]:
        seconds, alone = timed(lambda rows=rows: ours(rows))  # type: ignore[misc]
        cold += seconds
        seconds, led = timed(lambda rows=rows, before=before: ours(rows, before))  # type: ignore[misc]
        warm += seconds
        before = projection.standard(led)
        some = slice(0, JUDGED)
        trust.append([kept(rows[some], xy[some], NEIGHBOURS).trustworthiness for xy in (alone, led)])
    means = np.mean(trust, axis=0)
    print(f"{asked.depth - 1} further frames: independent {cold:.1f} s, warm {warm:.1f} s, {cold / warm:.1f} x faster")
    print(f"trustworthiness: independent {means[0]:.3f}, warm {means[1]:.3f}")


if __name__ == "__main__":
    main()
