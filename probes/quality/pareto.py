"""What is worth its price: choices that no other beats in every respect."""

import numpy as np


def front(quality: np.ndarray, *costs: np.ndarray) -> np.ndarray:
    """Return bool [choice]: True where none is at least as good at no more of any cost, and better in one of them."""
    table = np.column_stack([-np.asarray(quality, float), *costs])
    no_worse = (table[:, None, :] <= table[None, :, :]).all(2)
    better = (table[:, None, :] < table[None, :, :]).any(2)
    beaten: np.ndarray = np.asarray((no_worse & better).any(0))
    return ~beaten
