"""Spans as a drawn tree: which span sits in which, how high, and which of two trees' spans agree."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from probes.syntax.tuples import Span

NODES = {
    "tree": "str",
    "id": "int64",
    "label": "str",
    "first": "int64",
    "last": "int64",
    "x": "float64",
    "level": "int64",
    "agrees": "bool",
}
EDGES = {
    "tree": "str",
    "x": "float64",
    "level": "int64",
    "x2": "float64",
    "level2": "int64",
    "first": "int64",
    "last": "int64",
}
"""Columns and types, said outright: a tree without a node must not change those of the tree beside it."""


def parents(spans: Sequence[Span]) -> tuple[list[Span], list[int]]:
    """Sort nested spans so that parents come first, and return with them each one's parent (-1 at the top).

    Spans over the same words keep their order: the links of a chain run from the top down.
    """
    ordered = sorted(spans, key=lambda span: (span.first, -span.last))
    above, path = [], list[int]()
    for i, span in enumerate(ordered):
        while path and ordered[path[-1]].last < span.last:  # spans nest: what ends before this one ends holds it not
            path.pop()
        above.append(path[-1] if path else -1)
        path.append(i)
    return ordered, above


def levels(above: Sequence[int]) -> list[int]:
    """Return each node's height over its words: 1 for a node without constituents below it."""
    height = [1] * len(above)
    for node in range(len(above) - 1, -1, -1):
        if above[node] >= 0:
            height[above[node]] = max(height[above[node]], height[node] + 1)
    return height


def drawn(spans: Sequence[Span], other: Sequence[Span], n: int, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the nodes and edges of one tree over `n` words; a node agrees while the `other` tree has its like left."""
    ordered, above = parents(spans)
    height, left = levels(above), Counter(other)
    nodes, edges = [], []
    holder = [-1] * n  # the lowest constituent over each word
    for i, span in enumerate(ordered):
        agrees = left[span] > 0
        left[span] -= agrees
        middle = (span.first + span.last) / 2
        nodes.append((name, i, span.label, span.first, span.last, middle, height[i], agrees))
        if above[i] >= 0:
            up = ordered[above[i]]
            edges.append((name, (up.first + up.last) / 2, height[above[i]], middle, height[i], span.first, span.last))
        holder[span.first : span.last + 1] = [i] * (span.last + 1 - span.first)
    for word, node in enumerate(holder):
        if node >= 0:
            up = ordered[node]
            edges.append((name, (up.first + up.last) / 2, height[node], float(word), 0, word, word))
    return pd.DataFrame(nodes, columns=list(NODES)).astype(NODES), pd.DataFrame(edges, columns=list(EDGES)).astype(
        EDGES
    )
