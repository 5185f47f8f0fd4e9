"""Exact search for the nearest code: |x - c|² is least where x·c - |c|²/2 is most.

The products of a block of rows with all codes are one matrix product, cut so that its result stays in the cache while
its largest entries are looked up.
"""

import torch

SCORES = 1 << 20
"""Products held at a time: 4 MB, what a core's share of the cache holds."""


def nearest(rows: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Return int64 [row]: the code [code, width] nearest to each row [row, width]; the first of equal ones."""
    half = codes.square().sum(1) / -2
    size = max(64, SCORES // len(codes))
    ids = torch.empty(len(rows), dtype=torch.int64, device=rows.device)
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        ids[first : first + size] = torch.addmm(half, part, codes.T).argmax(1)
    return ids


def second(rows: torch.Tensor, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return int64 [row], the nearest code, and float32 [row], by how much the second nearest is farther, squared."""
    half, size = codes.square().sum(1) / -2, max(64, SCORES // len(codes))
    found = [torch.addmm(half, part, codes.T).topk(min(2, len(codes)), 1) for part in rows.split(size)]
    values, ids = (torch.cat(parts) for parts in zip(*found, strict=True))
    return ids[:, 0], 2 * (values[:, 0] - values[:, -1])


def distances(rows: torch.Tensor, codes: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return float32 [row]: |x - c|² of each row and its code, by subtraction, which loses nothing for long rows."""
    return (rows - codes[ids]).square().sum(1)


def totals(rows: torch.Tensor, ids: torch.Tensor, codes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sum [code, width] and the number [code] of the rows of each code: the same bits on every run."""
    count = torch.bincount(ids, minlength=codes)
    ordered = rows[torch.argsort(ids, stable=True)]
    # contiguous segments, not scattered adds, as in pooling
    return torch.segment_reduce(ordered, "sum", lengths=count, axis=0, initial=0.0), count
