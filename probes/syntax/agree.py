"""Do two layers keep the tree in the same subspace? Overlaps of probes that began from different starts.

All series of a run begin at the same projection, so two probes of one start overlap before they have learned anything.
Only probes of different starts are compared: those of one layer say how far the subspace is determined at all, those of
two layers what they share, and two random subspaces of that rank what chance gives.
"""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from probes.linalg import chance_angles, principal_angles

COLUMNS = ["layer", "other", "overlap", "angle", "chance_overlap", "chance_angle"]


def agreement(layers: Sequence[str], bases: Sequence[np.ndarray]) -> pd.DataFrame:
    """Return one row a pair of layers: mean squared cosine and mean principal angle in degrees, and those of chance.

    `bases` has one [layer, width, rank] a start; with a single one there is nothing to compare, and no row.
    """
    rows = []
    if len(bases) > 1:
        _, width, rank = bases[0].shape
        chance = float(chance_angles(width, rank, draws=5).mean())
        for a, layer in enumerate(layers):
            for b, other in enumerate(layers):
                pairs = permutations(range(len(bases)), 2)
                angles = np.array([principal_angles(bases[i][a], bases[j][b]) for i, j in pairs])
                overlap = float(np.square(np.cos(np.radians(angles))).mean())
                rows.append((layer, other, overlap, float(angles.mean()), rank / width, chance))
    numbers = dict.fromkeys(COLUMNS[2:], "float64")
    return pd.DataFrame(rows, columns=COLUMNS).astype(numbers)
