"""Ways to make one vector of a text's tokens: rows float [token, width] of one text in, [width] out.

The lexical half of RetroMAE v2 (Xiao et al., 2023) is the maximum over tokens of what each predicts, one number a word
of the vocabulary. Here each token is multiplied with the model's own embedding table, which is the head's where the two
are tied; a model that has lost its head, or never had one, was not trained to be read so.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

WORDS = 128
"""Words of the vocabulary a text keeps, those with the largest numbers."""


def mean(rows: np.ndarray) -> np.ndarray:
    """Average all tokens."""
    found: np.ndarray = rows.mean(0)
    return found


def weighted(rows: np.ndarray) -> np.ndarray:
    """Average with weights 1, 2, …: token t of T weighs t / (1 + … + T) (SGPT; Muennighoff, 2022)."""
    found: np.ndarray = np.average(rows, axis=0, weights=np.arange(1, len(rows) + 1))
    return found


def last(rows: np.ndarray) -> np.ndarray:
    """Take the last token."""
    found: np.ndarray = rows[-1]
    return found


def first(rows: np.ndarray) -> np.ndarray:
    """Take the first token, an encoder's [CLS]."""
    found: np.ndarray = rows[0]
    return found


def largest(rows: np.ndarray) -> np.ndarray:
    """Take the largest number of each dimension."""
    found: np.ndarray = rows.max(0)
    return found


POOLERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": mean,
    "weighted": weighted,
    "last": last,
    "first": first,
    "max": largest,
}
"""Every pooling that has nothing to learn, by its name."""


def words(states: Sequence[np.ndarray], table: np.ndarray, *, keep: int = WORDS) -> Any:
    """Return sparse [text, word] at length 1: the maximum over tokens of rows @ table.T, its `keep` largest above 0."""
    from scipy.sparse import csr_array  # on use: it is slow to import

    values, columns, starts = [], [], [0]
    for rows in states:
        best = (rows @ table.T).max(0)
        kept = np.argsort(-best, kind="stable")[:keep]
        kept = np.sort(kept[best[kept] > 0])
        size = np.linalg.norm(best[kept].astype(np.float64))
        values.append(best[kept] / (size or 1))
        columns.append(kept)
        starts.append(starts[-1] + len(kept))
    shape = (len(states), len(table))
    return csr_array((np.concatenate(values).astype(np.float64), np.concatenate(columns), starts), shape=shape)
