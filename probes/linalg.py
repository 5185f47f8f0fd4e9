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


def principal_angles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the angles between two subspaces, in degrees, smallest first: the columns [width, rank] span them.

    Small angles are taken from their sines, as cosines near one have lost their digits (Björck & Golub, 1973).
    """
    if one.ndim != 2 or one.shape != other.shape or one.shape[1] > one.shape[0]:
        raise ValueError(f"Two bases must be [width, rank] alike; got {list(one.shape)} and {list(other.shape)}.")
    a, b = (np.linalg.qr(basis.astype(np.float64)).Q for basis in (one, other))
    cosines = np.linalg.svd(a.T @ b, compute_uv=False).clip(0, 1)
    sines = np.linalg.svd(b - a @ (a.T @ b), compute_uv=False)[::-1].clip(0, 1)
    return np.degrees(np.where(cosines > np.sqrt(0.5), np.arcsin(sines), np.arccos(cosines)))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean squared cosine of the principal angles: 1 for equal subspaces, 0 for orthogonal ones.

    Two random subspaces of rank r in width w have r / w: that, and not 0, is the chance level.
    """
    return float(np.square(np.cos(np.radians(principal_angles(one, other)))).mean())


def chance_angles(width: int, rank: int, *, draws: int = 20, seed: int = 0) -> np.ndarray:
    """Return the principal angles [rank] that two random subspaces have on average, in degrees."""
    draw = np.random.default_rng(seed)
    return np.mean([principal_angles(*draw.normal(size=(2, width, rank))) for _ in range(draws)], axis=0)
