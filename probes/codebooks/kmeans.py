"""K-means over rows that are read block by block (Lloyd, 1982; in mini-batches: Sculley, WWW 2010).

Codes start from rows drawn by k-means++ (Arthur & Vassilvitskii, SODA 2007), a few at a time. A code that no row took
in a pass is moved to a row drawn by its squared distance: while fitting only, never when a codebook is used.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from probes.codebooks.nearest import distances, nearest, second, totals
from probes.codebooks.rows import BLOCK, Rows
from probes.errors import StrataError

SAMPLE = 16
"""Rows a code that the start is drawn from."""
SPARE, ROUNDS = 2, 3
"""A pruned start draws so many times the codes, and gives up what is too many in so many rounds."""
TOGETHER = 8
"""One code in so many is drawn at once: the next draw knows of the others."""

Tell = Callable[[float], None]
"""Hears which share of a fit is done."""


@dataclass(frozen=True)
class Options:
    """How codes are fitted: how many, in how many passes over the rows, from which seed."""

    codes: int
    passes: int = 10
    batch: int = 0
    """Rows between two updates; 0 for one update a pass, which is Lloyd's k-means."""
    seed: int = 0
    pruned: bool = False
    """Draw twice the codes, and give up those that are missed least (`pruned`): nearer to the best, slower to begin."""


def silent(share: float) -> None:
    """Tell nobody."""


def part_of(tell: Tell, done: int, parts: int) -> Tell:
    """Return who hears of one part of a fit of several, `done` of which are behind it."""
    return lambda share: tell((done + share) / parts)


def free(codes: torch.Tensor) -> torch.Tensor:
    """Hold codes to nothing."""
    return codes


def fit(
    rows: Rows,
    options: Options,
    tell: Tell = silent,
    *,
    start: torch.Tensor | None = None,
    hold: Callable[[torch.Tensor], torch.Tensor] = free,
) -> torch.Tensor:
    """Return codes float32 [code, width]; raises StrataError E-CODES-FEW and E-CODES-ROWS.

    `start` [code, width] stands in for the drawn start; `hold` puts codes back where they must be after every pass.
    """
    check(options.codes, len(rows))
    draw = np.random.default_rng(options.seed)
    begin = pruned if options.pruned else drawn
    codes = hold(begin(rows, options.codes, draw) if start is None else start.clone())
    taken = torch.zeros(options.codes, dtype=torch.int64, device=codes.device)
    for number in range(options.passes):
        before, last = codes.clone(), number == options.passes - 1
        count, far = _batches(rows, codes, taken, options.batch, draw) if options.batch else _lloyd(rows, codes)
        dead = (count == 0).nonzero()[:, 0]
        taken[dead] = 0
        moved = 0 if last else _restart(rows, codes, dead, far, draw)
        codes = hold(codes)
        tell((number + 1) / options.passes)
        if not moved and torch.equal(before, codes):
            break
    return codes


def check(codes: int, rows: int) -> None:
    """Refuse codes that cannot tell anything apart, and fewer rows than codes."""
    if codes < 2:
        raise StrataError("E-CODES-FEW", f"A codebook of {codes} code tells nothing apart.", fix="Ask for two or more.")
    if codes > rows:
        raise StrataError(
            "E-CODES-ROWS",
            f"{codes} codes cannot be fitted to {rows} states.",
            "Each would be a state learnt by heart.",
            "Ask for fewer codes, or read more text.",
        )


def drawn(rows: Rows, codes: int, draw: np.random.Generator, each: int = SAMPLE) -> torch.Tensor:
    """Return a start of k-means++: rows of a sample, each draw by the squared distance to what is drawn already."""
    size = min(len(rows), max(each * codes, 1024))
    sample = rows.at(np.sort(draw.choice(len(rows), size, replace=False)))
    places = draw.integers(size, size=1)
    found, far = sample[places], np.full(size, np.inf)
    new = found
    while len(found) < codes:
        near = distances(sample, new, nearest(sample, new)).double().cpu().numpy()
        far = np.minimum(far, near)
        want = min(codes - len(found), max(1, len(found) // TOGETHER))
        new = sample[_weighted(far, want, draw)]
        found = torch.cat([found, new])
    return found


def pruned(rows: Rows, codes: int, draw: np.random.Generator) -> torch.Tensor:
    """Return a start of k-means++ with twice the codes, of which those are given up that are missed least.

    What a code is missed by is how much farther its rows are from their second nearest. K-means++ puts two codes into
    some clusters and none into others, and Lloyd's passes rarely mend that; of two codes in one cluster neither is
    missed. Between rounds codes move to the mean of their rows, all on a sample.
    """
    found = drawn(rows, min(SPARE * codes, len(rows)), draw, SAMPLE // SPARE)
    size = min(len(rows), max(SAMPLE * codes, 1024))
    sample = rows.at(np.sort(draw.choice(len(rows), size, replace=False)))
    for left in range(ROUNDS, 0, -1):
        missed = torch.zeros(len(found), dtype=torch.float64, device=found.device)
        nearest_two = [second(part, found) for part in sample.split(BLOCK)]
        ids, farther = (torch.cat(parts) for parts in zip(*nearest_two, strict=True))
        missed.index_add_(0, ids, farther.double())
        sums, had = totals(sample, ids, len(found))
        found = torch.where(had[:, None] > 0, sums / had.clamp(min=1)[:, None], found)
        keep = codes + (len(found) - codes) * (left - 1) // left
        found = found[torch.argsort(missed, descending=True, stable=True)[:keep].sort().values]
    return found


def _weighted(weights: np.ndarray, n: int, draw: np.random.Generator) -> np.ndarray:
    """Draw `n` places by weight; evenly where fewer weights than that are left, as with many equal rows."""
    if np.count_nonzero(weights) < n:
        return draw.choice(len(weights), n, replace=False)
    return draw.choice(len(weights), n, replace=False, p=weights / weights.sum())


def _lloyd(rows: Rows, codes: torch.Tensor) -> tuple[torch.Tensor, np.ndarray]:
    """Move each code, in place, to the mean of its rows; return how many it had and how far each row was."""
    sums = torch.zeros_like(codes, dtype=torch.float32)
    count = torch.zeros(len(codes), dtype=torch.int64, device=codes.device)
    far = np.zeros(len(rows), np.float32)
    for where, block in rows.blocks():
        ids = nearest(block, codes)
        far[where] = distances(block, codes, ids).cpu().numpy()
        more, had = totals(block, ids, len(codes))
        sums, count = sums + more, count + had
    some = count > 0
    codes[some] = sums[some] / count[some, None]
    return count, far


def _batches(
    rows: Rows, codes: torch.Tensor, taken: torch.Tensor, batch: int, draw: np.random.Generator
) -> tuple[torch.Tensor, np.ndarray]:
    """Move codes after every batch towards its rows, the less the more rows they have taken in all passes.

    Batches are runs of neighbouring rows, in an order drawn for each pass.
    """
    count, far = torch.zeros_like(taken), np.zeros(len(rows), np.float32)
    for first in draw.permutation(np.arange(0, len(rows), batch)).tolist():
        where = slice(first, min(first + batch, len(rows)))
        block = rows.at(where)
        ids = nearest(block, codes)
        far[where] = distances(block, codes, ids).cpu().numpy()
        sums, had = totals(block, ids, len(codes))
        taken += had
        some = had > 0
        step = (had[some] / taken[some])[:, None]
        codes[some] += step * (sums[some] / had[some, None] - codes[some])
        count += had
    return count, far


def _restart(rows: Rows, codes: torch.Tensor, dead: torch.Tensor, far: np.ndarray, draw: np.random.Generator) -> int:
    """Move dead codes to rows drawn by their squared distance; return how many were moved."""
    n = min(len(dead), int(np.count_nonzero(far)))
    if n:
        codes[dead[:n]] = rows.at(np.sort(_weighted(far.astype(np.float64), n, draw)))
    return n
