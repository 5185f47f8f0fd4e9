"""Intervals, ranks and correlations: arrays in, numbers out."""

from statistics import NormalDist

import numpy as np

from probes.values import Interval


def bootstrap(values: np.ndarray, *, resamples: int = 1000, level: float = 0.95, seed: int = 0) -> np.ndarray:
    """Return [..., 3]: the mean of values [..., seed, text], and the bounds of its percentile bootstrap interval.

    Texts and seeds are both resampled, whole: the words of a text are not independent, nor the texts of a seed. Every
    leading row is resampled alike, so two rows are compared by bootstrapping their differences. A single text or seed
    has no spread to resample.
    """
    seeds, texts = values.shape[-2:]
    if not seeds or not texts:
        raise ValueError("An interval needs at least one value; got none.")
    draw = np.random.default_rng(seed)
    by_text = draw.multinomial(texts, np.full(texts, 1 / texts), size=resamples) / texts
    by_seed = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
    means = np.einsum("...st,rs,rt->...r", values, by_seed, by_text, optimize=True)
    tail = 50 * (1 - level)
    low, high = np.percentile(means, [tail, 100 - tail], axis=-1)
    mean = values.mean(
        (-2, -1)
    )  # summed in another order than the resampled ones: the bounds must not miss it by a bit
    return np.stack([mean, np.minimum(low, mean), np.maximum(high, mean)], axis=-1)


def interval(values: np.ndarray, *, resamples: int = 1000, seed: int = 0) -> Interval:
    """Return the mean of [n] values with its 95 % percentile bootstrap interval over them."""
    value, low, high = bootstrap(np.asarray(values, np.float64)[None], resamples=resamples, seed=seed)
    return Interval(float(value), float(low), float(high), f"95 % bootstrap over {len(values)} texts")


def jackknife(whole: np.ndarray, without: np.ndarray) -> np.ndarray:
    """Return [..., 3]: values [...] and their 95 % interval from the values [group, ...] without each group in turn.

    Delete-a-group jackknife: the variance is (g - 1) / g times the sum of squares about the mean of the g values. For
    what a bootstrap cannot resample, as it would set each point beside its own copy.
    """
    groups = len(without)
    if groups < 2:
        raise ValueError(f"A jackknife needs at least 2 groups; got {groups}.")
    spread = np.sqrt((groups - 1) / groups * np.square(without - without.mean(0)).sum(0))
    half = NormalDist().inv_cdf(0.975) * spread
    return np.stack([whole, whole - half, whole + half], axis=-1)


def unpaired(one: np.ndarray, other: np.ndarray, *, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """Return [..., 3]: mean of one [..., n] minus mean of other [..., m], and its 95 % percentile bootstrap interval.

    For values of different texts, each side resampled by itself; values of the same texts are compared by
    bootstrapping their differences, which is the narrower and the truer interval.
    """
    draw = np.random.default_rng(seed)
    means = []
    for values in (one, other):
        texts = values.shape[-1]
        if not texts:
            raise ValueError("An interval needs at least one value; got none.")
        weights = draw.multinomial(texts, np.full(texts, 1 / texts), size=resamples) / texts
        means.append(values @ weights.T)
    low, high = np.percentile(means[0] - means[1], [2.5, 97.5], axis=-1)
    mean = one.mean(-1) - other.mean(-1)
    return np.stack([mean, np.minimum(low, mean), np.maximum(high, mean)], axis=-1)


def wilson(hits: np.ndarray, n: int | np.ndarray, *, level: float = 0.95) -> np.ndarray:
    """Return [..., 3]: the share hits / n and the bounds of its Wilson interval, for counts [...] out of `n`."""
    if np.min(n) < 1:
        raise ValueError("An interval needs at least one value; got none.")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = np.asarray(hits) / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.stack([share, np.clip(middle - half, 0, share), np.clip(middle + half, share, 1)], axis=-1)


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks 1 .. n of [..., n] values along the last axis; equal values share the mean of their ranks."""
    values = np.asarray(values)
    flat = values.reshape(-1, values.shape[-1])
    found = np.empty(flat.shape)
    for row, line in enumerate(flat):
        _, inverse, counts = np.unique(line, return_inverse=True, return_counts=True)
        ends = counts.cumsum()
        found[row] = (ends - (counts - 1) / 2)[inverse]
    return found.reshape(values.shape)


def pearson(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return [...]: the correlation of [..., n] values along the last axis; nan where one of them does not vary."""
    a, b = (np.asarray(side, np.float64) for side in (a, b))
    sides = []
    for side in (a, b):
        largest = np.abs(side).max(-1, keepdims=True)
        centred = side - side.mean(-1, keepdims=True)
        most = np.abs(centred).max(-1, keepdims=True)
        # what rounding leaves of equal values is no variation
        centred = np.where(most > 8 * np.finfo(np.float64).eps * largest, centred, np.nan)
        centred = centred / np.where(most > 0, most, 1)
        sides.append(centred / np.sqrt((centred**2).sum(-1, keepdims=True)))
    return np.clip((sides[0] * sides[1]).sum(-1), -1, 1)


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return [...]: the correlation of the ranks of [..., n] values."""
    return pearson(ranks(a), ranks(b))


def pearson_interval(a: np.ndarray, b: np.ndarray, *, level: float = 0.95) -> Interval:
    """Return the correlation of [n] pairs with Fisher's interval, which takes the pairs as independent."""
    n = len(a)
    if n < 4:
        raise ValueError(f"The interval of a correlation needs at least 4 pairs; got {n}.")
    r = float(pearson(a, b))
    middle, half = (
        np.arctanh(min(max(r, -1 + 1e-15), 1 - 1e-15)),
        NormalDist().inv_cdf(0.5 + level / 2) / np.sqrt(n - 3),
    )
    low, high = np.tanh([middle - half, middle + half])
    return Interval(r, min(float(low), r), max(float(high), r), f"{100 * level:.0f} % Fisher over {n} pairs")
