"""What syntactic subspaces have in common: arrays in, numbers out.

The mean of the projectors onto n subspaces has eigenvalues between 0 and 1: a direction with eigenvalue 1 lies in all
of them, one with 1/n in one alone. Unrelated subspaces of that rank give the level of chance for each eigenvalue.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from probes.linalg import chance_angles, principal_angles

ANGLES = ["one", "other", "layer", "overlap", "angle", "chance_overlap", "chance_angle", "same_start"]


def angles(
    names: Sequence[str], layers: Sequence[str], bases: Sequence[np.ndarray], starts: Sequence[int]
) -> pd.DataFrame:
    """Return one row a pair of runs and layer, with the columns of `ANGLES`.

    `bases` has one [layer, width, rank] a run, `starts` the seed that each probe began from.
    """
    _, width, rank = bases[0].shape
    chance = float(chance_angles(width, rank, draws=5).mean())
    rows = []
    for a, b in combinations(range(len(names)), 2):
        for at, layer in enumerate(layers):
            found = principal_angles(bases[a][at], bases[b][at])
            overlap = float(np.square(np.cos(np.radians(found))).mean())
            same = starts[a] == starts[b]
            rows.append((names[a], names[b], layer, overlap, float(found.mean()), rank / width, chance, same))
    return pd.DataFrame(rows, columns=ANGLES)


def shared(bases: Sequence[np.ndarray], *, draws: int = 10, seed: int = 0) -> pd.DataFrame:
    """Return direction, share and chance of the `rank` directions most in common to subspaces [width, rank]."""
    width, rank = bases[0].shape
    draw = np.random.default_rng(seed)
    chance = [_shares(draw.normal(size=(len(bases), width, rank))) for _ in range(draws)]
    share = _shares(np.stack(bases).astype(np.float64))
    return pd.DataFrame({"direction": np.arange(1, rank + 1), "share": share, "chance": np.mean(chance, axis=0)})


def _shares(bases: np.ndarray) -> np.ndarray:
    """Return the `rank` largest eigenvalues of the mean projector; `bases` is [subspace, width, rank]."""
    columns = np.concatenate(list(np.linalg.qr(bases).Q), axis=1)
    found: np.ndarray = np.linalg.svd(columns, compute_uv=False)[: bases.shape[2]] ** 2 / len(bases)
    return found.clip(0, 1)
