"""Canonical correlations: how well can any linear map of one side follow any linear map of the other?

With Qx and Qy orthonormal bases of the centred sides, the correlations rho are the singular values of Qx' Qy. A side
that spans as many dimensions as there are rows can be mapped onto anything: CCA of wide layers is 1 whatever they hold,
which is refused here, and far above 0 for independent sides unless dimensions are few beside rows: compare with
shuffled pairs.
"""

import numpy as np

from probes.alignment.checks import around_mean, pair
from probes.errors import StrataError
from probes.linalg import orthonormal

KEPT = 0.99


def mean_cca(x: np.ndarray, y: np.ndarray) -> float:
    """Return sum rho / min(rank x, rank y)."""
    x, y = _sides(x, y, "CCA")
    return float(_rho(_spanned(x, "x"), _spanned(y, "y")).mean())


def svcca(x: np.ndarray, y: np.ndarray, *, kept: float = KEPT) -> float:
    """Return mean CCA of the fewest leading directions of each side that hold the share `kept` of its variance.

    Raghu et al., NeurIPS 2017; the variance is of centred data and the share is of its total.
    """
    x, y = _sides(x, y, "SVCCA")
    return float(_rho(_leading(x, kept), _leading(y, kept)).mean())


def pwcca(x: np.ndarray, y: np.ndarray) -> float:
    """Return sum_i a_i rho_i, a_i = sum_j |<h_i, x_j>| made to add up to 1: directions count by what they say of x.

    Morcos et al., NeurIPS 2018. h_i are the canonical variates of x, x_j its centred dimensions: not symmetric. Where
    correlations are equal (ranks that add up to n or more force some to 1) their variates, and so weights, are not
    determined: give it more sentences than both ranks together.
    """
    x, y = _sides(x, y, "PWCCA")
    ours, theirs = _spanned(x, "x"), _spanned(y, "y")
    turn, rho, _ = np.linalg.svd(ours.T @ theirs, full_matrices=False)
    weight = np.abs((ours @ turn).T @ x).sum(1)
    return float(weight @ np.clip(rho, 0, 1) / weight.sum())


def _sides(x: np.ndarray, y: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = pair(x, y, least=3, what=what)
    return around_mean(x, "x"), around_mean(y, "y")


def _rho(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    return np.clip(np.linalg.svd(ours.T @ theirs, compute_uv=False), 0, 1)


def _spanned(x: np.ndarray, name: str) -> np.ndarray:
    basis = orthonormal(x)
    if basis.shape[1] >= len(x) - 1:
        raise StrataError(
            "E-ALIGN-FEW",
            f"The {len(x)} rows of {name} span {basis.shape[1]} dimensions, all there are around their mean.",
            "With no more rows than dimensions every canonical correlation is 1, whatever the two sides hold.",
            "Take SVCCA, CKA or more sentences.",
        )
    return basis


def _leading(x: np.ndarray, kept: float) -> np.ndarray:
    basis, size, _ = np.linalg.svd(x, full_matrices=False)
    share = np.cumsum(size**2) / np.sum(size**2)
    # a share reached but for rounding is reached
    return basis[:, : int(np.searchsorted(share, kept - 1e-12)) + 1]
