"""The written-down table of measures: what each ignores and what it sees, as data that a test holds it to.

A measure takes two arrays [row, width], row i of one being the counterpart of row i of the other, and returns a number.
Bad input raises a StrataError that names and counts it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from probes.alignment import basis, cca, cka, dcor, nearness, neighbours, procrustes, rsa, xsim
from probes.errors import StrataError, did_you_mean

CHANGES = {
    "scale": "one side times a positive number",
    "rotation": "one side rotated or mirrored",
    "shift": "one vector added to every row of one side",
    "shear": "one side under an invertible linear map",
    "permutation": "the dimensions of one side in another order",
    "order": "the rows of both sides in another order, alike",
    "swap": "the two sides exchanged",
    "shuffle": "the rows of one side in another order: other pairs",
}
"""What can be done to the data, and is ignored or seen."""


@dataclass(frozen=True)
class Measure:
    """One way to say how alike two sides are."""

    name: str
    call: Callable[[np.ndarray, np.ndarray], float]
    ignores: frozenset[str]
    """The CHANGES that leave its value as it is, on whichever side they are made."""
    sees: frozenset[str]
    """The CHANGES that move its value, on at least one of the sides."""
    source: str
    """Formula and paper."""
    identical: float | None = 1.0
    """Its value for a side and itself: 1 of a similarity, 0 of a distance; None where there is no such number."""
    one_space: bool = False
    """Whether rows of one side are compared with rows of the other: widths must agree."""


def _row(
    name: str,
    call: Callable[[np.ndarray, np.ndarray], float],
    ignores: str,
    source: str,
    identical: float | None = 1.0,
) -> Measure:
    """Return a measure that sees whatever it does not ignore."""
    ignored = frozenset(ignores.split())
    return Measure(name, call, ignored, frozenset(CHANGES) - ignored, source, identical, call in _ONE_SPACE)


_ONE_SPACE = frozenset(
    {
        *(nearness.mexa_share, nearness.mexa_csls, nearness.precision, nearness.reciprocal_rank),
        *(nearness.csls_precision, nearness.margin, nearness.dprime, nearness.hubness),
        *(xsim.ratio, xsim.difference, basis.anc),
    }
)
_SHAPE = "scale rotation shift permutation order swap"
_ANGLES = "scale rotation permutation order swap"
_NEAR = "scale order swap"

MEASURES = (
    # ---- do translations stand near each other? ----
    _row("mexa", nearness.mexa_share, _NEAR, "mean_i [S_ii > max_{j!=i}(S_ij, S_ji)], cosines (Kargaran et al. 2025)"),
    _row("mexa-csls", nearness.mexa_csls, _NEAR, "MEXA of 2 S - r_x - r_y, r over 10 neighbours (Lample et al. 2018)"),
    _row("p-at-1", nearness.precision, _NEAR, "share of translations ranked first by cosine, mean of both ways"),
    _row("mrr", nearness.reciprocal_rank, _NEAR, "mean of 1 / rank of the translation by cosine, both ways"),
    _row("csls-p-at-1", nearness.csls_precision, _NEAR, "P@1 by CSLS, 10 neighbours, both ways (Lample et al. 2018)"),
    _row(
        "xsim",
        xsim.ratio,
        "scale order",
        "100 x share of errors from x to y, margin cos / b, 4 neighbours (Artetxe & Schwenk 2019; LASER)",
        0.0,
    ),
    _row("xsim-distance", xsim.difference, "scale order", "xsim with the margin cos - b", 0.0),
    _row("margin", nearness.margin, _NEAR, "mean_i [S_ii - max_{j!=i}(S_ij, S_ji)], cosines", None),
    _row("dprime", nearness.dprime, _NEAR, "(mean pairs - mean others) / sqrt(mean of variances), cosines", None),
    _row(
        "hubness",
        nearness.hubness,
        "scale order shuffle",
        "skewness of the counts among 10 nearest by cosine, from x to y (Radovanovic et al. 2010)",
        None,
    ),
    _row("anc", basis.anc, "scale shift order swap", "mean_j |Pearson(x_j, y_j)| (Del & Fishel 2022)"),
    # ---- is their geometry the same? ----
    _row("cka", cka.linear, _SHAPE, "<HKH, HLH> / (|HKH| |HLH|), K = XX', L = YY' (Kornblith et al. 2019)"),
    _row("cka-unbiased", cka.unbiased, _SHAPE, "HSIC1(K, L) / sqrt(HSIC1(K, K) HSIC1(L, L)) (Song et al. 2012)"),
    _row(
        "cka-unbiased-standardised",
        cka.unbiased_standardised,
        "scale shift permutation order swap",
        "unbiased CKA after every dimension has variance 1",
    ),
    _row("cka-rbf", cka.rbf, _SHAPE, "biased CKA, k = exp(-|a-b|^2 / (2 median |a-b|^2)) (Kornblith et al. 2019)"),
    _row(
        "cka-minibatch",
        cka.minibatch,
        "scale rotation shift permutation swap",
        "sum_b HSIC1(K_b, L_b) / sqrt(...), 32 rows a batch in their order (Nguyen et al. 2021)",
    ),
    _row("rsa-pearson-cosine", rsa.pearson_cosine, _ANGLES, "Pearson of 1 - cos over i < j (Kriegeskorte et al. 2008)"),
    _row("rsa-spearman-cosine", rsa.spearman_cosine, _ANGLES, "Spearman of 1 - cos over i < j"),
    _row("rsa-pearson-euclidean", rsa.pearson_euclidean, _SHAPE, "Pearson of |a - b| over i < j"),
    _row("rsa-spearman-euclidean", rsa.spearman_euclidean, _SHAPE, "Spearman of |a - b| over i < j"),
    _row(
        "distance-correlation",
        dcor.distance_correlation,
        _SHAPE,
        "sqrt(dCov^2 / sqrt(dVar^2 dVar^2)) (Szekely et al. 2007)",
    ),
    _row(
        "distance-correlation-unbiased",
        dcor.unbiased,
        _SHAPE,
        "cosine of U-centred distances, squared scale (Szekely & Rizzo 2013)",
    ),
    # ---- up to which map? ----
    _row(
        "cca",
        cca.mean_cca,
        "scale rotation shift shear permutation order swap",
        "sum rho / min(rank x, rank y), rho singular values of Qx'Qy (Hotelling 1936)",
    ),
    _row("svcca", cca.svcca, _SHAPE, "CCA of the leading directions with 99 % of the variance (Raghu et al. 2017)"),
    _row(
        "pwcca",
        cca.pwcca,
        "scale shift permutation order",
        "sum a_i rho_i, a_i = sum_j |<h_i, x_j>| / total (Morcos et al. 2018)",
    ),
    _row("procrustes", procrustes.distance, _SHAPE, "sqrt(2 - 2 |X'Y|_* / (|X||Y|)) (Ding et al. 2021)", 0.0),
    _row("procrustes-angular", procrustes.angular, _SHAPE, "arccos(|X'Y|_* / (|X||Y|)) (Williams et al. 2021)", 0.0),
    _row(
        "procrustes-shape",
        procrustes.shape,
        "rotation shift permutation order swap",
        "sqrt(|X|^2 + |Y|^2 - 2 |X'Y|_*), centred (Williams et al. 2021)",
        0.0,
    ),
    _row("bures", procrustes.bures, _SHAPE, "tr (K^1/2 L K^1/2)^1/2 / sqrt(tr K tr L), centred (Tang et al. 2020)"),
    # ---- are the same sentences neighbours? ----
    _row("mutual-knn", neighbours.mutual_knn, _ANGLES, "|N_x(i) & N_y(i)| / 10, by cosine (Huh et al. 2024)"),
    _row("cknna", neighbours.cknna, _ANGLES, "CKA over shared neighbours, 10 by cosine (Huh et al. 2024)"),
    _row("knn-jaccard", neighbours.jaccard, _ANGLES, "|N_x(i) & N_y(i)| / |N_x(i) | N_y(i)|, 10 by cosine"),
)


def measure(name: str) -> Measure:
    """Return the measure of that name."""
    for row in MEASURES:
        if row.name == name:
            return row
    names = [row.name for row in MEASURES]
    raise StrataError(
        "E-ALIGN-MEASURE",
        f"There is no measure '{name}'.",
        did_you_mean(name, names),
        f"The measures are: {', '.join(names)}.",
    )
