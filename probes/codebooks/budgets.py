"""How a budget of bits is spent by each kind of codebook: how many codes, in how many books, how many a token."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import comb, log2

from probes.codebooks import itda, kinds, sparse, topk
from probes.codebooks.book import Codebook
from probes.codebooks.equal_bits import METHODS
from probes.codebooks.kmeans import Options
from probes.codebooks.names import LEVELS
from probes.codebooks.rows import Rows

GAIN = int(log2(LEVELS))
_SPARSE: dict[str, Callable[[Rows, Options, int], Codebook]] = {
    "pursuit": sparse.fit,
    "itda": itda.fit,
    "topk": topk.fit,
}


@dataclass(frozen=True)
class Share:
    """One kind's way to spend a budget."""

    method: str
    budget: int
    choices: int
    """Codes a token."""
    size: int
    """Codes in a book."""

    def fit(self, rows: Rows, options: Options) -> Codebook:
        """Return its codebook of the rows; `options` says passes and seed."""
        own = replace(options, codes=self.size)
        if self.method in _SPARSE:
            return _SPARSE[self.method](rows, own, self.choices)
        return kinds.fit(self.method, rows, own, self.choices)  # type: ignore[arg-type]  # a Kind: the rest are sparse


def shares(bits: int, budgets: int, width: int, rows: int) -> list[Share]:
    """Return how every kind spends each of `budgets` budgets, the first of `bits`; kinds that cannot are left out."""
    found = []
    for step in range(budgets):
        budget = bits * 2**step
        books, atoms = 2 * 2**step, 2 ** (bits - GAIN)
        ways = {
            "kmeans": (1, 2**bits) if not step else (0, 0),
            "spherical": (1, atoms) if not step else (0, 0),
            "product": (books if width % books == 0 else 0, 2 ** (bits // 2)),
            "residual": (books, 2 ** (bits // 2)),
            **dict.fromkeys(_SPARSE, (atoms_in(budget, atoms), atoms)),
        }
        ways = {name: way for name, way in ways.items() if way[0] and way[1] <= rows}
        found += [Share(name, budget, *ways[name]) for name in METHODS if name in ways]
    return found


def atoms_in(budget: int, atoms: int) -> int:
    """Return how many of `atoms` atoms, each with a level of 4 bits, fit into a budget; none of a dictionary of one."""
    k = 0
    while k < atoms and log2(comb(atoms, k + 1)) + GAIN * (k + 1) <= budget:
        k += 1
    return k
