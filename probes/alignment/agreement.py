"""Do the measures agree? All of them on the same sides, and the rank correlation of what they say over places.

A place is a layer, a language or both: measures that rank places alike say the same thing, whatever their scales.
"""

from collections.abc import Sequence

import numpy as np

from probes.alignment.measures import MEASURES, Measure
from probes.errors import StrataError
from probes.stats import spearman


def every(
    x: np.ndarray, y: np.ndarray, measures: Sequence[Measure] = MEASURES
) -> tuple[np.ndarray, dict[str, StrataError]]:
    """Return [measure]: each of two sides [row, width], nan where it refused; and the refusals by name."""
    values, refused = np.full(len(measures), np.nan), dict[str, StrataError]()
    for at, measure in enumerate(measures):
        try:
            values[at] = measure.call(x, y)
        except StrataError as error:
            refused[measure.name] = error
    return values, refused


def agreement(values: np.ndarray, measures: Sequence[Measure] = MEASURES) -> np.ndarray:
    """Return [measure, measure]: Spearman over places of values [measure, place], distances turned round.

    Each pair over the places where both have a value; nan where fewer than three are left, or one does not vary.
    """
    signs = np.array([-1.0 if measure.identical == 0 else 1.0 for measure in measures])
    values = values * signs[:, None]
    there = np.isfinite(values)
    found = np.full((len(values), len(values)), np.nan)
    for i in range(len(values)):
        for j in range(i + 1):
            both = there[i] & there[j]
            if both.sum() >= 3:
                found[i, j] = found[j, i] = spearman(values[i, both], values[j, both])
    return found
