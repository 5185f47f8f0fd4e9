"""Trees off split scores: split by split as published, and the likeliest of all trees by looking at every one."""

from collections.abc import Iterator

import numpy as np
import pytest

from probes.syntax import parsing
from probes.syntax.tuples import decode

Tree = tuple[tuple[int, int, int], ...]
"""(first word, gap, last word) of every split."""


def every_tree(first: int, last: int) -> Iterator[Tree]:
    """Return all binary trees over some words."""
    if first == last:
        yield ()
    for gap in range(first, last):
        for left in every_tree(first, gap):
            for right in every_tree(gap + 1, last):
                yield ((first, gap, last), *left, *right)


def log_likelihood(splits: np.ndarray, tree: Tree) -> float:
    return sum(float(splits[a, gap] - np.logaddexp.reduce(splits[a, a:b].astype(float))) for a, gap, b in tree)


def found(splits: np.ndarray, *, chart: bool) -> list[Tree]:
    first, last = parsing.trees(splits, chart=chart)
    return [tuple(zip(a.tolist(), range(len(a)), b.tolist(), strict=True)) for a, b in zip(first, last, strict=True)]


@pytest.mark.parametrize("words", [1, 2, 3, 5, 7])
def test_the_chart_finds_the_likeliest_of_all_trees(words: int) -> None:
    splits = np.random.default_rng(words).normal(0, 2, (8, words, words - 1)).astype(np.float32)
    differs = 0
    for scores, chart, greedy in zip(splits, found(splits, chart=True), found(splits, chart=False), strict=True):
        best = max(every_tree(0, words - 1), key=lambda tree: log_likelihood(scores, tree))
        assert sorted(chart) == sorted(best)
        assert log_likelihood(scores, greedy) <= log_likelihood(scores, chart) + 1e-6
        differs += sorted(greedy) != sorted(chart)
    assert differs or words < 5, "scores this wild make the first split a bad guess sometimes"


@pytest.mark.parametrize("seed", range(20))
def test_without_a_first_word_it_is_the_published_decoding(seed: int) -> None:
    """Ties too: the left-most of equal distances is split first."""
    rng = np.random.default_rng(seed)
    words = int(rng.integers(1, 12))
    distance = rng.integers(0, 4, (3, words - 1)).astype(np.float32)
    for row, tree in zip(distance, found(np.repeat(distance[:, None], words, 1), chart=False), strict=True):
        truth = decode(row, ["x"] * (words - 1), ["<empty>"] * words)
        assert sorted((a, b) for a, _, b in tree) == sorted((span.first, span.last) for span in truth)


@pytest.mark.parametrize("chart", [True, False])
def test_every_series_is_decoded_alone(chart: bool) -> None:
    splits = np.random.default_rng(0).normal(0, 3, (5, 9, 8)).astype(np.float32)
    together = found(splits, chart=chart)
    assert together == [found(splits[s : s + 1], chart=chart)[0] for s in range(5)]
    assert len(set(together)) > 1


def test_where_a_span_begins_decides_where_it_is_split() -> None:
    splits = np.zeros((1, 4, 3), np.float32)
    splits[0, 0] = [0, 5, 1]
    splits[0, 2] = [9, 9, 2]  # what lies before its first word is nothing to a span
    assert found(splits, chart=False) == [((0, 0, 1), (0, 1, 3), (2, 2, 3))]
