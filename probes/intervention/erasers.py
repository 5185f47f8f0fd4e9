"""What takes a concept out of states, in closed form or round by round: arrays in, arrays out.

With states x, their mean m and covariance S, and the cross-covariance C of states and labels (one column a class):

    mean    h - Q Q'(h - m), Q spanning C: the directions between the classes' means
    leace   h - W^-1 U U' W (h - m), W = S^(-1/2) and U spanning W C: of all affine edits after which no linear probe
            beats the majority, the one that moves states least in mean square (Belrose et al., 2023)
    inlp    a linear probe is fitted, its direction projected away, and so on (Ravfogel et al., 2020)
"""

from dataclasses import dataclass

import numpy as np

RIDGE = 1e-4
"""What is added to variances before a probe is solved for, as a part of their mean."""
TINY = 1e-10
"""Least part of the largest variance that a direction counts as having."""


@dataclass(frozen=True)
class Eraser:
    """The edit h - left right'(h - mean): [width, rank] twice, and [width]."""

    left: np.ndarray
    right: np.ndarray
    mean: np.ndarray

    @property
    def rank(self) -> int:
        """How many dimensions it takes."""
        return int(self.left.shape[1])

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return rows [row, width] without the concept."""
        return np.asarray(rows - (rows - self.mean) @ self.right @ self.left.T)


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return float64 [row, class]."""
    return np.eye(classes)[labels]


def crossed(rows: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the cross-covariance [width, class] of states and labels."""
    return np.asarray((rows - rows.mean(0)).T @ one_hot(labels, classes) / len(rows))


def spanned(columns: np.ndarray) -> np.ndarray:
    """Return orthonormal [width, rank] of columns that add up to zero: at most one less than there are."""
    basis, size, _ = np.linalg.svd(columns, full_matrices=False)
    kept = size[: columns.shape[1] - 1] > TINY * max(size[0], np.finfo(float).tiny)
    return np.asarray(basis[:, : len(kept)][:, kept])


def between_means(rows: np.ndarray, labels: np.ndarray, classes: int) -> Eraser:
    """Return the orthogonal projection away from all differences between the classes' means."""
    q = spanned(crossed(rows, labels, classes))
    return Eraser(q, q, rows.mean(0))


def leace(rows: np.ndarray, labels: np.ndarray, classes: int) -> Eraser:
    """Return the least edit that leaves nothing to a linear probe of these rows."""
    middle = rows.mean(0)
    values, axes = np.linalg.eigh((rows - middle).T @ (rows - middle) / len(rows))
    there = values > TINY * values[-1]
    root, axes = np.sqrt(values[there]), axes[:, there]
    u = spanned((axes / root).T @ crossed(rows, labels, classes))
    return Eraser((axes * root) @ u, (axes / root) @ u, middle)


def inlp(rows: np.ndarray, labels: np.ndarray, classes: int, rounds: int) -> Eraser:
    """Return the projection away from the directions of `rounds` probes, each fitted on what is left; never of all."""
    middle, basis = rows.mean(0), np.zeros((rows.shape[1], 0))
    for _ in range(rounds):
        left = rows - (rows - middle) @ basis @ basis.T
        weights = Probe.fit(left, labels, classes).weights
        weights = weights - basis @ (basis.T @ weights)
        new = spanned(weights - weights.mean(1, keepdims=True))
        if not new.shape[1] or basis.shape[1] + new.shape[1] >= len(middle):
            break  # nothing would be left but rounding
        basis = np.linalg.qr(np.concatenate([basis, new], 1)).Q
    return Eraser(basis, basis, middle)


@dataclass(frozen=True)
class Probe:
    """A linear probe by least squares on one-hot labels, each class weighing the same: [width, class] and [class]."""

    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def fit(cls, rows: np.ndarray, labels: np.ndarray, classes: int) -> "Probe":
        """Solve for the weights; the ridge is a part of the mean variance."""
        share = (1 / np.bincount(labels, minlength=classes).clip(min=1))[labels]
        share = share / share.sum()
        middle, target = share @ rows, one_hot(labels, classes)
        x, y = rows - middle, target - share @ target
        spread = (x * share[:, None]).T @ x
        ridge = RIDGE * max(np.trace(spread) / len(spread), np.finfo(float).tiny)
        weights = np.linalg.solve(spread + ridge * np.eye(len(spread)), (x * share[:, None]).T @ y)
        return cls(weights, share @ target - middle @ weights)

    def right(self, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Say of each row whether its class is the one that scores highest."""
        return np.asarray((rows @ self.weights + self.bias).argmax(1) == labels)


def balanced(right: np.ndarray, labels: np.ndarray, classes: int) -> float:
    """Return the mean over classes of the share that is right: 1 / classes for guessing, however many of each."""
    return float(np.mean([right[labels == k].mean() for k in range(classes) if (labels == k).any()]))
