"""A few codes of one dictionary, each with a coefficient: matching pursuit, and a dictionary learnt for it.

x ≈ center + g₁c₁ + … + g_k c_k with |c| = 1 and g ≥ 0: each step takes the atom with the largest product with what is
left (Mallat & Zhang, IEEE TSP 1993; without negative coefficients, so that an atom means one thing). Coefficients are
one of 16 levels, one of them zero, and what rounding leaves is left to the next step. The dictionary is learnt by
turns: pursuit with atoms held, then all atoms at once by least squares with coefficients held (method of optimal
directions, Engan et al., ICASSP 1999).
"""

from dataclasses import dataclass, replace
from math import comb, log2

import numpy as np
import torch
from torch.nn.functional import normalize

from probes.codebooks import kmeans
from probes.codebooks.book import Codebook, centred
from probes.codebooks.kmeans import Options, Tell
from probes.codebooks.names import LEVELS
from probes.codebooks.nearest import nearest
from probes.codebooks.rows import Rows, center_of, rows_of

RIDGE = 1e-3
"""Added to the Gram matrix of coefficients, as a share of its mean diagonal: atoms that fire together stay finite."""
SAMPLE = 1 << 14
"""Rows that the levels of coefficients are fitted to."""


@dataclass(frozen=True, eq=False)
class Sparse(Codebook):
    """`k` atoms of one book, each with a level; ids are [row, 2k]: the atoms, then their levels."""

    k: int = 1
    """How many atoms a state is made of."""

    @property
    def slots(self) -> int:
        """As many as atoms are taken, of the one dictionary."""
        return self.k

    @property
    def capacity(self) -> float:
        """Bits that name any `k` of the atoms, in no order, and their levels."""
        return log2(comb(self.codes.shape[1], self.k)) + self.k * log2(len(self.levels))

    def _sum(self, ids: torch.Tensor) -> torch.Tensor:
        gains = self.levels[ids[:, self.k :]]
        return torch.einsum("rk,rkw->rw", gains, self.codes[0][ids[:, : self.k]])

    def level(self, gains: torch.Tensor) -> torch.Tensor:
        """Return int64 like `gains`: which level is nearest to each."""
        return nearest(gains.reshape(-1, 1), self.levels[:, None]).view(gains.shape)


@dataclass(frozen=True, eq=False)
class Pursuit(Sparse):
    """Atoms chosen one after the other, each for what those before it left."""

    def _ids(self, centred: torch.Tensor) -> torch.Tensor:
        left, atoms, levels = centred.clone(), [], []
        for _ in range(self.k):
            gain, atom = (left @ self.codes[0].T).max(1)
            level = self.level(gain.clamp(min=0))
            left -= self.levels[level, None] * self.codes[0][atom]
            atoms.append(atom)
            levels.append(level)
        return torch.stack([*atoms, *levels], 1)


def pursue(rows: torch.Tensor, atoms: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the atoms [row, k] and exact coefficients [row, k] that pursuit takes, and what is left [row, width]."""
    left, chosen, gains = rows.clone(), [], []
    for _ in range(k):
        gain, atom = (left @ atoms.T).max(1)
        gain = gain.clamp(min=0)
        left -= gain[:, None] * atoms[atom]
        chosen.append(atom)
        gains.append(gain)
    return torch.stack(chosen, 1), torch.stack(gains, 1), left


def fit(rows: Rows, options: Options, k: int = 1, tell: Tell = kmeans.silent) -> Pursuit:
    """Return a learnt dictionary; raises as k-means does when there are fewer rows than atoms."""
    kmeans.check(options.codes, len(rows))
    center = center_of(rows)
    whole, draw = centred(rows, center), np.random.default_rng(options.seed)
    atoms = start(whole, options.codes, draw)
    for number in range(options.passes):
        atoms = _turn(whole, atoms, k, draw)
        tell((number + 1) / (options.passes + 1))
    return levelled(Pursuit(center, atoms[None], center.new_zeros(0), k), whole, options)


def start(centred: Rows, codes: int, draw: np.random.Generator) -> torch.Tensor:
    """Return atoms [code, width] to begin with: directions of rows, drawn by k-means++."""
    unit = centred.seen(centred.width, lambda block, _: normalize(block))
    return normalize(kmeans.drawn(unit, codes, draw))


def levelled(book: Pursuit, centred: Rows, options: Options) -> Pursuit:
    """Return the codebook with levels of coefficients: zero, and k-means of those that exact pursuit takes."""
    gains = pursue(centred.at(slice(0, SAMPLE)), book.codes[0], book.k)[1]
    return replace(book, levels=levels_of(gains, options))


def levels_of(gains: torch.Tensor, options: Options) -> torch.Tensor:
    """Return 16 levels in order, the first of them zero, fitted to coefficients of any shape; the last is repeated.

    (Where there are fewer different coefficients than levels.)
    """
    line = gains[gains > 0].reshape(-1, 1)
    few = min(LEVELS - 1, len(torch.unique(line)))
    found = line[:few]
    if few > 1:
        own = replace(options, codes=few, batch=0, passes=max(10, options.passes), pruned=False)
        found = kmeans.fit(rows_of(line.cpu().numpy()), own).to(line)
    levels = torch.cat([line.new_zeros(1), found[:, 0].sort().values])
    return torch.cat([levels, levels[-1:].expand(LEVELS - len(levels))])


def _turn(rows: Rows, atoms: torch.Tensor, k: int, draw: np.random.Generator) -> torch.Tensor:
    """Return new atoms: least squares for the coefficients that pursuit takes; unused ones start again at a row."""
    gram, product = atoms.new_zeros(len(atoms), len(atoms)), torch.zeros_like(atoms)
    far = np.zeros(len(rows), np.float64)
    for where, block in rows.blocks():
        chosen, gains, left = pursue(block, atoms, k)
        matrix = block.new_zeros(len(block), len(atoms)).scatter_add_(1, chosen, gains)
        gram += matrix.T @ matrix
        product += matrix.T @ block
        far[where] = left.square().sum(1).cpu().numpy()
    return solved(gram, product, rows, far, draw)


def solved(
    gram: torch.Tensor, product: torch.Tensor, rows: Rows, far: np.ndarray, draw: np.random.Generator
) -> torch.Tensor:
    """Return unit atoms from the sums of squares of coefficients; dead ones become rows drawn by `far` [row]."""
    used = gram.diagonal() > 0
    eye = torch.eye(len(gram), device=gram.device) * gram.diagonal()[used].mean().clamp(min=1e-12)
    atoms = torch.linalg.solve(gram + RIDGE * eye, product)
    dead = (~used | (atoms.norm(dim=1) == 0)).nonzero()[:, 0]
    n = min(len(dead), int(np.count_nonzero(far)))
    if n:
        atoms[dead[:n]] = rows.at(np.sort(draw.choice(len(rows), n, replace=False, p=far / far.sum())))
    return normalize(atoms)
