"""Kernels, distances and maps by the book: the geometry half of `by_the_book`."""

import math
from collections.abc import Callable

import numpy as np
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist

Sides = Callable[[np.ndarray, np.ndarray], float]


# ---- geometry --------------------------------------------------------------------------------------------------------


def hsic(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    h = np.eye(len(k)) - np.ones((len(k), len(k))) / len(k)
    return float(np.trace(h @ k @ h @ h @ l @ h))


def hsic1(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    """Song et al. 2012, equation 5, as it stands."""
    n, one = len(k), np.ones(len(k))
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    middle = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return float((np.trace(k @ l) + middle - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3)))


def cka(k: np.ndarray, l: np.ndarray, of: Sides = hsic) -> float:  # noqa: E741
    return of(k, l) / math.sqrt(of(k, k) * of(l, l))


def linear(x: np.ndarray, y: np.ndarray) -> float:
    """The other form, over dimensions: |Y'X|^2 / (|X'X| |Y'Y|)."""
    x, y = x - x.mean(0), y - y.mean(0)
    norm = np.linalg.norm
    return float(norm(y.T @ x) ** 2 / (norm(x.T @ x) * norm(y.T @ y)))


def rbf(x: np.ndarray, y: np.ndarray) -> float:
    kernels = []
    for side in (x, y):
        apart = cdist(side, side, "sqeuclidean")
        kernels.append(np.exp(-apart / (2 * np.median(apart))))
    return cka(kernels[0], kernels[1])


def minibatch(x: np.ndarray, y: np.ndarray) -> float:
    ends = [(a, min(a + 32, len(x))) for a in range(0, len(x), 32)]
    grams = [(x[a:b] @ x[a:b].T, y[a:b] @ y[a:b].T) for a, b in ends]
    both, ours, theirs = (
        sum(f) for f in zip(*((hsic1(k, m), hsic1(k, k), hsic1(m, m)) for k, m in grams), strict=True)
    )
    return both / math.sqrt(ours * theirs)


def standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(0)) / x.std(0)


def dcov2(a: np.ndarray, b: np.ndarray) -> float:
    """Szekely et al. 2007, definition 4, entry by entry."""
    n, total = len(a), 0.0
    centre = lambda d, k, l: d[k, l] - d[k].mean() - d[:, l].mean() + d.mean()  # noqa: E731, E741
    for k in range(n):
        for l in range(n):  # noqa: E741
            total += centre(a, k, l) * centre(b, k, l)
    return total / n**2


def dcor(x: np.ndarray, y: np.ndarray) -> float:
    a, b = cdist(x, x), cdist(y, y)
    return math.sqrt(dcov2(a, b) / math.sqrt(dcov2(a, a) * dcov2(b, b)))


def dcor_unbiased(x: np.ndarray, y: np.ndarray) -> float:
    """U-centred distance products are HSIC1 of distances: Sejdinovic et al. 2013."""
    return cka(cdist(x, x), cdist(y, y), hsic1)


# ---- maps ------------------------------------------------------------------------------------------------------------


def _root(s: np.ndarray) -> np.ndarray:
    return np.linalg.inv(np.real(sqrtm(s)))


def correlations(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hotelling's: singular values of Sxx^-1/2 Sxy Syy^-1/2, and the canonical variates of x."""
    x, y = x - x.mean(0), y - y.mean(0)
    whiten = _root(x.T @ x)
    u, rho, _ = np.linalg.svd(whiten @ x.T @ y @ _root(y.T @ y))
    count = min(x.shape[1], y.shape[1])
    return rho[:count], (x @ whiten @ u)[:, :count]


def cca(x: np.ndarray, y: np.ndarray) -> float:
    return float(correlations(x, y)[0].mean())


def svcca(x: np.ndarray, y: np.ndarray) -> float:
    sides = []
    for side in (x, y):
        u, s, _ = np.linalg.svd(side - side.mean(0), full_matrices=False)
        kept = next(k for k in range(1, len(s) + 1) if (s[:k] ** 2).sum() >= 0.99 * (s**2).sum())
        sides.append(u[:, :kept] * s[:kept])
    return cca(sides[0], sides[1])


def pwcca(x: np.ndarray, y: np.ndarray) -> float:
    rho, variates = correlations(x, y)
    centred = x - x.mean(0)
    alpha = np.array([sum(abs(float(h @ centred[:, j])) for j in range(x.shape[1])) for h in variates.T])
    return float((alpha / alpha.sum()) @ rho)


def _roots(values: np.ndarray) -> np.ndarray:
    """Roots of eigenvalues, of which those that should be 0 are of the size of rounding: its root is not small."""
    return np.sqrt(np.where(values > 1e-12 * values.max(), values, 0))


def nuclear(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """|X'Y|_* from the eigenvalues of the other product, and both lengths."""
    x, y = x - x.mean(0), y - y.mean(0)
    product = x.T @ y
    values = np.linalg.eigvalsh(product.T @ product)
    return float(_roots(values).sum()), float(np.linalg.norm(x)), float(np.linalg.norm(y))


def bures(x: np.ndarray, y: np.ndarray) -> float:
    h = np.eye(len(x)) - np.ones((len(x), len(x))) / len(x)
    k, l = h @ x @ x.T @ h, h @ y @ y.T @ h  # noqa: E741
    values, vectors = np.linalg.eigh(k)
    half = vectors * _roots(values) @ vectors.T
    return float(_roots(np.linalg.eigvalsh(half @ l @ half)).sum() / math.sqrt(np.trace(k) * np.trace(l)))
