"""The best layer, chosen on half of the sentences and scored on the other half: a maximum is too high by its noise."""

from dataclasses import dataclass

import numpy as np

from probes.alignment.checks import enough
from probes.stats import wilson


@dataclass(frozen=True)
class Best:
    """A layer and its score on sentences that had no part in choosing it."""

    layer: int
    score: float
    low: float
    high: float
    sentences: int


def best_layer(found: np.ndarray, *, seed: int = 0) -> Best:
    """Choose among hits [layer, row] (the first layer of equals) on one half, and score on the other."""
    rows = found.shape[-1]
    enough(rows, 2, "Choosing a layer on one half and scoring on the other")
    order = np.random.default_rng(seed).permutation(rows)
    chosen, scored = order[: rows // 2], order[rows // 2 :]
    layer = int(found[:, chosen].sum(-1).argmax())
    score, low, high = wilson(found[layer, scored].sum(), len(scored)).tolist()
    return Best(layer, score, low, high, len(scored))
