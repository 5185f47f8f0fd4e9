"""The published recursions, written a second time from their description, for the closed forms to agree with.

A node is (label, children); a word is a str. The oracle recurses and is quadratic; the library is neither.
"""

import random
from collections import Counter
from typing import Any

import numpy as np

from probes.corpora.trees import Tree
from probes.syntax.tuples import BAD_ROOT, EMPTY, SEPARATOR, Span


def binary(node: Any, chain: str = "") -> Any:
    """n-ary to binary: (label, left, right) or ("leaf", unary, word)."""
    label, children = node
    label = chain + SEPARATOR + label if chain else label
    if len(children) == 1:
        (child,) = children
        return ("leaf", label, child) if isinstance(child, str) else binary(child, label)
    return hang(label, children)


def hang(label: str, children: list[Any]) -> Any:
    first, *rest = children
    right = sub(rest[0]) if len(rest) == 1 else hang(EMPTY, rest)
    return (label, sub(first), right)


def sub(child: Any) -> Any:
    return ("leaf", EMPTY, child) if isinstance(child, str) else binary(child)


def in_order(tree: Any) -> tuple[list[int], list[str], list[str], int]:
    """Binary tree to distances, constituents, unaries and height."""
    label, left, right = tree
    if label == "leaf":
        return [], [], [left], 0
    dl, cl, ul, hl = in_order(left)
    dr, cr, ur, hr = in_order(right)
    height = max(hl, hr) + 1
    return [*dl, height, *dr], [*cl, label, *cr], ul + ur, height


def rebuilt(d: list[float], c: list[str], u: list[str], at: int = 0) -> list[Any]:
    """Recursive split at the first maximum; returns the children an `<empty>` node leaves behind."""
    if not d:
        leaf = at
        for label in reversed(u[0].split(SEPARATOR) if u[0] != EMPTY else []):
            leaf = (label, [leaf])
        return [leaf]
    i = int(np.argmax(d))
    children = rebuilt(d[:i], c[:i], u[: i + 1], at) + rebuilt(d[i + 1 :], c[i + 1 :], u[i + 1 :], at + i + 1)
    if c[i] == EMPTY:
        return children
    for label in reversed(c[i].split(SEPARATOR)):
        children = [(label, children)]
    return children


def spans_of(node: Any, found: list[Span]) -> tuple[int, int]:
    if isinstance(node, int):
        return node, node
    label, children = node
    ranges = [spans_of(child, found) for child in children]
    found.append(Span(label, ranges[0][0], ranges[-1][1]))
    return ranges[0][0], ranges[-1][1]


def decoded_by_recursion(d: list[float], c: list[str], u: list[str]) -> Counter[Span]:
    children = rebuilt(d, c, u)
    found: list[Span] = []
    for child in children:
        spans_of(child, found)
    if d and c[int(np.argmax(d))] == EMPTY:
        found.append(Span(BAD_ROOT, 0, len(d)))
    return Counter(found)


# ---- trees -----------------------------------------------------------------------------------------------------------


def grow(rng: random.Random, depth: int) -> Any:
    width = rng.choice([1, 1, 2, 2, 3, 6])
    children = ["w" if depth == 0 or rng.random() < 0.4 else grow(rng, depth - 1) for _ in range(width)]
    return (rng.choice("abcdef"), children)


def flat(node: Any) -> Tree:
    """A nested tree as the library's, its words one letter and a blank apart."""
    types, parents, leaves = [], [], []

    def add(node: Any, parent: int) -> None:
        parents.append(parent)
        types.append("word" if isinstance(node, str) else node[0])
        if isinstance(node, str):
            leaves.append(len(types) - 1)
            return
        here = len(types) - 1
        for child in node[1]:
            add(child, here)

    add(node, -1)
    spans = [(0, 0)] * len(types)
    for word, leaf in enumerate(leaves):
        spans[leaf] = (2 * word, 2 * word + 1)
    text, categories = "w " * len(leaves), ("identifier",) * len(leaves)
    return Tree("python", text, tuple(types), tuple(parents), tuple(spans), tuple(leaves), categories)


def nested(tree: Tree) -> Any:
    below = tree.children()

    def build(node: int) -> Any:
        return (tree.types[node], [build(child) for child in below[node]]) if below[node] else "w"

    return build(0)


def constituents_of(tree: Tree) -> Counter[Span]:
    """Every node of a tree that is not a word, with its first and last word."""
    below, word_of = tree.children(), {leaf: word for word, leaf in enumerate(tree.leaves)}
    first, last = [0] * len(below), [0] * len(below)
    for node in reversed(range(len(below))):
        first[node] = first[below[node][0]] if below[node] else word_of[node]
        last[node] = last[below[node][-1]] if below[node] else word_of[node]
    return Counter(Span(tree.types[n], first[n], last[n]) for n in range(len(below)) if below[n])
