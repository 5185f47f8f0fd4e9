"""What is right of the distances and depths that probes say, sentence by sentence, and its intervals over sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.probing.dependencies import LENGTHS, Tree, alike, found, least_deep, spanning
from probes.probing.scoring import Resampling
from probes.probing.structural import DEPTH, DISTANCE, MEASURES, ROOT, UUAS
from probes.probing.structural_fit import Probes, read_off

BY_LENGTH = (DISTANCE, DEPTH)
"""Measures that are means over sentence lengths."""


@dataclass(frozen=True)
class Judged:
    """By measure, what is right [draw, series, sentence] out of how much [series, sentence]; and the words of each."""

    right: dict[str, np.ndarray]
    of: dict[str, np.ndarray]
    words: np.ndarray

    def draws(self, measure: str, series: int, again: Resampling) -> np.ndarray:
        """Return a measure [resample]: first of sentences and draws as they are, then of both drawn again."""
        right, of = self.right[measure][:, series], self.of[measure][series]
        right = np.broadcast_to(right, (again.by_seed.shape[1], len(of)))  # a chain is the same in every draw
        if measure not in BY_LENGTH:
            return again.ratio(right, of)
        inside = (self.words >= LENGTHS[0]) & (self.words <= LENGTHS[1])
        return again.ratio(right * inside, of * inside, np.where(inside, self.words, 0))

    def value(self, measure: str, series: int) -> float:
        """Return a measure of the sentences as they are."""
        return float(self.draws(measure, series, once(len(self.words), len(self.right[measure])))[0])

    @classmethod
    def joined(cls, draws: "Sequence[Judged]") -> "Judged":
        """Return several draws of probes that were judged on the same sentences as one."""
        right = {m: np.concatenate([one.right[m] for one in draws]) for m in MEASURES}
        return cls(right, draws[0].of, draws[0].words)


def once(sentences: int, draws: int = 1) -> Resampling:
    """Return the sentences and draws as they are, and nothing drawn again."""
    return Resampling(np.arange(sentences), np.ones((1, sentences)), np.full((1, draws), 1 / draws))


def judge(probes: Probes, chosen: np.ndarray, device: str) -> Judged:
    """Judge all probes on some sentences; distance probes have the first two measures, depth probes the others."""
    trees = probes.data.trees
    kinds = {depths: [probes.series[i].kind for i in probes.of(depths)] for depths in (False, True)}
    right: dict[str, list[np.ndarray]] = {measure: [] for measure in MEASURES}
    of: dict[str, list[np.ndarray]] = {measure: [] for measure in MEASURES}
    for i, apart, deep in read_off(probes, chosen, device):
        said = apart_and_deep([trees[k][i] for k in kinds[False]], [trees[k][i] for k in kinds[True]], apart, deep)
        for measure, (good, whole) in said.items():
            right[measure].append(good)
            of[measure].append(whole)
    words = np.array([len(probes.data.rows[i]) for i in chosen])
    sums, totals = ({m: np.stack(parts, 1) for m, parts in side.items()} for side in (right, of))
    return Judged({m: one[None] for m, one in sums.items()}, totals, words)


def apart_and_deep(
    apart_of: Sequence[Tree], deep_of: Sequence[Tree], apart: np.ndarray, deep: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return by measure what is right, and of how much, [series] each, of one sentence's distances and depths."""
    tied = spanning(apart, apart_of[0].counted) if len(apart) else np.zeros((0, 0, 2), np.int64)
    hits = [found(tied[[s]], tree)[0] for s, tree in enumerate(apart_of)]
    rows = [alike(apart[s], tree.distance).sum() for s, tree in enumerate(apart_of)]
    roots = [least_deep(deep[s], tree.counted) == tree.root for s, tree in enumerate(deep_of)]
    depths = [float(alike(deep[s], tree.depth)) for s, tree in enumerate(deep_of)]
    edges, words = [len(tree.edges) for tree in apart_of], [len(tree.depth) for tree in apart_of]
    pairs = {UUAS: (hits, edges), DISTANCE: (rows, words), ROOT: (roots, [1] * len(roots))}
    pairs[DEPTH] = (depths, [1] * len(depths))
    return {m: (np.array(good, np.float64), np.array(whole, np.float64)) for m, (good, whole) in pairs.items()}


def chained(trees: Sequence[Tree]) -> Judged:
    """Judge the tree that needs no model: each word hangs on the one before it, the first one is the root."""
    parts = []
    for tree in trees:
        places = np.arange(len(tree.depth), dtype=np.float32)
        apart = np.abs(places[:, None] - places[None, :])
        parts.append(apart_and_deep([tree], [tree], apart[None], places[None]))
    right, of = ({m: np.stack([part[m][side] for part in parts], 1) for m in MEASURES} for side in (0, 1))
    return Judged({m: one[None] for m, one in right.items()}, of, np.array([len(tree.depth) for tree in trees]))
