"""Trees as numbers: distances and depths, trees that only memory knows, spanning trees, and what is right of them."""

from dataclasses import dataclass

import numpy as np

from probes import stats
from probes.values import digest_of

PUNCTUATION = "PUNCT"
"""The universal part of speech that has no edge in UUAS and is no root."""
LENGTHS = (5, 50)
"""Shortest and longest sentence whose correlations count."""


@dataclass(frozen=True)
class Tree:
    """A tree as a probe should see it."""

    distance: np.ndarray
    """float32 [word, word]: edges between two words."""
    depth: np.ndarray
    """float32 [word]: edges between a word and the root."""
    counted: np.ndarray
    """bool [word]: whether it counts in UUAS and may be the root."""
    edges: np.ndarray
    """int64 [edge, 2]: the tree's edges among the words that count."""
    root: int
    """The least deep word that counts."""


def tree_of(heads: np.ndarray, counted: np.ndarray) -> Tree:
    """Return the tree of heads [word] (-1 of the root); `counted` [word] says which words have edges.

    Where a word that does not count has dependents, edges are those of the minimum spanning tree of the others'
    distances, as in the paper's code.
    """
    n = len(heads)
    depth = np.zeros(n, np.int64)
    for i in range(n):
        above = heads[i]
        while above >= 0:
            depth[i], above = depth[i] + 1, heads[above]
    distance, seen = np.zeros((n, n), np.float32), list[int]()
    for i in np.argsort(depth, kind="stable"):
        if seen:
            distance[i, seen] = distance[seen, i] = distance[heads[i], seen] + 1
        seen.append(int(i))
    edges = spanning(distance[None], counted)[0]
    return Tree(distance, depth.astype(np.float32), counted, edges, least_deep(depth, counted))


def counts(kinds: tuple[str, ...]) -> np.ndarray:
    """Return bool [word]: no punctuation; all words of a sentence that has nothing else."""
    found = np.array([kind != PUNCTUATION for kind in kinds])
    return found if found.any() else np.ones(len(kinds), bool)


def least_deep(depth: np.ndarray, counted: np.ndarray) -> int:
    """Return the word of least depth [word] among those that count, the first of equals."""
    return int(np.where(counted, depth, np.inf).argmin())


def control_heads(words: tuple[str, ...], seed: int) -> np.ndarray:
    """Return the heads [word] of a tree that only memory for words can know (after Hewitt & Liang, EMNLP 2019).

    Each word, wherever it stands, has a number drawn for it. The word with the largest is the root; what stands before
    it is a tree of its own made in the same way, and so is what stands after it (a Cartesian tree). Such trees are
    ordered and without crossings, as most of the true ones are.
    """
    drawn = [int(digest_of([str(seed), "control tree", word])[:13], 16) for word in words]
    heads, open_ = np.full(len(words), -1, np.int64), list[int]()
    for i, value in enumerate(drawn):
        last = -1
        while open_ and drawn[open_[-1]] < value:
            last = open_.pop()
        if last >= 0:
            heads[last] = i
        if open_:
            heads[i] = open_[-1]
        open_.append(i)
    return heads


def spanning(distance: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return int64 [series, edge, 2]: minimum spanning trees of distances [series, word, word] among some words.

    Prim's algorithm from the first of them, all series at once; of equal distances the earliest word is taken.
    """
    kept = np.flatnonzero(counted)
    near = distance[:, kept][:, :, kept].astype(np.float64)
    series, n = np.arange(len(near)), len(kept)
    far, tied = near[:, 0].copy(), np.zeros((len(near), n), np.int64)
    far[:, 0] = np.inf
    edges = np.zeros((len(near), max(n - 1, 0), 2), np.int64)
    for step in range(n - 1):
        new = far.argmin(1)
        edges[:, step] = np.stack([tied[series, new], new], 1)
        closer = (near[series, new] < far) & np.isfinite(far)
        tied = np.where(closer, new[:, None], tied)
        far = np.where(closer, near[series, new], far)
        far[series, new] = np.inf
    return kept[edges]


def found(edges: np.ndarray, tree: Tree) -> np.ndarray:
    """Return int64 [series]: how many of the tree's edges are among edges [series, edge, 2]."""
    true = np.zeros(tree.distance.shape, bool)
    true[tree.edges[:, 0], tree.edges[:, 1]] = true[tree.edges[:, 1], tree.edges[:, 0]] = True
    hits: np.ndarray = true[edges[..., 0], edges[..., 1]].sum(-1)
    return hits


def alike(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return [...]: Spearman's correlation of said [..., word] with true [..., word]; 0 where either is constant."""
    return np.nan_to_num(stats.spearman(said, np.broadcast_to(true, said.shape)))
