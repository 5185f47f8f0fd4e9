"""Can a published score be? A share of n sentences comes in steps, and a rounded product still shows which.

The published tables are round(task x hits / (n x layers), 4) with a rounded task score: a score that no whole number of
hits gives was not computed with this n and this number of layers.
"""

import numpy as np

DIGITS = 4


def hits_behind(adjusted: np.ndarray, task: float, n: int, *, layers: int = 1, digits: int = DIGITS) -> np.ndarray:
    """Return the whole number of hits over all layers that gives each adjusted score, or -1 where none does.

    `layers` is 1 for a maximum over layers and their number for a mean. Where the steps n x layers are finer than the
    rounding any score has a number of hits: `tells` says whether the question can be answered.
    """
    adjusted = np.asarray(adjusted, np.float64)
    steps = n * layers
    near = np.round(adjusted / task * steps)
    candidates = np.stack([near - 1, near, near + 1])
    # half a unit of the last digit, and what rounding of the task's own last digit can add to it at a tie
    fits = np.abs(task * candidates / steps - adjusted) <= 0.5 * 10.0**-digits + 1e-12
    fits &= (candidates >= 0) & (candidates <= steps)
    found = np.where(fits, candidates, -1).max(0)
    return found.astype(np.int64)


def tells(task: float, n: int, *, layers: int = 1, digits: int = DIGITS) -> bool:
    """Say whether scores so made are further apart than their rounding: else every number fits."""
    return task / (n * layers) > 2 * 10.0**-digits
