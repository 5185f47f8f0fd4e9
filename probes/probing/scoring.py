"""Scores with intervals over texts and seeds: accuracy, mean recall of the classes, R²; calibration, confusion."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from probes import stats

RESAMPLES = 1000
BINS = 10


@dataclass(frozen=True)
class Resampling:
    """Texts and seeds drawn again, the first draw being all of them once: what is drawn alike is compared in pairs."""

    cluster: np.ndarray
    """Which text each test row is of, 0 .. texts - 1 [row]."""
    by_text: np.ndarray
    """[draw, text]: how often each text is in a draw."""
    by_seed: np.ndarray
    """[draw, seed], adding up to one."""

    @classmethod
    def over(cls, texts: np.ndarray, seeds: int, seed: int) -> "Resampling":
        """Draw `RESAMPLES` times from the texts [row] and as many seeds."""
        _, cluster = np.unique(texts, return_inverse=True)
        count = int(cluster.max()) + 1
        draw = np.random.default_rng(seed)
        by_text = draw.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
        by_seed = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES) / seeds
        whole, even = np.ones((1, count)), np.full((1, seeds), 1 / seeds)
        return cls(cluster, np.concatenate([whole, by_text]), np.concatenate([even, by_seed]))

    def ratio(self, top: np.ndarray, bottom: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """Return [draw]: the sum of top [seed, row] over that of bottom [row]; the mean of it over groups of rows."""
        group = np.zeros(len(bottom), np.int64) if groups is None else groups
        cells, many = self.cluster * (group.max() + 1) + group, (self.by_text.shape[1], group.max() + 1)
        below = self.by_text @ _summed(bottom, cells, many)
        above = sum(self.by_seed[:, [s]] * (self.by_text @ _summed(one, cells, many)) for s, one in enumerate(top))
        there = below > 0
        each = np.where(there, above, 0) / np.where(there, below, 1)
        found: np.ndarray = each.sum(1) / np.maximum(there.sum(1), 1)
        return found


def _summed(values: np.ndarray, cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(cells, weights=values, minlength=shape[0] * shape[1]).reshape(shape)


def bounds(draws: np.ndarray) -> tuple[float, float, float]:
    """Return the value (the first draw) and the 95 % percentile interval of the others, never missing the value."""
    low, high = np.percentile(draws[1:], [2.5, 97.5])
    return float(draws[0]), float(min(low, draws[0])), float(max(high, draws[0]))


def macro_f1(true: np.ndarray, said: np.ndarray, classes: int) -> float:
    """Return the mean F1 of the classes that occur in true [row], said being [seed, row]."""
    every = np.broadcast_to(true, said.shape)
    table = np.bincount(every.ravel() * classes + said.ravel(), minlength=classes**2).reshape(classes, classes)
    both, either = np.diag(table), table.sum(0) + table.sum(1)
    occurs = table.sum(1) > 0
    return float((2 * both / np.maximum(either, 1))[occurs].mean())


def calibration(right: np.ndarray, confidence: np.ndarray) -> tuple[float, pd.DataFrame]:
    """Return the expected calibration error (Guo et al., 2017) and its bins, of right and confidence [seed, row]."""
    hits, sure = right.ravel().astype(float), confidence.ravel()
    place = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    n = np.bincount(place, minlength=BINS)
    there = np.flatnonzero(n)
    mean = np.bincount(place, sure, BINS)[there] / n[there]
    share = stats.wilson(np.bincount(place, hits, BINS)[there], n[there])
    error = float((np.abs(share[:, 0] - mean) * n[there]).sum() / n.sum())
    columns = {"bin": there, "confidence": mean, "accuracy": share[:, 0], "low": share[:, 1], "high": share[:, 2]}
    return error, pd.DataFrame({**columns, "n": n[there]})


def confusion(true: np.ndarray, said: np.ndarray, names: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a true and a said class that met: true, said, n (over all seeds), share of the true class."""
    k = len(names)
    table = np.bincount((np.broadcast_to(true, said.shape) * k + said).ravel(), minlength=k * k).reshape(k, k)
    total = table.sum(1)
    rows = [
        (names[i], names[j], int(table[i, j]), table[i, j] / total[i]) for i, j in zip(*np.nonzero(table), strict=True)
    ]
    return pd.DataFrame(rows, columns=["true", "said", "n", "share"])
