"""Nested spans against a search over all pairs: parents, levels, edges, and which of two trees' nodes agree."""

from collections import Counter

import numpy as np
import pytest
from planted import trees

from probes.syntax.nesting import drawn, levels, parents
from probes.syntax.tuples import Span, SyntaxTuple, decode


def spans_of(tree: SyntaxTuple) -> list[Span]:
    return decode(tree.distances, tree.constituents, tree.unaries)


def noisy(tree: SyntaxTuple, seed: int) -> list[Span]:
    """Decode a tree with shuffled labels and distances: bad roots, chains and repeated labels."""
    rng = np.random.default_rng(seed)
    return decode(rng.permutation(tree.distances), rng.permutation(tree.constituents), rng.permutation(tree.unaries))


def cases() -> list[tuple[int, list[Span]]]:
    found = trees(15, seed=2)
    return [(len(t), spans_of(t)) for t in found] + [(len(t), noisy(t, i)) for i, t in enumerate(found)]


@pytest.mark.parametrize(("n", "spans"), cases())
def test_parents_are_the_smallest_spans_around(n: int, spans: list[Span]) -> None:
    ordered, above = parents(spans)
    assert Counter(ordered) == Counter(spans)
    for i, span in enumerate(ordered):
        around = [
            k
            for k, other in enumerate(ordered)
            if k != i
            and other.first <= span.first
            and other.last >= span.last
            and ((other.first, other.last) != (span.first, span.last) or k < i)  # a chain runs from the top down
        ]
        smallest = min(around, key=lambda k: (ordered[k].last - ordered[k].first, -k), default=-1)
        assert above[i] == smallest
    same = [s for s in ordered if (s.first, s.last) == (0, n - 1)]
    assert same == [s for s in spans if (s.first, s.last) == (0, n - 1)]  # chains keep their order


@pytest.mark.parametrize(("n", "spans"), cases())
def test_a_level_is_the_longest_way_down(n: int, spans: list[Span]) -> None:
    _, above = parents(spans)

    def height(node: int) -> int:
        return 1 + max((height(k) for k, up in enumerate(above) if up == node), default=0)

    assert levels(above) == [height(node) for node in range(len(above))]


@pytest.mark.parametrize("seed", range(10))
def test_agreeing_nodes_are_the_multiset_intersection(seed: int) -> None:
    tree = trees(10, seed=5)[seed]
    truth, guess = spans_of(tree), noisy(tree, seed) + spans_of(tree)[: seed + 1]
    nodes, _ = drawn(truth, guess, len(tree), "gold")
    others, _ = drawn(guess, truth, len(tree), "predicted")
    both = Counter(truth) & Counter(guess)
    for table in (nodes, others):
        agreeing = table[table.agrees]
        assert Counter(Span(*row) for row in agreeing[["label", "first", "last"]].itertuples(index=False)) == both
    assert len(nodes) == len(truth)


def test_repeated_spans_agree_as_often_as_the_other_tree_has_them() -> None:
    twice = [Span("a", 0, 1), Span("a", 0, 1), Span("b", 1, 1)]
    nodes, _ = drawn(twice, [Span("a", 0, 1), Span("b", 0, 0)], 2, "gold")
    assert nodes.agrees.tolist() == [True, False, False]


@pytest.mark.parametrize(("n", "spans"), cases()[:20])
def test_every_node_but_the_top_and_every_word_has_one_edge_up(n: int, spans: list[Span]) -> None:
    nodes, edges = drawn(spans, [], n, "gold")
    _, above = parents(spans)
    words = edges[edges.level2 == 0]
    covered = {w for s in spans for w in range(s.first, s.last + 1)}
    assert sorted(words["first"]) == sorted(covered)
    assert len(edges) - len(words) == sum(up >= 0 for up in above)
    assert (edges.level > edges.level2).all()
    assert (nodes.x == (nodes["first"] + nodes["last"]) / 2).all()
    for row in words.itertuples():
        around = [s for s in spans if s.first <= row.x2 <= s.last]
        smallest = min(around, key=lambda s: s.last - s.first)
        assert row.x == (smallest.first + smallest.last) / 2


def test_no_spans_draw_nothing_and_deep_ones_do_not_recurse() -> None:
    nodes, edges = drawn([], [], 3, "gold")
    assert nodes.empty
    assert edges.empty
    some, lines = drawn([Span("a", 0, 1)], [], 3, "gold")
    assert nodes.dtypes.equals(some.dtypes)
    assert edges.dtypes.equals(lines.dtypes)
    deep = [Span("p", i, 20_000 - i) for i in range(10_000)]
    nodes, _ = drawn(deep, deep, 20_001, "gold")
    assert nodes.level.tolist() == list(range(10_000, 0, -1))
    assert nodes.agrees.all()
