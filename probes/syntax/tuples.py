"""A syntax tree as three sequences, and back (AST-Probe, Hernández López et al., ASE 2022, algorithms 1 and 2).

Between any two neighbouring words lies a gap. Its *distance* is the height of their lowest common ancestor in the
binary tree that hangs a node's children to the right, `(a (b (c d)))`; its *constituent* is that ancestor's label,
`<empty>` for the nodes the binary tree adds. A node with one child has no gap: its label is put before its child's with
`<sep>`, and a chain that ends in a word is that word's *unary*. The binary tree itself is never built. For a node with
children 1..k of heights h:

    H_k = h_k,   H_j = max(h_j, H_{j+1}) + 1,   distance of the gap after child j = H_j,   height of the node = H_1

and back, gap i spans the words from l to r (ties fall to the left-most gap, as with argmax):

    l = 1 + max{j < i: d_j >= d_i}  (else 0),   r = min{k > i: d_k > d_i}  (else the last word)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from probes.corpora.trees import Tree, parse

SEPARATOR = "<sep>"
"""Joins the labels of a chain of one-child nodes, from the top down."""
EMPTY = "<empty>"
"""The label of a gap or a word where no node of the tree begins."""
BAD_ROOT = "bad_root"
"""What a tree's root is called when its gap was labelled `<empty>`."""


@dataclass(frozen=True, slots=True)
class SyntaxTuple:
    """A tree of n words: n - 1 distances, n - 1 constituents, n unaries, and where the words are in `text`."""

    words: tuple[str, ...]
    distances: tuple[int, ...]
    constituents: tuple[str, ...]
    unaries: tuple[str, ...]
    text: str
    """The code without comments and docstrings."""
    spans: tuple[tuple[int, int], ...]
    """Character start and end of every word in `text`."""
    types: tuple[str, ...]
    """The grammar's type of every word."""
    categories: tuple[str, ...]
    """keyword, identifier, literal, operator or punctuation."""

    def __len__(self) -> int:
        return len(self.words)


class Span(NamedTuple):
    """A labelled constituent from word `first` to word `last`, both included."""

    label: str
    first: int
    last: int


def encode(code: str, language: str) -> SyntaxTuple:
    """Return the tuple of a piece of code in linear time; refuses what `corpora.trees.parse` refuses."""
    return from_tree(parse(code, language))


def from_tree(tree: Tree) -> SyntaxTuple:
    """Return the tuple of a tree: one pass down for the chains, one pass back up for the heights."""
    types, parents, n = tree.types, tree.parents, len(tree.leaves)
    arity, chains = [0] * len(types), list(types)
    for parent in parents[1:]:
        arity[parent] += 1
    for node in range(1, len(types)):
        if arity[parents[node]] == 1 and arity[node]:
            chains[node] = chains[parents[node]] + SEPARATOR + types[node]

    distances, constituents, unaries = [0] * (n - 1), [EMPTY] * (n - 1), [EMPTY] * n
    heights, firsts, gaps = [-1] * len(types), [n] * len(types), [-1] * len(types)
    word = n
    for node in range(len(types) - 1, 0, -1):  # children before parents, right before left
        parent = parents[node]
        if not arity[node]:
            word -= 1
            heights[node], firsts[node] = 0, word
            if arity[parent] == 1:
                unaries[word] = chains[parent]
        elif arity[node] > 1:
            constituents[gaps[node]] = chains[node]
        if heights[parent] < 0:
            heights[parent] = heights[node]
        else:
            gaps[parent] = firsts[parent] - 1
            distances[gaps[parent]] = heights[parent] = max(heights[node], heights[parent]) + 1
        firsts[parent] = firsts[node]
    if arity[0] > 1:
        constituents[gaps[0]] = chains[0]
    return SyntaxTuple(
        tree.words,
        tuple(distances),
        tuple(constituents),
        tuple(unaries),
        tree.text,
        tuple(tree.spans[leaf] for leaf in tree.leaves),
        tuple(types[leaf] for leaf in tree.leaves),
        tree.categories,
    )


def decode(distances: Sequence[float] | np.ndarray, constituents: Sequence[str], unaries: Sequence[str]) -> list[Span]:
    """Return the labelled spans of n >= 1 words, in linear time: those over gaps from left to right, then the unaries.

    The links of a chain follow each other from the top down. Any numbers are distances: only their order matters.
    """
    gaps: list[float] = distances.tolist() if isinstance(distances, np.ndarray) else list(distances)
    n = len(unaries)
    if not n or len(gaps) != n - 1 or len(constituents) != n - 1:
        given = f"{len(gaps)} distances, {len(constituents)} constituents and {n} unaries"
        raise ValueError(f"n words have n - 1 distances, n - 1 constituents and n unaries; got {given}.")
    first, last = [0] * (n - 1), [n - 1] * (n - 1)
    open_gaps: list[int] = []  # distances never rise along it
    for gap, distance in enumerate(gaps):
        while open_gaps and gaps[open_gaps[-1]] < distance:
            last[open_gaps.pop()] = gap
        if open_gaps:
            first[gap] = open_gaps[-1] + 1
        open_gaps.append(gap)
    spans: list[Span] = []
    for gap, label in enumerate(constituents):
        if label != EMPTY:
            spans += _links(label, first[gap], last[gap])
        elif gap == open_gaps[0]:
            spans.append(Span(BAD_ROOT, 0, n - 1))
    for word, label in enumerate(unaries):
        if label != EMPTY:
            spans += _links(label, word, word)
    return spans


def _links(chain: str, first: int, last: int) -> list[Span]:
    if SEPARATOR in chain:
        return [Span(label, first, last) for label in chain.split(SEPARATOR)]
    return [Span(chain, first, last)]
