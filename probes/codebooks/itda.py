"""A dictionary of real states: atoms are rows of the corpus, so that each is labelled by the token it was read from.

After inference-time decomposition of activations (ITDA, Leask et al., 2025): a row joins the dictionary when pursuit
with the atoms there are leaves much of it. Theirs takes every row above a threshold, in the order they come; here a
fixed number is drawn by what is left of each, in rounds, so that dictionaries of one size can be compared.
"""

from dataclasses import dataclass

import numpy as np
from torch.nn.functional import normalize

from probes.codebooks import kmeans
from probes.codebooks.book import centred
from probes.codebooks.kmeans import TOGETHER, Options, Tell
from probes.codebooks.rows import Rows, center_of
from probes.codebooks.sparse import Pursuit, levelled, pursue

SAMPLE = 16
"""Rows an atom that the dictionary is drawn from."""


@dataclass(frozen=True, eq=False)
class Itda(Pursuit):
    """A pursuit on real states."""

    rows: tuple[int, ...] = ()  # in the place of the property: which fitted row each atom is


def fit(rows: Rows, options: Options, k: int = 1, tell: Tell = kmeans.silent) -> Itda:
    """Return a dictionary of real states; raises as k-means does when there are fewer rows than atoms."""
    kmeans.check(options.codes, len(rows))
    center, draw = center_of(rows), np.random.default_rng(options.seed)
    whole = centred(rows, center)
    size = min(len(rows), max(SAMPLE * options.codes, 1024))
    places = np.sort(draw.choice(len(rows), size, replace=False))
    sample = normalize(whole.at(places))  # a row counts by its direction, whatever its length
    there = sample.square().sum(1).double().cpu().numpy() > 0
    taken = [int(draw.choice(np.flatnonzero(there)))]
    while len(taken) < options.codes:
        left = pursue(sample, sample[taken], min(k, len(taken)))[2].square().sum(1).double().cpu().numpy()
        left[taken] = 0
        weight = left if np.count_nonzero(left) else np.isin(np.arange(size), taken, invert=True).astype(float)
        want = min(options.codes - len(taken), max(1, len(taken) // TOGETHER), int(np.count_nonzero(weight)))
        taken += draw.choice(size, want, replace=False, p=weight / weight.sum()).tolist()
        tell(len(taken) / (options.codes + 1))
    atoms, own = normalize(whole.at(places[taken])), tuple(int(i) for i in places[taken])
    book = levelled(Pursuit(center, atoms[None], center.new_zeros(0), k), whole, options)
    return Itda(center, book.codes, book.levels, k, own)
