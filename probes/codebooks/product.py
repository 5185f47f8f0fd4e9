"""Product quantisation: each state is cut into equal parts, and each part has a codebook of its own.

With as many parts as heads it is the layout of Codebook Features (Jégou et al., TPAMI 2011; Tamkin et al., 2023).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from probes.codebooks import kmeans
from probes.codebooks.book import Codebook, centred
from probes.codebooks.kmeans import Options, Tell
from probes.codebooks.nearest import nearest
from probes.codebooks.rows import Rows, Where, center_of
from probes.errors import StrataError


@dataclass(frozen=True, eq=False)
class Product(Codebook):
    """Books side by side, one a part of the state."""

    def _ids(self, centred: torch.Tensor) -> torch.Tensor:
        parts = centred.chunk(len(self.codes), dim=1)
        return torch.stack([nearest(part, book) for part, book in zip(parts, self.codes, strict=True)], 1)

    def _sum(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.cat([book[ids[:, i]] for i, book in enumerate(self.codes)], 1)


def fit(rows: Rows, options: Options, groups: int = 1, tell: Tell = kmeans.silent) -> Product:
    """Return a codebook of `groups` books; raises StrataError E-GROUPS when the width does not divide by them."""
    if rows.width % groups:
        fits = [n for n in range(1, rows.width + 1) if rows.width % n == 0 and n <= 64]
        what = f"States of width {rows.width} cannot be cut into {groups} equal parts."
        raise StrataError("E-GROUPS", what, fix=f"Choose one of: {', '.join(map(str, fits))}.")
    center, part = center_of(rows), rows.width // groups
    whole, books = centred(rows, center), list[torch.Tensor]()
    for group in range(groups):
        mine = whole.seen(part, _columns(group * part, part))
        own = replace(options, seed=options.seed + 7919 * group)  # far apart, as in residual books
        books.append(kmeans.fit(mine, own, kmeans.part_of(tell, group, groups)))
    return Product(center, torch.stack(books), center.new_zeros(0))


def _columns(first: int, count: int) -> Callable[[torch.Tensor, Where], torch.Tensor]:
    return lambda block, _: block[:, first : first + count]
