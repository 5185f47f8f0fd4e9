"""Intervals and nulls: arrays in, numbers out."""

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
