"""A cloud of points and what several measures of it need: its directions, its spectrum, its nearest neighbours.

Each is computed once, on first use, in float64. Rows that are equal to five digits of the typical norm (one token twice
in a layer that knows no context) count once where neighbours are asked for: at distance 0 they have no dimension.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from probes import linalg
from probes.errors import StrataError

FEWEST = 3
"""Rows below which no cloud has a shape."""
MOST_NEIGHBOURS = 20
"""Neighbours whose distances are kept."""
_EQUAL = 5  # decimal digits of the typical norm


@dataclass(frozen=True, eq=False)
class Cloud:
    """Rows float64 [row, width], finite, at least three; made by `cloud`."""

    rows: np.ndarray

    @cached_property
    def norms(self) -> np.ndarray:
        """Lengths [row]."""
        return np.linalg.norm(self.rows, axis=1)

    @cached_property
    def unit(self) -> np.ndarray:
        """Directions [row, width]; raises E-CLOUD-ZERO when a row has none."""
        return _directions(self.rows, self.norms)

    @cached_property
    def spectrum(self) -> np.ndarray:
        """Eigenvalues [width] of the covariance (n - 1), largest first; raises E-CLOUD-POINT when all are zero."""
        centred = self.rows - self.rows.mean(0)
        size = np.linalg.norm(centred)
        if size <= 1e-12 * np.linalg.norm(self.rows):
            raise StrataError(
                "E-CLOUD-POINT", f"All {len(self.rows)} rows are the same.", "One point has no shape.", "Give others."
            )
        found = np.zeros(self.rows.shape[1])
        values = np.linalg.svd(centred, compute_uv=False) ** 2 / (len(self.rows) - 1)
        found[: len(values)] = values
        return found

    @cached_property
    def singular(self) -> np.ndarray:
        """Singular values of the rows as they are, largest first; raises E-CLOUD-ZERO when all are zero."""
        found = np.linalg.svd(self.rows, compute_uv=False)
        if not found[0]:
            raise StrataError("E-CLOUD-ZERO", f"All {len(self.rows)} rows are zero.", "They span no direction.")
        return found

    @cached_property
    def distinct(self) -> np.ndarray:
        """The first of all rows that are equal to five digits of the typical norm, in their order."""
        typical = np.sqrt(np.square(self.norms).mean()) or 1.0
        _, first = np.unique(np.round(self.rows / typical, _EQUAL), axis=0, return_index=True)
        return self.rows[np.sort(first)]

    @cached_property
    def distances(self) -> np.ndarray:
        """Distances [distinct row, neighbour] to the 20 nearest other distinct rows, or all if fewer, nearest first."""
        found = linalg.squared_distances(self.distinct)
        np.fill_diagonal(found, -1)  # before all others, and left out
        most = min(MOST_NEIGHBOURS + 1, len(found))
        return np.sqrt(np.sort(np.partition(found, most - 1, axis=1)[:, :most], axis=1)[:, 1:].clip(0))

    def nearest(self, k: int) -> np.ndarray:
        """Return the k nearest other distinct rows by cosine [distinct row, k], in no order; E-CLOUD-FEW when fewer."""
        rows = self.distinct
        enough(len(rows), k + 2, f"{k} neighbours")
        unit = _directions(rows, np.linalg.norm(rows, axis=1))
        cosines = unit @ unit.T
        np.fill_diagonal(cosines, -np.inf)
        return np.argpartition(-cosines, k - 1, axis=1)[:, :k]


def cloud(rows: np.ndarray) -> Cloud:
    """Return the cloud of rows [row, width]; raises E-CLOUD-SHAPE, E-CLOUD-FEW or E-CLOUD-NAN, with the counts."""
    rows = np.asarray(rows)
    if rows.ndim != 2 or not rows.shape[1] or rows.dtype.kind not in "fiu":
        raise StrataError(
            "E-CLOUD-SHAPE",
            f"A cloud is a table of numbers [row, width]; this is {list(rows.shape)} of {rows.dtype}.",
            fix="Give one row a point.",
        )
    enough(len(rows), FEWEST, "a shape")
    bad = np.flatnonzero(~np.isfinite(rows).all(1))
    if bad.size:
        raise StrataError(
            "E-CLOUD-NAN",
            f"{bad.size} of {len(rows)} rows hold NaN or infinite numbers, row {bad[0]} first.",
            "No measure of them would mean anything.",
            "Leave those rows out.",
        )
    return Cloud(rows.astype(np.float64))


def enough(have: int, need: int, what: str) -> None:
    """Raise E-CLOUD-FEW when there are fewer points than something needs."""
    if have < need:
        raise StrataError(
            "E-CLOUD-FEW",
            f"There are {have} distinct points, and {what} needs {need}.",
            "Equal rows count once.",
            "Give more rows.",
        )


def _directions(rows: np.ndarray, norms: np.ndarray) -> np.ndarray:
    zero = np.flatnonzero(norms == 0)
    if zero.size:
        raise StrataError(
            "E-CLOUD-ZERO",
            f"{zero.size} of {len(rows)} rows are zero, row {zero[0]} first.",
            "A zero vector has no direction.",
            "Leave those rows out, or measure before centring.",
        )
    return rows / norms[:, None]
