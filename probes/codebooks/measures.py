"""What a codebook is worth, from ids and errors alone: arrays in, numbers out.

Variance explained is 1 - Σ|x - x̂|² / Σ|x - x̄|², both sums over all held-out rows: never a mean of ratios.
"""

import numpy as np

from probes.codebooks.fired import firing


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Return [text]: values whose mean is Σtop / Σbottom, and whose spread over texts is that of this ratio.

    Each text counts by how far it moves the ratio (its linearisation): texts can then be resampled like any others.
    """
    whole = top.sum() / bottom.sum()
    return whole + (top - whole * bottom) / bottom.mean()


def explained(errors: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Return [text]: each text's part in the variance explained, from the two sums of each text."""
    return ratio(spreads - errors, spreads)


def entropy(ids: np.ndarray, size: int) -> float:
    """Return the entropy of how often each of `size` codes is used, in bits, for every choice [row, choice], summed."""
    total = 0.0
    for choice in ids.T:
        share = np.bincount(choice, minlength=size) / len(choice)
        share = share[share > 0]
        total -= float((share * np.log2(share)).sum())
    return total


def bits(ids: np.ndarray, prior: np.ndarray, size: int) -> float:
    """Return the bits a row takes when its choices are sent by how often `prior` rows made each (plus one half)."""
    total = 0.0
    for choice, before in zip(ids.T, prior.T, strict=True):
        count = np.bincount(before, minlength=size) + 0.5
        total -= float(np.log2(count / count.sum())[choice].mean())
    return total


def counts(ids: np.ndarray, books: int, codes: int) -> np.ndarray:
    """Return int64 [book, code]: rows on which each code fires; `ids` are [row, book], or [row, book, slot]."""
    return np.stack([np.bincount(firing(ids[:, book]), minlength=codes) for book in range(books)])


def neighbours(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for codes [code, part], which other one points most the same way, and its cosine [code]."""
    unit = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
    near, cosine = np.empty(len(codes), np.int64), np.empty(len(codes))
    for first in range(0, len(codes), 1024):
        alike = unit[first : first + 1024] @ unit.T
        alike[np.arange(len(alike)), np.arange(first, first + len(alike))] = -np.inf
        near[first : first + 1024], cosine[first : first + 1024] = alike.argmax(1), alike.max(1)
    return near, cosine


def overlap(one: np.ndarray, other: np.ndarray, codes: int) -> np.ndarray:
    """Return [code] of one codebook: the Jaccard index of its rows and those of the code of the other most like it.

    `one` and `other`, [row] or [row, slot], are the codes of two codebooks that fire on the same rows; a code without
    rows has 0.
    """
    own, its = (ids.reshape(len(ids), -1).astype(np.int64) for ids in (one, other))
    both = [(a, b) for a in own.T for b in its.T]
    found = [a[there] * codes + b[there] for a, b in both if len(there := np.flatnonzero((a >= 0) & (b >= 0)))]
    pairs, shared = np.unique(np.concatenate(found or [np.zeros(0, np.int64)]), return_counts=True)
    mine, theirs = np.divmod(pairs, codes)
    sizes = np.bincount(firing(own), minlength=codes)[mine] + np.bincount(firing(its), minlength=codes)[theirs]
    best = np.zeros(codes)
    np.maximum.at(best, mine, shared / (sizes - shared))
    return best


def stability(one: np.ndarray, other: np.ndarray, codes: int) -> float:
    """Return how far two codebooks agree: the overlap of each code with its like, weighted by use; 1 for the same."""
    use = np.bincount(firing(one), minlength=codes)
    return float(use @ overlap(one, other, codes) / max(int(use.sum()), 1))


def chance(one: np.ndarray, other: np.ndarray, codes: int, *, seed: int = 0) -> float:
    """Return the stability that is left when the second codebook's ids are dealt out to the rows at random."""
    return stability(one, np.random.default_rng(seed).permutation(other), codes)
