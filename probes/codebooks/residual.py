"""Residual quantisation: each book codes what the books before it left over; with one book it is plain k-means.

x ≈ center + c₁ + c₂ + … (Juang & Gray, ICASSP 1982). The search is greedy, book after book.
"""

from dataclasses import dataclass, replace

import torch

from probes.codebooks import kmeans
from probes.codebooks.book import Codebook, centred
from probes.codebooks.kmeans import Options, Tell
from probes.codebooks.nearest import nearest
from probes.codebooks.rows import Rows, Where, center_of


@dataclass(frozen=True, eq=False)
class Residual(Codebook):
    """Books whose codes are added up."""

    def _ids(self, centred: torch.Tensor) -> torch.Tensor:
        left, found = centred.clone(), []
        for book in self.codes:
            found.append(nearest(left, book))
            left -= book[found[-1]]
        return torch.stack(found, 1)

    def _sum(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.stack([book[ids[:, i]] for i, book in enumerate(self.codes)]).sum(0)


def fit(rows: Rows, options: Options, depth: int = 1, tell: Tell = kmeans.silent) -> Residual:
    """Return a codebook of `depth` books, each fitted to what is left by those before it."""
    center = center_of(rows)
    left, books = centred(rows, center), list[torch.Tensor]()
    for number in range(depth):
        own = replace(options, seed=options.seed + 7919 * number)  # far apart: the next seed's books are others
        books.append(kmeans.fit(left, own, kmeans.part_of(tell, number, depth)))
        if number < depth - 1:
            left = _left(left, books[-1])
    return Residual(center, torch.stack(books), center.new_zeros(0))


def _left(rows: Rows, book: torch.Tensor) -> Rows:
    """Return what a book leaves of the rows; its choices are made once and kept."""
    ids = torch.cat([nearest(block, book) for _, block in rows.blocks()])

    def change(block: torch.Tensor, where: Where) -> torch.Tensor:
        mine = ids[where] if isinstance(where, slice) else ids[torch.from_numpy(where).to(ids.device)]
        return block - book[mine]

    return rows.seen(rows.width, change)
