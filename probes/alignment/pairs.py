"""Every layer against every other, from their matrices: the value, its interval, what chance gives; and a choice.

The interval is from random halves of the texts, drawn without replacement: over halves the variance of a statistic is
about that over samples of all texts (Politis & Romano, 1994), and no text stands beside its own copy, as a bootstrap
would have it. What a headline says is chosen on one half of the texts and measured on the other.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from probes.alignment.kernels import Kernel, every

How = Literal["one", "kin", "two"]
Z = 1.96


@dataclass(frozen=True)
class Grid:
    """One measure between all layers of two sides: arrays [a, b]."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    null: np.ndarray
    """The mean over rows paired at random."""
    null_high: np.ndarray
    """Their 95th percentile."""


@dataclass(frozen=True)
class Chosen:
    """The pair of layers a headline is about, and its value on texts that did not choose it."""

    at: tuple[int, int]
    value: float
    low: float
    high: float


def grid(of: Kernel, k: np.ndarray, l: np.ndarray, *, draws: int = 20, seed: int = 0) -> Grid:  # noqa: E741
    """Compare all layers of matrices [a, row, row] with all of [b, row, row], with `draws` pairings and halves."""
    draw, rows = np.random.default_rng(seed), k.shape[-1]
    one, two = every(of.features, k), every(of.features, l)
    nulls, halves = [], []
    for _ in range(draws):
        order = draw.permutation(rows)
        nulls.append(of.score(one, two[:, order[:, None], order]))
        halves.append(part(of, k, l, np.sort(draw.permutation(rows)[: rows // 2])))
    value = of.score(one, two)
    low, high = limits(value, np.std(halves, axis=0, ddof=1), of)
    return Grid(value, low, high, np.mean(nulls, axis=0), np.quantile(nulls, 0.95, axis=0))


def values(of: Kernel, k: np.ndarray, l: np.ndarray) -> np.ndarray:  # noqa: E741
    """Return the measure [a, b] alone."""
    return of.score(every(of.features, k), every(of.features, l))


def part(of: Kernel, k: np.ndarray, l: np.ndarray, rows: np.ndarray) -> np.ndarray:  # noqa: E741
    """Return the measure [a, b] on some of the rows."""
    return values(of, *(side[:, rows[:, None], rows] for side in (k, l)))


def limits(value: np.ndarray, spread: np.ndarray, of: Kernel) -> tuple[np.ndarray, np.ndarray]:
    """Return value -/+ 1.96 spread, cut off where a similarity is 1 or a distance 0."""
    low, high = value - Z * spread, value + Z * spread
    return (np.minimum(low.clip(0), value), high) if of.distance else (low, np.maximum(high.clip(None, 1), value))


def choose(of: Kernel, k: np.ndarray, l: np.ndarray, how: How, *, draws: int, seed: int) -> Chosen:  # noqa: E741
    """Choose on one half of the texts: of two models the most alike layers, else those that differ most.

    Of one model these are neighbours, and of kin the same layer of both.
    """
    order = np.random.default_rng(seed).permutation(k.shape[-1])
    first, other = (np.sort(half) for half in np.array_split(order, 2))
    alike = (-1.0 if of.distance else 1.0) * part(of, k, l, first)
    if how == "two":
        here, there = np.unravel_index(int(np.nanargmax(alike)), alike.shape)
    else:
        step = 1 if how == "one" and len(alike) > 1 else 0
        here = np.nanargmin(np.diagonal(alike, step))
        there = here + step
    at = int(here), int(there)
    rows = other[:, None], other
    found = grid(of, k[at[0]][rows][None], l[at[1]][rows][None], draws=draws, seed=seed)
    return Chosen(at, *(float(side[0, 0]) for side in (found.value, found.low, found.high)))


def average(value: np.ndarray, how: How, *, distance: bool) -> float:
    """Return the mean of [a, b] over neighbours (one), over equal layers (kin), or over each layer's best match."""
    if how == "two":
        return float(np.mean(value.min(1) if distance else value.max(1)))
    return float(np.mean(np.diagonal(value, 1 if how == "one" and len(value) > 1 else 0)))
