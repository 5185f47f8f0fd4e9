"""What codes cost: counting them, searching them, keeping them, and fitting them; each against a baseline, in turn.

    python benchmarks/codebooks.py [ROWS] [CODES] [WIDTH]
    python benchmarks/codebooks.py 200000 4096 576 STATES.npy    # fitting alone, to states of your own

Counting: how often each code fires, against a list of positions a code filled token by token, as the published code
does it. Search: a regular expression over 2 million tokens and 100 codebooks, to the ranked codes, after a first one.
Ids: bytes kept, against int64. Fitting: k-means from a pruned start against scikit-learn's MiniBatchKMeans, ours run
for as many passes as it takes to reach its inertia on the same rows, both on one core and in seconds of its time, which
others on the machine do not change. Claims: counting at least 100 × faster, a search under 1 s, at most a quarter of
the bytes, fitting at least as fast.
"""

import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
import torch
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_limits

from probes.codebooks import CodebookResult, kmeans, marks, measures, seek
from probes.codebooks.book import compact
from probes.codebooks.kmeans import Options
from probes.codebooks.nearest import distances, nearest
from probes.codebooks.rows import rows_of
from probes.values import Source

TOKENS, BOOKS, SIZE = 2_000_000, 100, 1024
CODE = "def f ( self , value ) : total = 0 for item in value : total += item return total ."
LINE = CODE.split(" ")
"""The words of every text, over and over; `self` is about as frequent as in the standard library: one token in 22."""


def counting(draw: np.random.Generator, tokens: int = 500_000) -> None:
    """Print how much faster codes are counted than by a list of positions for each."""
    ids = draw.integers(SIZE, size=(tokens, 1)).astype(np.uint16)
    began, places = time.perf_counter(), defaultdict[int, list[int]](list)
    for at, row in enumerate(ids.tolist()):
        for code in row:
            places[code].append(at)
    slow = [len(places[code]) for code in range(SIZE)]
    took, seconds = time.perf_counter() - began, []
    for _ in range(7):
        began = time.perf_counter()
        fast = measures.counts(ids, 1, SIZE)[0]
        seconds.append(time.perf_counter() - began)
    assert fast.tolist() == slow
    ratio = took / float(np.median(seconds))
    print(f"counting {tokens:,} tokens: {ratio:,.0f} × faster than a list for each code")


def made(draw: np.random.Generator) -> CodebookResult:
    """Return a run of many tokens whose codes are drawn."""
    texts = TOKENS // (10 * len(LINE))
    words = pd.Series(LINE * 10 * texts)
    content = " ".join(LINE * 10)
    start = np.cumsum([0, *(len(w) + 1 for w in LINE * 10)])[:-1]
    n = len(words)
    tokens = pd.DataFrame({"text": np.repeat(np.arange(texts), 10 * len(LINE)), "start": np.tile(start, texts)})
    tokens["end"] = tokens["start"] + words.str.len()
    ids = np.stack([draw.integers(SIZE, size=(n, 1), dtype=np.uint16) for _ in range(BOOKS)])
    given: dict[str, Any] = dict.fromkeys(("scores", "usage", "leaves", "texts"), pd.DataFrame())
    given |= dict.fromkeys(("codes", "centers", "others", "errors", "atoms"), np.zeros(0))
    return CodebookResult(
        **given,
        tokens=tokens,
        passages=pd.DataFrame({"content": [content] * texts}),
        best="0",
        depth=BOOKS,
        books=1,
        size=SIZE,
        slots=1,
        sizes=(n, 0),
        left_out={},
        layers=tuple(map(str, range(BOOKS))),
        levels=np.zeros((BOOKS, 0), np.float32),
        ids=ids,
        taken=np.stack([measures.counts(one, 1, SIZE) for one in ids]),
        source=Source("drawn", "", "none", "uint16", "cpu", "drawn", "", 0),
    )


def searching(draw: np.random.Generator) -> None:
    """Print the seconds of a search after a first one, and what the ids take on disk against int64."""
    run = made(draw)
    taken = []
    for pattern in (r"\bself\b", r"\bdef (\w+)", r"[()]"):
        for _ in range(2):
            began = time.perf_counter()
            true = marks.marked(run, pattern, "regex")
            seek.ranking(run, true, run.layers, 20)
            seconds = time.perf_counter() - began
        taken.append(seconds)
        print(f"{pattern}: {true.sum():,} of {len(true):,} tokens, {run.taken.size:,} codes ranked in {seconds:.2f} s")
    print(f"search of {len(true):,} tokens × {BOOKS} codebooks, warm: {max(taken):.2f} s at most")
    print(f"ids kept: {run.ids.nbytes / (8 * run.ids.size):.3f} of int64 at {SIZE} codes,", end=" ")
    print(f"{compact(torch.zeros(9), 256).nbytes / 72:.3f} at 256")


def drawn(draw: np.random.Generator, rows: int, codes: int, width: int) -> np.ndarray:
    """Return float32 [row, width] about drawn centers."""
    middle = draw.normal(size=(codes, width)) * 0.5
    return (middle[draw.integers(codes, size=rows)] + draw.normal(size=(rows, width))).astype(np.float32)


def fitting(states: np.ndarray, codes: int) -> None:
    """Print how much faster k-means from a pruned start reaches the inertia of scikit-learn's."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        began = time.process_time()
        theirs = MiniBatchKMeans(codes, batch_size=4096, n_init=1, random_state=0).fit(states)
        slow = time.process_time() - began
    wanted = _inertia(states, torch.from_numpy(theirs.cluster_centers_.astype(np.float32)))
    print(f"MiniBatchKMeans: {theirs.n_iter_} passes, {theirs.n_steps_} batches, {slow:.0f} s", flush=True)
    for passes in (1, 2, 3, 5, 8, 12):
        began = time.process_time()
        ours = kmeans.fit(rows_of(states), Options(codes, passes, pruned=True))
        fast = time.process_time() - began
        got = _inertia(states, ours)
        print(f"  {passes} passes: {fast:.0f} s, inertia {got / wanted:.4f} of it", flush=True)
        if got <= wanted:
            break
    verdict = f"{slow / fast:.1f} × as fast" if got <= wanted else "never as good"
    size = " × ".join(f"{n:,}" for n in states.shape)
    print(f"k-means of {size}, {codes} codes: {verdict} as MiniBatchKMeans, inertia {got:.4g} against {wanted:.4g}")


def _inertia(states: np.ndarray, codes: torch.Tensor) -> float:
    return sum(float(distances(b, codes, nearest(b, codes)).double().sum()) for _, b in rows_of(states).blocks())


def main(rows: int = 200_000, codes: int = 4096, width: int = 576, file: str = "") -> None:
    """Print every claim."""
    draw = np.random.default_rng(0)
    if not file:
        counting(draw)
        searching(draw)
    fitting(np.load(file)[:rows, :width] if file else drawn(draw, rows, codes, width), codes)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:])
