"""Constituents of many trees at once, as whole numbers: decoded, sorted and compared without a Python loop over words.

Trees lie end to end, one entry a word; the gap after word `i` is entry `i`, and the entry of a tree's last word is no
gap. A range doubles while no gap in it is higher, so both ends of every constituent are found in O(n log n) array
steps. What comes out is what `tuples.decode` gives, tree by tree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from probes.syntax.tuples import BAD_ROOT, EMPTY, SEPARATOR, SyntaxTuple


@dataclass(frozen=True)
class Names:
    """Labels of single nodes; `links` turns chains into them."""

    labels: tuple[str, ...]

    def links(self, chains: Sequence[str]) -> np.ndarray:
        """Return [chain, longest]: the label numbers of each chain from the top down, -1 beyond; none for `<empty>`."""
        number = {label: i for i, label in enumerate(self.labels)}
        split = [[] if chain == EMPTY else chain.split(SEPARATOR) for chain in chains]
        table = np.full((len(split), max((len(links) for links in split), default=0)), -1, np.int64)
        for row, links in zip(table, split, strict=True):
            row[: len(links)] = [number[link] for link in links]
        return table


def names_of(chains: Iterable[str]) -> Names:
    """Collect the labels of some chains, and `bad_root`."""
    found = {link for chain in chains if chain != EMPTY for link in chain.split(SEPARATOR)}
    return Names(tuple(sorted(found | {BAD_ROOT})))


@dataclass(frozen=True)
class Spans:
    """Constituents of one row of trees: label number, first and last word (entries), and which tree."""

    label: np.ndarray
    first: np.ndarray
    last: np.ndarray
    tree: np.ndarray

    def keys(self, words: int) -> np.ndarray:
        """Number constituents so that two are equal when label and words are: at most `words`² labels fit int64."""
        return (self.label * words + self.first) * words + self.last


def ends(distance: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first and last word of every gap's constituent, both [..., entry]; ties fall to the left-most gap.

    `distance` is [..., entry]; `starts` [trees + 1] says where each tree begins. At a tree's last word both are itself.
    """
    length = distance.shape[-1]
    walled = np.full((*distance.shape[:-1], length + 1), np.inf)
    walled[..., 1:] = distance
    walled[..., starts] = np.inf  # a wall before each tree: entry i stands at i + 1
    highest = [walled]
    while 2 ** len(highest) <= int(np.diff(starts).max(initial=1)):
        half, below = 2 ** (len(highest) - 1), highest[-1]
        wide = below.copy()
        wide[..., :-half] = np.maximum(below[..., :-half], below[..., half:])
        wide[..., -half:] = np.inf
        highest.append(wide)
    at = np.arange(1, length + 1)
    mine = walled[..., 1:]
    left = np.broadcast_to(at, mine.shape).copy()
    right = left + 1
    for step in range(len(highest) - 1, -1, -1):
        size, table = 2**step, highest[step]
        back = np.maximum(left - size, 0)
        left = np.where((left >= size) & (np.take_along_axis(table, back, -1) < mine), back, left)
        ahead = np.take_along_axis(table, np.minimum(right, length), -1)
        right = np.where((right <= length) & (ahead <= mine), right + size, right)
    last = np.zeros(length, bool)
    last[starts[1:] - 1] = True
    return np.where(last, at - 1, left - 1), np.where(last, at - 1, np.minimum(right - 1, length - 1))


@dataclass(frozen=True)
class Decoder:
    """Turns flat answers into constituents; `constituents` and `unaries` are the links of each chain number."""

    starts: np.ndarray
    constituents: np.ndarray
    unaries: np.ndarray
    bad_root: int

    def spans(self, distance: np.ndarray, constituent: np.ndarray, unary: np.ndarray) -> Spans:
        """Decode one row of trees: [entry] each."""
        first, last = ends(distance, self.starts)
        return self.named(first, last, constituent, unary)

    def named(self, first: np.ndarray, last: np.ndarray, constituent: np.ndarray, unary: np.ndarray) -> Spans:
        """Name the spans of every gap and word."""
        sizes = np.diff(self.starts)
        tree = np.repeat(np.arange(len(sizes)), sizes)
        words = np.arange(self.starts[-1])
        gaps = np.delete(words, self.starts[1:] - 1)
        begin, end = self.starts[:-1][tree], self.starts[1:][tree] - 1
        below = self.constituents[constituent[gaps]]
        rows, column = np.nonzero(below >= 0)
        named, single = gaps[rows], self.unaries[unary]
        alone, depth = np.nonzero(single >= 0)
        whole = (first[gaps] == begin[gaps]) & (last[gaps] == end[gaps]) & ~(below >= 0).any(-1)
        bad = gaps[whole]
        return Spans(
            np.concatenate([below[rows, column], np.full(len(bad), self.bad_root), single[alone, depth]]),
            np.concatenate([first[named], first[bad], alone]),
            np.concatenate([last[named], last[bad], alone]),
            np.concatenate([tree[named], tree[bad], tree[alone]]),
        )


def gold_of(trees: Sequence[SyntaxTuple], names: Names) -> tuple[Spans, np.ndarray]:
    """Decode true trees; return their constituents and `starts`."""
    starts = np.concatenate([[0], np.cumsum([len(tree) for tree in trees])]).astype(np.int64)
    chains = sorted({EMPTY}.union(*({*tree.constituents, *tree.unaries} for tree in trees)))
    number, links = {chain: i for i, chain in enumerate(chains)}, names.links(chains)
    distance = np.concatenate([[*tree.distances, 0] for tree in trees]).astype(np.float64)
    constituent = np.array([number[c] for tree in trees for c in (*tree.constituents, EMPTY)])
    unary = np.array([number[u] for tree in trees for u in tree.unaries])
    decoder = Decoder(starts, links, links, names.labels.index(BAD_ROOT))
    return decoder.spans(distance, constituent, unary), starts


def matched(predicted: Spans, gold: Spans, words: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each predicted constituent whether it is true, each true one used once, and whether it is any.

    The second is the published metric's question, under which repeating a right answer is right again.
    """
    guess, truth = predicted.keys(words), gold.keys(words)
    known, counts = np.unique(truth, return_counts=True)
    order = np.argsort(guess, kind="stable")
    ordered = guess[order]
    fresh = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, bool)
    turn = np.arange(len(ordered)) - np.maximum.accumulate(np.where(fresh, np.arange(len(ordered)), 0))
    place = np.searchsorted(known, ordered)
    there = np.zeros(len(ordered), bool)
    inside = place < len(known)
    there[inside] = known[place[inside]] == ordered[inside]
    once = there.copy()
    once[there] = turn[there] < counts[place[there]]
    member, used = np.zeros_like(there), np.zeros_like(once)
    member[order], used[order] = there, once
    return used, member


METRICS = ("precision", "recall", "f1", "f1_paper", "f1_inner")


def score_rows(predicted: Spans, gold: Spans, starts: np.ndarray) -> np.ndarray:
    """Return [tree, metric] with the metrics of `METRICS`, as `scores.score` and its relatives define them."""
    trees, words = len(starts) - 1, int(starts[-1])
    used, member = matched(predicted, gold, words)

    def count(spans: Spans, chosen: np.ndarray) -> np.ndarray:
        return np.bincount(spans.tree[chosen], minlength=trees).astype(np.float64)

    def inner(spans: Spans) -> np.ndarray:
        return (spans.first > starts[spans.tree]) | (spans.last < starts[spans.tree + 1] - 1)

    every = np.ones(len(predicted.label), bool), np.ones(len(gold.label), bool)
    all_p, all_g = count(predicted, every[0]), count(gold, every[1])
    precision, recall, f1 = _score(count(predicted, used), all_p, all_g)
    paper = _score(count(predicted, member), all_p, all_g, both_empty=0.0)[2]
    in_p, in_g = inner(predicted), inner(gold)
    return np.stack(
        [
            precision,
            recall,
            f1,
            paper,
            _score(count(predicted, used & in_p), count(predicted, in_p), count(gold, in_g))[2],
        ],
        axis=1,
    )


def _score(
    hits: np.ndarray, predicted: np.ndarray, gold: np.ndarray, both_empty: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    none = (predicted == 0) & (gold == 0)
    precision = np.where(none, both_empty, hits / np.maximum(predicted, 1))
    recall = np.where(none, both_empty, hits / np.maximum(gold, 1))
    total = precision + recall
    return precision, recall, np.where(total > 0, 2 * precision * recall / np.where(total > 0, total, 1), 0.0)
