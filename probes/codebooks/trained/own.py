"""A codebook that a decoder was trained with, as the kinds that are fitted: what enters its place in, its codes out."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import comb, log2

import torch

from probes.codebooks.book import Codebook
from probes.codebooks.trained.book import Book, Rules


@dataclass(frozen=True, eq=False)
class Own(Codebook):
    """Codes that the model chooses itself: `rules.k` of each book, whatever is taken for the center."""

    rules: Rules = Rules()

    @property
    def slots(self) -> int:
        """As many as the model takes."""
        return self.rules.k

    @property
    def capacity(self) -> float:
        """Bits that name any choice of codes, in no order; one that may come again can be more often in it."""
        size, k = self.codes.shape[1], self.rules.k
        return len(self.codes) * log2(comb(size + k - 1, k) if self.rules.pursuit else comb(size, k))

    def encode(self, states: torch.Tensor) -> torch.Tensor:
        """Return int64 [row, book x slot]: the codes for each state [row, width], in the order chosen."""
        return self.book.read(states).flatten(1)

    def decode(self, ids: torch.Tensor) -> torch.Tensor:
        """Return float32 [row, width]: what the model goes on with."""
        return self.book.stand(ids.view(len(ids), len(self.codes), self.slots)).flatten(1)

    @cached_property
    def book(self) -> Book:
        """The codebook layer itself."""
        parts, codes, width = self.codes.shape
        book = Book(parts, codes, width, replace(self.rules, learn="mean")).to(self.codes.device).eval()
        book.start(self.codes)
        return book


def own(book: Book, center: torch.Tensor) -> Own:
    """Return the codebook of a layer that is in place; `center` [width] is the mean of what entered it."""
    return Own(center, book.codes.detach().float(), center.new_zeros(0), book.rules)
