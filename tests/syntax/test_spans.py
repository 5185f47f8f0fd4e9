"""Whole rows of trees, decoded and compared in a few array steps, give what the plain functions give tree by tree."""

import numpy as np
import pytest
from planted import trees

from probes.syntax.scores import inner, score, score_paper
from probes.syntax.spans import BAD_ROOT, Decoder, Spans, ends, gold_of, matched, names_of, score_rows
from probes.syntax.tuples import EMPTY, Span, decode

TREES = trees(30)
CHAINS = sorted({EMPTY}.union(*({*tree.constituents, *tree.unaries} for tree in TREES)))
NAMES = names_of(CHAINS)
LINKS = NAMES.links(CHAINS)
GOLD, STARTS = gold_of(TREES, NAMES)
DECODER = Decoder(STARTS, LINKS, LINKS, NAMES.labels.index(BAD_ROOT))


def of(spans: Spans, tree: int) -> list[Span]:
    chosen = spans.tree == tree
    parts = zip(spans.label[chosen], spans.first[chosen], spans.last[chosen], strict=True)
    return sorted(Span(NAMES.labels[label], int(a - STARTS[tree]), int(b - STARTS[tree])) for label, a, b in parts)


@pytest.mark.parametrize("seed", range(25))
def test_any_answer_is_decoded_and_scored_as_tree_by_tree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = int(STARTS[-1])
    distance = rng.integers(0, 2 + seed, words).astype(float)  # few heights: many ties
    constituent, unary = rng.integers(0, len(CHAINS), (2, words))
    constituent[rng.random(words) < 0.6] = CHAINS.index(EMPTY)
    found = DECODER.spans(distance, constituent, unary)
    table = score_rows(found, GOLD, STARTS)
    for k, tree in enumerate(TREES):
        a, b = STARTS[k : k + 2]
        named = [CHAINS[i] for i in constituent[a : b - 1]], [CHAINS[i] for i in unary[a:b]]
        mine = decode(distance[a : b - 1], *named)
        truth = decode(tree.distances, tree.constituents, tree.unaries)
        assert of(found, k) == sorted(mine)
        assert of(GOLD, k) == sorted(truth)
        expected = [*score(mine, truth), score_paper(mine, truth).f1]
        assert table[k] == pytest.approx([*expected, score(inner(mine, len(tree)), inner(truth, len(tree))).f1])


def test_gold_against_itself_is_perfect_and_repeats_are_used_once() -> None:
    assert (score_rows(GOLD, GOLD, STARTS) == 1).all()
    twice = Spans(*(np.concatenate([part, part]) for part in vars(GOLD).values()))
    used, member = matched(twice, GOLD, int(STARTS[-1]))
    assert member.all()
    assert used.sum() == len(GOLD.label)


def test_ends_of_several_rows_are_those_of_each() -> None:
    distance = np.random.default_rng(0).integers(0, 9, (4, int(STARTS[-1]))).astype(float)
    first, last = ends(distance, STARTS)
    for row in range(4):
        alone = ends(distance[row], STARTS)
        assert np.array_equal(first[row], alone[0])
        assert np.array_equal(last[row], alone[1])


def test_a_word_alone_and_a_long_chain() -> None:
    starts = np.array([0, 1, 1001, 1002])
    falling = np.arange(1002, 0, -1.0)
    first, last = ends(falling, starts)
    assert first[1:1000].tolist() == list(range(1, 1000))  # every gap lower than the one before: spans to the right end
    assert (last[1:1000] == 1000).all()
    assert (first[0], last[0], first[1001], last[1001]) == (0, 0, 1001, 1001)
    assert (ends(-falling, starts)[0][1:1000] == 1).all()
