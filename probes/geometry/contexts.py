"""How much of a word is left in different contexts? (Ethayarajh, EMNLP 2019)

Self-similarity is the mean cosine between two occurrences of one word, averaged over words; adjusted, it is what that
is above the mean cosine of any two points. A word that looks the same everywhere has 1.
"""

from collections.abc import Sequence

import numpy as np

from probes.geometry.cloud import Cloud
from probes.geometry.directions import mean_cosine

SELF, ADJUSTED = "self-similarity", "adjusted self-similarity"
MOST = 50
"""Occurrences of a word that take part: a few words would else be most of the pairs."""


def self_similarity(cloud: Cloud, words: Sequence[str]) -> dict[str, float]:
    """Return both, for rows [row, width] and their words; NaN when no word occurs twice."""
    known: dict[str, list[int]] = {}
    for row, word in enumerate(words):
        known.setdefault(word, []).append(row)
    means = []
    for rows in known.values():
        if len(rows) > 1:
            unit = cloud.unit[rows[:MOST]]
            n = len(unit)
            means.append((np.square(unit.sum(0)).sum() - n) / (n * (n - 1)))
    found = float(np.mean(means)) if means else float("nan")
    return {SELF: found, ADJUSTED: found - mean_cosine(cloud)}
