"""Centred kernel alignment: do two sides have the same geometry, whatever the rotation between them?

Kornblith et al., ICML 2019: <HKH, HLH> / (|HKH| |HLH|). The biased form of independent data grows to about d / (d + n),
0.98 at 100 sentences of width 4,096; the unbiased one (Song et al., JMLR 2012; Nguyen et al., ICLR 2021) stays near 0.
Geometry is not nearness: CKA says nothing of whether translations are close, and stands beside MEXA, not in its place.
"""

from collections.abc import Callable

import numpy as np

from probes.alignment.checks import around_mean, enough, flat, pair, same_count, same_layers
from probes.linalg import double_centred, squared_distances, u_centred

Centring = Callable[[np.ndarray], np.ndarray]
BATCH = 32


# ---- from Gram matrices, all layers at once --------------------------------------------------------------------------


def gram_cka(k: np.ndarray, l: np.ndarray, centring: Centring = u_centred) -> np.ndarray:  # noqa: E741
    """Return [...]: CKA of Gram matrices [..., row, row], unbiased (`u_centred`) or biased (`double_centred`).

    nan where a side has no geometry: all its rows are equal.
    """
    _fit(k, l, centring)
    same_layers(k, l)
    return np.einsum("...d,...d->...", unit(k, centring), unit(l, centring))


def gram_cka_between(k: np.ndarray, l: np.ndarray, centring: Centring = u_centred) -> np.ndarray:  # noqa: E741
    """Return [a, b]: CKA of every Gram matrix of [a, row, row] with every one of [b, row, row], in one product.

    Layers within one model (k twice), two models, or a base model and its fine-tuned one, on the same sentences.
    """
    _fit(k, l, centring)
    return unit(k, centring) @ unit(l, centring).T


def change(k: np.ndarray, centring: Centring = u_centred) -> np.ndarray:
    """Return [layer - 1]: how far each layer's geometry is from the one before, 1 - CKA."""
    return 1 - gram_cka(k[1:], k[:-1], centring)


def _fit(k: np.ndarray, l: np.ndarray, centring: Centring) -> None:  # noqa: E741
    same_count(k.shape[-1], l.shape[-1])
    enough(k.shape[-1], 4 if centring is u_centred else 2, "Unbiased CKA" if centring is u_centred else "CKA")


def unit(k: np.ndarray, centring: Centring) -> np.ndarray:
    """Return the centred matrices as vectors [..., row * row] of length 1, or of nan where nothing is left.

    Their inner products are CKA.
    """
    exact = np.finfo(k.dtype).eps if k.dtype.kind == "f" else np.finfo(np.float64).eps
    most = np.abs(k).max((-1, -2), keepdims=True).astype(np.float64)
    k = k / np.where(most > 0, most, 1)
    centred = centring(k).reshape(*k.shape[:-2], -1)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return centred / np.where(length > 100 * exact * np.linalg.norm(k, axis=(-1, -2))[..., None], length, np.nan)


# ---- from vectors ----------------------------------------------------------------------------------------------------


def linear(x: np.ndarray, y: np.ndarray) -> float:
    """Return biased linear CKA of [row, width] with [row, width]."""
    x, y = _sides(x, y, 2, "CKA")
    return _of(x @ x.T, y @ y.T, double_centred)


def unbiased(x: np.ndarray, y: np.ndarray) -> float:
    """Return unbiased linear CKA, which may be negative: HSIC1(K, L) / sqrt(HSIC1(K, K) HSIC1(L, L))."""
    x, y = _sides(x, y, 4, "Unbiased CKA")
    return _of(x @ x.T, y @ y.T, u_centred)


def unbiased_standardised(x: np.ndarray, y: np.ndarray) -> float:
    """Return unbiased linear CKA after every dimension has variance 1, so that no massive one decides alone."""
    x, y = (_one_vote(side, name) for side, name in zip(pair(x, y, least=4, what="Unbiased CKA"), "xy", strict=True))
    return _of(x @ x.T, y @ y.T, u_centred)


def rbf(x: np.ndarray, y: np.ndarray, *, bandwidth: float = 1.0) -> float:
    """Return biased CKA with k(a, b) = exp(-|a - b|^2 / (2 t^2 median)), the median over all n^2 squared distances."""
    kernels = []
    for side, name in zip(_sides(x, y, 2, "CKA"), "xy", strict=True):
        distances = squared_distances(side)
        median = float(np.median(distances))
        if median <= 0:
            flat(f"More than half of the pairs of rows of {name} are equal, so the kernel has no width.")
        kernels.append(np.exp(-distances / (2 * bandwidth**2 * median)))
    return _of(kernels[0], kernels[1], double_centred)


def minibatch(x: np.ndarray, y: np.ndarray, *, batch: int = BATCH) -> float:
    """Return sum_b HSIC1(K_b, L_b) / sqrt(sum_b HSIC1(K_b, K_b) sum_b HSIC1(L_b, L_b)) over rows in their order.

    A last batch of fewer than four rows joins the one before: no row is left out.
    """
    x, y = _sides(x, y, 4, "Minibatch CKA")
    enough(batch, 4, "A batch of CKA")
    starts = list(range(0, len(x), batch))
    if len(starts) > 1 and len(x) - starts[-1] < 4:
        starts.pop()
    both = ours = theirs = 0.0
    for start, end in zip(starts, [*starts[1:], len(x)], strict=True):
        k, l = (u_centred(side[start:end] @ side[start:end].T) / _pairs(end - start) for side in (x, y))  # noqa: E741
        both, ours, theirs = both + (k * l).sum(), ours + (k * k).sum(), theirs + (l * l).sum()
    if min(ours, theirs) <= 0:
        flat("One of the sides has no geometry within any batch.")
    return float(both / np.sqrt(ours * theirs))


def _pairs(n: int) -> float:
    """Return the root of what HSIC1 divides by, for each of the two factors."""
    return float(np.sqrt(n * (n - 3)))


def _sides(x: np.ndarray, y: np.ndarray, least: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = pair(x, y, least=least, what=what)
    return around_mean(x, "x"), around_mean(y, "y")


def _one_vote(x: np.ndarray, name: str) -> np.ndarray:
    """Put each dimension around 0 with variance 1; those constant but for rounding are 0."""
    around_mean(x, name)
    centred = x - x.mean(0)
    most = np.abs(centred).max(0)
    varies = most > 8 * np.finfo(np.float64).eps * np.abs(x).max(0)
    centred = np.where(varies, centred, 0) / np.where(varies, most, 1)
    return centred / np.where(varies, centred.std(0), 1)


def _of(k: np.ndarray, l: np.ndarray, centring: Centring) -> float:  # noqa: E741
    value = float(gram_cka(k, l, centring))
    if np.isnan(value):
        flat("One of the sides keeps no geometry once it is centred.")
    return value
