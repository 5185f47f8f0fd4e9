"""From vectors to Gram matrices, all layers at once: what is kept of a language once its vectors are gone.

`similarities` are cosines between the sentences of two languages, `gram` the inner products within one after its mean
is taken away. Nearly every measure needs no more, and at 100 sentences of width 4,096 they are forty times smaller.
"""

import numpy as np

from probes.alignment.checks import finite, refuse_rows, same_count, same_layers, same_width

NEAR = 4e-6
"""Cosines closer than this may be told apart by rounding alone: such a layer is computed again in float64."""
_SMALL, _LARGE = 1e-12, 1e15


def similarities(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return float32 cosines [..., row of x, row of y] of vectors [..., row, width].

    Where a translation and its best rival come out within `NEAR` of each other, rounding must not decide: equal
    sentences tie exactly.
    """
    same_count(x.shape[-2], y.shape[-2])
    same_layers(x, y)
    same_width(x, y, "A cosine")
    x, long_x = _lengths(x, "x")
    y, long_y = _lengths(y, "y")
    s = np.matmul(x, y.swapaxes(-1, -2))
    s = (s / long_x[..., :, None].astype(s.dtype)) / long_y[..., None, :].astype(s.dtype)
    s = s.astype(np.float32, copy=False)
    for layer in np.argwhere(_undecided(s)):
        at = tuple(layer)
        one, other = (_exact(np.broadcast_to(side, (*s.shape[:-1], side.shape[-1]))[at]) for side in (x, y))
        s[at] = one @ other.T
    return s


def _exact(x: np.ndarray) -> np.ndarray:
    """Return float64 vectors [row, width] of length 1."""
    x = x.astype(np.float64)
    return x / np.sqrt(np.vecdot(x, x))[:, None]


def _lengths(x: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors, in float32 or 64 and of a size whose squares are exact, with their float64 lengths."""
    x = x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.sqrt(np.vecdot(x, x).astype(np.float64))
    if not np.isfinite(length).all() or (length < _SMALL).any() or (length > _LARGE).any():
        finite(x, name)
        most = np.abs(x).max(-1, keepdims=True)
        if not most.all():
            refuse_rows("E-ALIGN-ZERO", most[..., 0] == 0, name, "are zero throughout")
        x = x / most
        length = np.sqrt(np.vecdot(x, x).astype(np.float64))
    return x, length


def _undecided(s: np.ndarray) -> np.ndarray:
    """Say [...] of each layer whether some translation and its best rival are too close for float32."""
    right, rival = rivals(s)
    return np.asarray((np.abs(right - rival) < NEAR).any(-1))


def rivals(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, by row, the similarity of the translation and the highest of any other entry of its row and column."""
    right = np.diagonal(s, axis1=-2, axis2=-1)
    others = s.copy()
    rows = np.arange(s.shape[-1])
    others[..., rows, rows] = -np.inf
    return right, np.maximum(others.max(-1), others.max(-2))


def gram(x: np.ndarray) -> np.ndarray:
    """Return float32 inner products [..., row, row] of vectors [..., row, width] around their mean."""
    finite(x, "x")
    centred = _around_mean(x)
    return np.matmul(centred, centred.swapaxes(-1, -2)).astype(np.float32, copy=False)


def standardised(x: np.ndarray) -> np.ndarray:
    """Return vectors whose every dimension has mean 0 and variance 1 over the rows; constant dimensions are 0.

    One dimension a thousand times larger than the others decides every inner product; this gives each one vote.
    """
    finite(x, "x")
    centred = _around_mean(x)
    spread = np.sqrt(np.mean(np.square(centred, dtype=np.float64), axis=-2, keepdims=True))
    return centred / np.where(spread > 0, spread, 1).astype(centred.dtype)


def _around_mean(x: np.ndarray) -> np.ndarray:
    """Return the vectors around their mean; what rounding leaves of a constant dimension is 0."""
    x = x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
    centred = x - x.mean(-2, keepdims=True, dtype=np.float64).astype(x.dtype)
    constant = np.abs(centred).max(-2, keepdims=True) <= 4 * np.finfo(x.dtype).eps * np.abs(x).max(-2, keepdims=True)
    return np.where(constant, 0, centred)
