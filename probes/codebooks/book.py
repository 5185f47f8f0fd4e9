"""What a codebook promises: states in, small integers out, and back again; nothing of it changes when it is used."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch

from probes.codebooks.rows import Rows


@dataclass(frozen=True, eq=False)
class Codebook:
    """Codes about a center; a kind of codebook says how `_ids` are found and what `_sum` they stand for."""

    center: torch.Tensor
    """float32 [width]: the mean of the states it was fitted to."""
    codes: torch.Tensor
    """float32 [book, code, part]: books side by side, each of which names one of its codes."""
    levels: torch.Tensor
    """float32 [level]: gains that go with a direction; none for most kinds."""

    @property
    def slots(self) -> int:
        """How many codes of each book a state takes; ids are those of all slots, book after book, then levels."""
        return 1

    @property
    def rows(self) -> tuple[int, ...]:
        """Which fitted row each code is, where codes are real states; none for most kinds."""
        return ()

    @property
    def capacity(self) -> float:
        """Bits that name any choice of codes."""
        books, codes, _ = self.codes.shape
        return float(books * np.log2(codes) + (np.log2(len(self.levels)) if len(self.levels) else 0))

    @property
    def size(self) -> int:
        """How many different values an id may take."""
        return max(self.codes.shape[1], len(self.levels))

    def to(self, device: str) -> Self:
        """Return the same codebook on a device."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: part.to(device) for name, part in own.items() if isinstance(part, torch.Tensor)})

    def encode(self, states: torch.Tensor) -> torch.Tensor:
        """Return int64 [row, choice]: which codes stand for each state [row, width], of any float type."""
        return self._ids(states.to(self.center) - self.center)

    def decode(self, ids: torch.Tensor) -> torch.Tensor:
        """Return float32 [row, width]: the states that choices of codes stand for."""
        return self.center + self._sum(ids)

    def read(self, rows: Rows) -> Iterator[tuple[slice, torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Yield blocks of rows: their place, the states, their ids and what is decoded from these."""
        for where, block in rows.blocks():
            ids = self.encode(block)
            yield where, block, ids, self.decode(ids)

    def _ids(self, centred: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def _sum(self, ids: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


def centred(rows: Rows, center: torch.Tensor) -> Rows:
    """Return the rows without their center."""
    return rows.seen(rows.width, lambda block, _: block - center)


def compact(ids: torch.Tensor, size: int) -> np.ndarray:
    """Return ids in the smallest unsigned integers that hold `size` values: a quarter of int64 or less."""
    kind = np.uint8 if size <= 1 << 8 else np.uint16 if size <= 1 << 16 else np.uint32
    return ids.cpu().numpy().astype(kind)
