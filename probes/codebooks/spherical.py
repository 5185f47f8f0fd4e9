"""Spherical k-means with gain: a code is a direction, and how far a state lies along it is told apart in a few levels.

x ≈ center + g·c with |c| = 1 (directions: Dhillon & Modha, Machine Learning 2001). A mean of many states is shorter
than any of them; a direction with its gain is not. The levels are a k-means of the gains, on one line.
"""

from dataclasses import dataclass, replace

import torch
from torch.nn.functional import normalize

from probes.codebooks import kmeans
from probes.codebooks.book import Codebook, centred
from probes.codebooks.kmeans import Options, Tell
from probes.codebooks.names import LEVELS
from probes.codebooks.nearest import nearest
from probes.codebooks.rows import Rows, center_of


@dataclass(frozen=True, eq=False)
class Spherical(Codebook):
    """One book of directions, and levels of gain; an id is a pair of direction and level."""

    def _ids(self, centred: torch.Tensor) -> torch.Tensor:
        book = self.codes[0]
        ids = nearest(normalize(centred), book)
        gains = (centred * book[ids]).sum(1, keepdim=True)
        return torch.stack([ids, nearest(gains, self.levels[:, None])], 1)

    def _sum(self, ids: torch.Tensor) -> torch.Tensor:
        return self.levels[ids[:, 1], None] * self.codes[0][ids[:, 0]]


def fit(rows: Rows, options: Options, tell: Tell = kmeans.silent) -> Spherical:
    """Return a codebook of directions with levels of gain."""
    center = center_of(rows)
    whole = centred(rows, center)
    unit = whole.seen(rows.width, lambda block, _: normalize(block))
    book = kmeans.fit(unit, options, lambda share: tell(0.9 * share), hold=normalize)
    gains = whole.seen(1, lambda block, _: (block * book[nearest(normalize(block), book)]).sum(1, keepdim=True))
    levels = kmeans.fit(gains, replace(options, codes=min(LEVELS, len(rows)), batch=0))
    tell(1.0)
    return Spherical(center, book[None], levels[:, 0].sort().values)
