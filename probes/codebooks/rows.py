"""Rows that are read block by block and changed on the way: what a codebook is fitted to, however many there are.

A block is float32 on the device of choice, whatever the rows were kept in. Centred rows, residuals, one head's part of
each row: all are the same rows seen through a function, and none is ever held whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from probes.errors import StrataError

BLOCK = 8192
"""Rows read at a time: some 12 MB at width 384, so that a pass costs its arithmetic and not its reading."""

Where = np.ndarray | slice
"""Which rows: places, or a run of them."""


@dataclass(frozen=True)
class Rows:
    """`n` rows of `width` numbers; `at` returns those asked for as float32 [row, width] on the device."""

    n: int
    width: int
    at: Callable[[Where], torch.Tensor]

    def __len__(self) -> int:
        return self.n

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield all rows in order, `size` at a time, each block with its place."""
        for first in range(0, self.n, size):
            where = slice(first, min(first + size, self.n))
            yield where, self.at(where)

    def seen(self, width: int, change: Callable[[torch.Tensor, Where], torch.Tensor]) -> "Rows":
        """Return these rows changed by a function of a block and its place."""
        return Rows(self.n, width, lambda where: change(self.at(where), where))


def rows_of(array: np.ndarray, device: str = "cpu") -> Rows:
    """Return the rows of an array or memory map, of any float type."""
    if array.ndim != 2 or array.dtype.kind != "f":
        raise ValueError(f"Rows are float [row, width]; got {array.dtype} of shape {array.shape}.")

    def at(where: Where) -> torch.Tensor:
        return torch.from_numpy(np.array(array[where], np.float32, order="C")).to(device)

    return Rows(array.shape[0], array.shape[1], at)


def center_of(rows: Rows) -> torch.Tensor:
    """Return the mean row [width]; refuses rows that hold NaN or are all the same, of which no codebook says anything.

    Raises StrataError E-STATES-NAN and E-CODES-CONSTANT.
    """
    total = torch.zeros(rows.width, dtype=torch.float64)
    low, high = torch.full((rows.width,), torch.inf), torch.full((rows.width,), -torch.inf)
    for _, block in rows.blocks():
        total += block.double().sum(0).cpu()
        low, high = torch.minimum(low, block.amin(0).cpu()), torch.maximum(high, block.amax(0).cpu())
    if not torch.isfinite(total).all():
        fix = "Use float32 or bfloat16, or leave this layer out."
        raise StrataError("E-STATES-NAN", "The states hold NaN or infinite numbers.", fix=fix)
    if bool((low == high).all()):
        what = f"All {rows.n} states are the same."
        raise StrataError("E-CODES-CONSTANT", what, "There is nothing that codes could tell apart.")
    return (total / rows.n).float().to(rows.at(slice(0, 1)).device)
