"""Answers for the leaves of a syntax tree: what a probe can be asked of code, in any language or in Python alone."""

from collections.abc import Callable, Iterator

from probes.corpora.trees import Tree
from probes.probing.places import Place
from probes.probing.roles import Nodes, role
from probes.probing.scopes import far, uses

Answers = Callable[[Tree], Iterator[tuple[int, str | float]]]
"""Yields leaves by their number, and what is true there."""


def leaf_type(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield the grammar's type of each leaf."""
    yield from enumerate(tree.types[node] for node in tree.leaves)


def parent_type(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield the type of the node above each leaf."""
    yield from ((i, tree.types[tree.parents[node]]) for i, node in enumerate(tree.leaves) if tree.parents[node] >= 0)


def depth(tree: Tree) -> Iterator[tuple[int, float]]:
    """Yield how many nodes stand above each leaf."""
    deep = [0] * len(tree.types)
    for node in range(1, len(tree.types)):
        deep[node] = deep[tree.parents[node]] + 1
    yield from ((i, float(deep[node])) for i, node in enumerate(tree.leaves))


def brackets(tree: Tree) -> Iterator[tuple[int, float]]:
    """Yield how many brackets are open around each leaf; a bracket stands outside of itself."""
    still = 0
    for i, word in enumerate(tree.words):
        still -= word in (")", "]", "}")
        yield i, float(still)
        still += word in ("(", "[", "{")


def roles(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield the role of every identifier of Python code."""
    nodes = Nodes(tree)
    yield from ((i, role(nodes, n)) for i, n in enumerate(tree.leaves) if tree.types[n] == "identifier")


def binding(tree: Tree) -> Iterator[tuple[int, str]]:
    """Yield what gave each name that is used its meaning last."""
    yield from ((use.leaf, use.bound) for use in uses(tree) if use.reads)


def since_binding(tree: Tree) -> Iterator[tuple[int, float]]:
    """Yield how far back each name that is used was given its meaning, in doublings of leaves."""
    yield from ((use.leaf, far(use.since_bound)) for use in uses(tree) if use.reads and use.since_bound)


def since_use(tree: Tree) -> Iterator[tuple[int, float]]:
    """Yield how far back each name was last written, in doublings of leaves; first mentions are left out."""
    yield from ((use.leaf, far(use.since_seen)) for use in uses(tree) if use.since_seen)


def places(tree: Tree, answers: Answers) -> tuple[Place, ...]:
    """Return the labelled leaves of a tree."""
    spans, words = [tree.spans[node] for node in tree.leaves], tree.words
    return tuple(Place(*spans[leaf], answer, words[leaf]) for leaf, answer in answers(tree))
