"""The written-down table of measures of one cloud: what each ignores and what it sees, as data that a test holds it to.

A measure takes rows [row, width] and returns a number. Bad input raises a StrataError that names and counts it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from probes.errors import StrataError, did_you_mean
from probes.geometry import coordinates, dimension, directions, hubs, spectrum
from probes.geometry.cloud import Cloud, cloud

CHANGES = {
    "scale": "all rows times a positive number",
    "lengths": "every row times a positive number of its own",
    "rotation": "the space rotated or mirrored",
    "shift": "one vector added to every row",
    "permutation": "the dimensions in another order",
    "order": "the rows in another order",
}
"""What can be done to a cloud, and is ignored or seen."""


@dataclass(frozen=True)
class Measure:
    """One number about the shape of a cloud."""

    name: str
    of: Callable[[Cloud], float]
    title: str
    """What it is, as a figure's axis says it."""
    ignores: frozenset[str]
    """The CHANGES that leave its value as it is."""
    source: str
    """Formula and paper."""

    @property
    def sees(self) -> frozenset[str]:
        """The CHANGES that move its value."""
        return frozenset(CHANGES) - self.ignores

    def __call__(self, rows: np.ndarray) -> float:
        """Return its value for rows [row, width]."""
        return self.of(cloud(rows))


def _row(name: str, of: Callable[[Cloud], float], title: str, ignores: str, source: str) -> Measure:
    return Measure(name, of, title, frozenset(ignores.split()), source)


_TURNED = "rotation permutation order"
_SHAPE = f"scale shift {_TURNED}"
_RAYS = f"scale lengths {_TURNED}"

MEASURES = (
    # ---- do the points fill all directions alike? ----
    _row(
        "mean-cosine",
        directions.mean_cosine,
        "mean cosine",
        _RAYS,
        "mean of cos(x_i, x_j) over i != j (Ethayarajh 2019)",
    ),
    _row(
        "uniformity",
        directions.uniformity,
        "uniformity",
        _RAYS,
        "log mean exp(-2 |u_i - u_j|^2) over i != j, unit rows (Wang & Isola 2020)",
    ),
    _row(
        "partition",
        directions.partition,
        "partition isotropy",
        f"scale {_TURNED}",
        "min Z / max Z, Z(a) = sum_i exp(a'x_i), a eigenvectors of X'X and -a, mean norm 1 (Mu & Viswanath 2018)",
    ),
    _row(
        "isoscore",
        spectrum.isoscore,
        "IsoScore",
        _SHAPE,
        "(PR - 1) / (width - 1), PR = (sum l)^2 / sum l^2, l eigenvalues of the covariance (Rudman et al. 2022)",
    ),
    # ---- how many directions carry the cloud? ----
    _row(
        "participation",
        spectrum.participation,
        "participation ratio",
        _SHAPE,
        "(sum l)^2 / sum l^2, l eigenvalues of the covariance (Gao et al. 2017)",
    ),
    _row(
        "effective-rank",
        spectrum.effective_rank,
        "effective rank (RankMe)",
        f"scale {_TURNED}",
        "exp entropy of s / sum s, s singular values of the rows (Roy & Vetterli 2007; Garrido et al. 2023)",
    ),
    _row(
        "stable-rank",
        spectrum.stable_rank,
        "stable rank",
        f"scale {_TURNED}",
        "sum s^2 / max s^2, s singular values of the rows (Rudelson & Vershynin 2007)",
    ),
    _row("top-share", spectrum.top_share, "share of the first axis", _SHAPE, "l_1 / sum l"),
    # ---- on a surface of how many dimensions do they lie? ----
    _row(
        "two-nn",
        dimension.two_nn,
        "intrinsic dimension (TwoNN)",
        _SHAPE,
        "slope of -log(1 - i/n) on sorted log(r2/r1), without the largest tenth (Facco et al. 2017)",
    ),
    _row(
        "mle",
        dimension.maximum_likelihood,
        "intrinsic dimension (MLE)",
        _SHAPE,
        "1 / mean of log(T_k / T_j), j < k = 20 (Levina & Bickel 2004; MacKay & Ghahramani 2005)",
    ),
    # ---- are some points, or some coordinates, apart? ----
    _row(
        "hubness",
        hubs.hubness,
        "hubness",
        _RAYS,
        "skewness of the counts among 10 nearest by cosine (Radovanovic et al. 2010)",
    ),
    _row("norm", coordinates.mean_norm, "mean norm", _TURNED, "mean |x|"),
    _row("norm-cv", coordinates.norm_variation, "variation of norms", f"scale {_TURNED}", "sd |x| / mean |x|"),
    _row(
        "rogue-share",
        coordinates.rogue_share,
        "share of the most rogue dimension",
        "scale lengths permutation order",
        "max |c| / sum |c|, c_j = mean of u_j v_j over pairs of unit rows (Timkey & van Schijndel 2021)",
    ),
)


def measure(name: str) -> Measure:
    """Return the measure of that name; raises StrataError E-GEOMETRY-MEASURE with the nearest and all there are."""
    for row in MEASURES:
        if row.name == name:
            return row
    names = [row.name for row in MEASURES]
    raise StrataError(
        "E-GEOMETRY-MEASURE",
        f"There is no measure '{name[:60]}'.",
        did_you_mean(name, names),
        f"The measures are: {', '.join(names)}.",
    )


def every(found: Cloud) -> dict[str, float]:
    """Return the value of every measure; NaN where a measure refuses this cloud."""
    return {row.name: _or_nan(row, found) for row in MEASURES}


def _or_nan(row: Measure, found: Cloud) -> float:
    try:
        return row.of(found)
    except StrataError:
        return float("nan")
