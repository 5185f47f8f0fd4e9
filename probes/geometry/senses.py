"""How far are the senses of one word pulled apart? Uses of the same word, compared with each other alone.

*Nearest use*: the share of uses whose nearest other use of that word, by cosine, has the same sense; nearest uses that
tie each count a part, so that equal vectors give exactly chance. *Silhouette* (Rousseeuw, 1987) by cosine distance:
(b - a) / max(a, b), a being the mean distance to the other uses of the sense and b that to the nearest other sense; 0
where nothing differs. Chance is both for senses shuffled among the uses of each word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.geometry.projection import directed

FEWEST = 2
"""Uses of a sense below which it takes no part, and senses of a word below which the word takes none."""
_TIE = 1e-6
"""Cosine distance within which two uses are as near."""
MOST = 200
"""Uses of a word that take part."""


@dataclass(frozen=True)
class Word:
    """A word with several senses: which points are its uses, and their senses as numbers from 0."""

    word: str
    rows: np.ndarray
    senses: np.ndarray


def ambiguous(words: Sequence[str], labels: Sequence[str]) -> list[Word]:
    """Return the words that have at least two senses of at least two uses each, in order of the words."""
    uses: dict[str, dict[str, list[int]]] = {}
    for row, (word, label) in enumerate(zip(words, labels, strict=True)):
        uses.setdefault(word, {}).setdefault(label, []).append(row)
    found = []
    for word, senses in sorted(uses.items()):
        often = [rows for _, rows in sorted(senses.items()) if len(rows) >= FEWEST]
        if len(often) >= FEWEST:
            each = max(FEWEST, MOST // len(often))
            often = [rows[:each] for rows in often]
            numbers = np.repeat(np.arange(len(often)), [len(rows) for rows in often])
            found.append(Word(word, np.concatenate(often).astype(np.int64), numbers))
    return found


def apart(rows: np.ndarray) -> np.ndarray:
    """Return cosine distances [use, use] of rows [use, width]; a zero row is at distance 1 from all."""
    unit = directed(rows, "cosine")
    found: np.ndarray = np.clip(1 - unit @ unit.T, 0, 2)
    np.fill_diagonal(found, 0)
    return found


def nearest_use(far: np.ndarray, senses: np.ndarray) -> float:
    """Return the share of uses whose nearest other has the same sense, for distances [use, use]."""
    others = far + np.diag(np.full(len(far), np.inf))
    near = others <= others.min(1, keepdims=True) + _TIE
    same = senses[:, None] == senses[None, :]
    return float(((near & same).sum(1) / near.sum(1)).mean())


def silhouette(far: np.ndarray, senses: np.ndarray) -> float:
    """Return the mean silhouette of uses, for distances [use, use]; a sense has at least two uses."""
    member = (senses[:, None] == np.unique(senses)[None, :]).astype(float)
    total, size = far @ member, member.sum(0)
    own = member.astype(bool)
    within = total[own] / (size[own.argmax(1)] - 1)
    beyond = np.where(own, np.inf, total / size).min(1)
    most = np.maximum(within, beyond)
    return float(np.divide(beyond - within, most, out=np.zeros_like(most), where=most > _TIE).mean())


def told_apart(rows: np.ndarray, words: Sequence[Word], *, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return [word, 2] nearest use and silhouette of rows [point, width], and [draw, word, 2] for shuffled senses."""
    draw = np.random.default_rng(seed)
    found, chance = np.empty((len(words), 2)), np.empty((draws, len(words), 2))
    for i, word in enumerate(words):
        far = apart(rows[word.rows])
        found[i] = nearest_use(far, word.senses), silhouette(far, word.senses)
        for j in range(draws):
            shuffled = draw.permutation(word.senses)
            chance[j, i] = nearest_use(far, shuffled), silhouette(far, shuffled)
    return found, chance
