"""What cannot be measured is named and counted before anything is computed of it.

A row here is a sentence. Row i of one side is the translation of row i of the other, so a sentence without a usable
vector is taken out of every language or of none; that is the caller's choice, and `inspect` names the rows.
"""

import hashlib
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from probes.errors import StrataError
from probes.linalg import squared_distances

_SHOWN = 5


@dataclass(frozen=True)
class Findings:
    """Rows of [layer, row, width] that some layer cannot measure, and rows that are there twice."""

    rows: int
    nan: tuple[int, ...]
    """Rows with a value that is not a finite number."""
    zero: tuple[int, ...]
    """Rows that are zero throughout: they point nowhere."""
    repeated: tuple[int, ...]
    """Rows equal to an earlier one in every layer: under a strict rule both are missed."""

    @property
    def unusable(self) -> tuple[int, ...]:
        """The rows to leave out in all languages."""
        return tuple(sorted({*self.nan, *self.zero}))

    def sentences(self) -> tuple[str, ...]:
        """Say what was found, one sentence each; nothing, when all is well."""
        said = (
            (self.nan, "{} of {} rows hold values that are not finite numbers ({})."),
            (self.zero, "{} of {} rows are zero throughout ({})."),
            (self.repeated, "{} of {} rows repeat an earlier one and cannot be told from it ({})."),
        )
        return tuple(text.format(len(rows), self.rows, shown(rows)) for rows, text in said if rows)


def inspect(x: np.ndarray) -> Findings:
    """Look through vectors [row, width] or [layer, row, width] without refusing any."""
    x = x if x.ndim == 3 else x[None]
    broken, empty = ~np.isfinite(x).all(-1).all(0), ~x.any(-1).all(0)
    seen, repeated = set[bytes](), []
    for row in range(x.shape[1]):
        key = hashlib.blake2b(np.ascontiguousarray(x[:, row]).tobytes(), digest_size=16).digest()
        if key in seen:
            repeated.append(row)
        seen.add(key)
    return Findings(x.shape[1], _rows(broken), _rows(empty), tuple(repeated))


def shown(rows: tuple[int, ...]) -> str:
    """Name the first few rows, counted from 0."""
    more = ", …" if len(rows) > _SHOWN else ""
    return ("row " if len(rows) == 1 else "rows ") + ", ".join(str(row) for row in rows[:_SHOWN]) + more


def _rows(mask: np.ndarray | np.bool) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask).tolist())


def same_count(x: int, y: int) -> None:
    """Refuse two sides of different length."""
    if x != y:
        raise StrataError(
            "E-ALIGN-COUNTS",
            f"One side has {x:,} rows, the other {y:,}.",
            "Row i of one is the translation of row i of the other.",
            "Leave out of both what one of them lacks.",
        )


def same_layers(x: np.ndarray, y: np.ndarray) -> None:
    """Refuse stacks [..., row, ...] of which one lacks a layer; a single layer goes with every one."""
    one, other = x.shape[:-2], y.shape[:-2]
    if one and other and one != other:
        ours, theirs = (" x ".join(map(str, axes)) for axes in (one, other))
        raise StrataError(
            "E-ALIGN-LAYERS",
            f"One side has {ours} layers, the other {theirs}.",
            "Layer by layer both must be there.",
            "Read both sides at the same layers, or compare every layer with every one (gram_cka_between).",
        )


def enough(rows: int, least: int, what: str) -> None:
    """Refuse fewer rows than a measure is defined on."""
    if rows < least:
        raise StrataError(
            "E-ALIGN-FEW", f"{what} needs at least {least} rows; came {rows}.", fix="Give it more sentences."
        )


def finite(x: np.ndarray, what: str) -> None:
    """Refuse [..., row, width] values that are not finite, naming the rows."""
    bad = ~np.isfinite(x).all(-1)
    if bad.any():
        refuse_rows("E-ALIGN-NAN", bad, what, "hold values that are not finite numbers")


def refuse_rows(code: str, bad: np.ndarray, what: str, fault: str) -> None:
    """Raise over the rows marked in [..., row]."""
    rows = _rows(bad.reshape(-1, bad.shape[-1]).any(0))
    raise StrataError(
        code,
        f"{len(rows)} of {bad.shape[-1]} rows of {what} {fault} ({shown(rows)}).",
        "A sentence without a vector has no place among the others.",
        "Leave these sentences out of every language (`probes.alignment.inspect` lists them).",
    )


def square(s: np.ndarray) -> np.ndarray:
    """Return similarities [..., row, row], refused when they are not square, of one sentence, or not finite."""
    if s.ndim < 2:
        raise StrataError("E-ALIGN-SHAPE", f"Similarities [..., row, row] are wanted; came shape {s.shape}.")
    same_count(s.shape[-2], s.shape[-1])
    enough(s.shape[-1], 2, "Telling a translation from other sentences")
    finite(s, "the similarities")
    return s


def pair(x: np.ndarray, y: np.ndarray, *, least: int = 2, what: str = "This measure") -> tuple[np.ndarray, np.ndarray]:
    """Return both sides [row, width] as float64, refused when they are no parallel vectors."""
    sides = []
    for side, name in ((x, "x"), (y, "y")):
        side = np.asarray(side, np.float64)
        if side.ndim != 2 or not side.shape[-1]:
            raise StrataError("E-ALIGN-SHAPE", f"{what} wants {name} as [row, width]; came shape {side.shape}.")
        sides.append(side)
    same_count(len(sides[0]), len(sides[1]))
    enough(len(sides[0]), least, what)
    for side, name in zip(sides, "xy", strict=True):
        finite(side, name)
    return sides[0], sides[1]


def same_width(x: np.ndarray, y: np.ndarray, what: str) -> None:
    """Refuse sides that do not live in one space."""
    if x.shape[-1] != y.shape[-1]:
        raise StrataError(
            "E-ALIGN-WIDTH",
            f"{what} compares rows of x with rows of y; their widths are {x.shape[-1]} and {y.shape[-1]}.",
            "Only vectors of one space have a cosine.",
            "Take a measure of geometry (CKA, RSA, mutual kNN) for two models.",
        )


def around_mean(x: np.ndarray, name: str) -> np.ndarray:
    """Return float64 rows around their mean, the largest coordinate 1; refused where all rows are equal."""
    centred = x - x.mean(0)
    most = np.abs(centred).max()
    if most <= 8 * np.finfo(np.float64).eps * np.abs(x).max():
        flat(f"All {len(x)} rows of {name} are equal.")
    return centred / most


def flat(what: str) -> NoReturn:
    """Refuse what has no geometry to compare."""
    raise StrataError(
        "E-ALIGN-FLAT",
        what,
        "Nothing varies, so there is nothing to compare.",
        "Take another layer or other sentences.",
    )


def directions(x: np.ndarray, name: str) -> np.ndarray:
    """Return float64 rows of length 1; rows of zeros are named and refused."""
    most = np.abs(x).max(-1, keepdims=True)
    if not most.all():
        refuse_rows("E-ALIGN-ZERO", most[:, 0] == 0, name, "are zero throughout")
    x = x / most
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def angles(x: np.ndarray, name: str) -> np.ndarray:
    """Return 2 - 2 cos between the rows [row, row], as squared distances of unit rows: these do not cancel near 1."""
    apart = squared_distances(directions(x, name))
    if apart.max() <= 1e-26:
        flat(f"All {len(x)} rows of {name} point the same way.")
    return apart


def cosines(x: np.ndarray, y: np.ndarray, what: str) -> np.ndarray:
    """Return float64 cosines [row, row] of the rows of two sides of one space, to 12 digits: equal rows tie."""
    x, y = pair(x, y, what=what)
    same_width(x, y, what)
    return np.round(directions(x, "x") @ directions(y, "y").T, 12)
