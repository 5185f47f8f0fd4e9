"""Axes and their signs: arrays in, numbers out."""

import numpy as np


def principal_axes(rows: np.ndarray, n: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the center [width], the first `n` principal axes [width, n] and their shares of the variance [n].

    Each axis points to the side where its largest coordinate is positive, so that the same data draw the same picture.
    With fewer than `n` directions of variance the remaining axes are zero, and so are their shares.
    """
    center = rows.mean(0)
    width = rows.shape[1]
    axes, shares = np.zeros((width, n), np.float64), np.zeros(n)
    spread = (rows - center).T.astype(np.float64) @ (rows - center) / max(len(rows) - 1, 1)
    values, vectors = np.linalg.eigh(spread)
    total = values.clip(0).sum()
    for k in range(min(n, width)):
        value, vector = values[-1 - k], vectors[:, -1 - k]
        if total > 0 and value > 1e-12 * total:
            axes[:, k] = vector * np.sign(vector[np.argmax(np.abs(vector))])
            shares[k] = value / total
    return center, axes, shares
