"""From the Gram matrices of one language to its numbers at every layer."""

from dataclasses import dataclass, replace

import numpy as np

from probes.alignment.best import Best, best_layer
from probes.alignment.cka import gram_cka
from probes.alignment.grams import rivals
from probes.alignment.hubs import csls, hubness
from probes.alignment.leak import among_alike, length_leak
from probes.alignment.mexa import hits, mexa, mexa_at, mexa_at_interval, nearest_rival
from probes.alignment.nulls import any_layer, null, null_at
from probes.alignment.retrieval import precision_at, reciprocal_rank
from probes.alignment.separation import dprime, margin

COLUMNS = (
    "score", "low", "high", "mexa", "null", "p", "csls", "alike", "p_at_1", "mrr", "margin", "dprime", "cka", "hubness",
    "leak",
)  # fmt: skip
"""What is said of a language at a layer."""


@dataclass(frozen=True)
class Scored:
    """One language against the pivot."""

    table: np.ndarray
    """[layer, COLUMNS]."""
    lexical: float
    length: float
    best: Best
    p: float
    """The chance that any layer has as many hits for sentences paired at random."""
    tokens: float
    own: np.ndarray
    rival: np.ndarray
    rival_similarity: np.ndarray
    cross: np.ndarray

    def without_grams(self) -> "Scored":
        """Return the same without the similarities of all pairs."""
        return replace(self, cross=np.empty((0, 0, 0), np.float32))


def scored(
    s: np.ndarray,
    within: tuple[np.ndarray, np.ndarray],
    floors: tuple[np.ndarray, np.ndarray],
    tokens: tuple[list[int], list[int]],
    at: tuple[int, int],
) -> Scored:
    """Score similarities [layer, row, row] at `at[0]` sentences; `at[1]` is the seed of halves and random pairings."""
    m, seed = at
    rows = np.stack([_layer(s[i], within[0][i], within[1][i], tokens, m) for i in range(len(s))])
    right, rival = rivals(s)
    return Scored(
        table=rows,
        lexical=float(mexa_at(floors[0], m)),
        length=float(mexa_at(floors[1], m)),
        best=best_layer(hits(s), seed=seed),
        p=any_layer(s, seed=seed)[1],
        tokens=float(np.median(tokens[1])),
        own=np.ascontiguousarray(right, np.float32),
        rival=nearest_rival(s).astype(np.int32),
        rival_similarity=np.ascontiguousarray(rival, np.float32),
        cross=s,
    )


def _layer(s: np.ndarray, k: np.ndarray, other: np.ndarray, tokens: tuple[list[int], list[int]], m: int) -> list[float]:
    score, low, high = mexa_at_interval(s, m)
    near = min(10, len(s) - 1)
    values = (
        score,
        low,
        high,
        mexa(s),
        null_at(s, m),
        null(s).p,
        mexa_at(csls(s, near), m),
        among_alike(s, *tokens),
        precision_at(s),
        reciprocal_rank(s),
        margin(s),
        dprime(s),
        gram_cka(k, other),
        hubness(s, near),
        length_leak(s, *tokens)[1],
    )
    return [float(value) for value in values]
