"""States with planted clusters, and noise without any."""

import numpy as np
import torch

from probes.codebooks.rows import Rows, rows_of


def clusters(n: int = 600, k: int = 6, width: int = 8, *, spread: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Return states [n, width] about k far centers, and which center each is about."""
    draw = np.random.default_rng(0)
    centers = draw.normal(size=(k, width)) * 3
    label = draw.integers(k, size=n)
    return (centers[label] + spread * draw.normal(size=(n, width))).astype(np.float32), label


def noise(n: int = 600, width: int = 8, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)


def rows(array: np.ndarray) -> Rows:
    return rows_of(array)


def share(states: np.ndarray, decoded: torch.Tensor) -> float:
    """Variance explained, by the textbook."""
    return 1 - float(((states - decoded.numpy()) ** 2).sum() / ((states - states.mean(0)) ** 2).sum())
