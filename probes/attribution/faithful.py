"""Does the output rest on what an attribution names? Tokens are taken out and put in, the largest first.

Deletion starts from the text and takes out the tokens with the largest values first; insertion starts from the
baseline and puts them in. Scores are given as a share of the way from the baseline (0) to the text (1). A good
attribution has a small area under deletion and a large one under insertion; a random one is the floor (Petsiuk et al.,
2018).
"""

import numpy as np
import pandas as pd
import torch

from probes.attribution.nodes import scores
from probes.attribution.targets import Question

SHARES = np.array([0.25, 0.5, 0.75])
"""Parts of the tokens taken out or put in; 0 and 1 are known."""
OURS, RANDOM = "ours", "random"
COLUMNS = ["way", "by", "share", "score", "low", "high"]


def kept_sets(values: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return bool [2, share, token]: which tokens are there, in deletion and in insertion; added ones always are."""
    order = np.flatnonzero(own)[np.argsort(-values[own], kind="stable")]
    sets = np.ones((2, len(SHARES), len(own)), bool)
    for i, share in enumerate(SHARES):
        top = order[: max(1, round(share * len(order)))]
        sets[0, i, top] = False
        sets[1, i, own] = False
        sets[1, i, top] = True
    return sets


def curves(asked: Question, x: torch.Tensor, base: torch.Tensor, values: np.ndarray, random: np.ndarray) -> np.ndarray:
    """Return float64 [1 + draw, 2, 5]: for the values [token] and random ones [draw, token], deletion and insertion."""
    own = asked.own.cpu().numpy()
    score, without = scores(asked, x, base, np.stack([np.ones(len(own), bool), ~own])).double().cpu().numpy()
    if (values < 0).any() and score < without:  # what carries a score down has negative values
        values = -values
    sets = np.stack([kept_sets(each, own) for each in (values, *random)])
    found = scores(asked, x, base, sets.reshape(-1, len(own))).double().cpu().numpy()
    inner = (found - without) / (score - without)
    whole = np.empty((len(sets), 2, len(SHARES) + 2))
    whole[:, 0, 0], whole[:, 0, -1], whole[:, 1, 0], whole[:, 1, -1] = 1, 0, 0, 1
    whole[:, :, 1:-1] = inner.reshape(len(sets), 2, len(SHARES))
    return whole


def area(curve: np.ndarray) -> np.ndarray:
    """Return [...]: the area under curves [..., 5] by the trapezium rule."""
    return np.trapezoid(curve, np.concatenate([[0], SHARES, [1]]), axis=-1)


def table(found: np.ndarray) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the rows to draw, and the area of each curve by way and attribution."""
    rows, areas = [], {}
    shares = [0.0, *SHARES.tolist(), 1.0]
    for way, name in enumerate(("deletion", "insertion")):
        for by, curve in ((OURS, found[:1, way]), (RANDOM, found[1:, way])):
            areas[f"{name}, {by}"] = float(area(curve).mean())
            low, high = curve.min(0), curve.max(0)
            rows += [
                (name, by, s, *each) for s, each in zip(shares, zip(curve.mean(0), low, high, strict=True), strict=True)
            ]
    return pd.DataFrame(rows, columns=COLUMNS), areas
