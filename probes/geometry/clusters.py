"""Groups of points on a map, and words for each: HDBSCAN (Campello et al. 2013) and c-TF-IDF (Grootendorst 2022).

Clusters are those of the map a person sees, so they say no more than the map keeps. A term t of cluster c weighs
tf(t, c) log(1 + A / f(t)): tf its share of the cluster's terms, f its count in all clusters, A the terms of a cluster
on average.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

MOST = 10_000
"""Points that are clustered; of more, an even choice is, and each other point joins the nearest of these."""
TERMS = 3
NOISE = -1
"""The number of points in no cluster."""
UNNAMED = "no cluster"
_TERM = re.compile(r"\w+")


def clusters(xy: np.ndarray, least: int | None = None) -> np.ndarray:
    """Return int32 [row]: which cluster each place [row, 2] is in, the largest 0, NOISE for none.

    A cluster has at least `least` of the points looked at: a fiftieth, and ten, unless it is given. When all are one
    cluster there are no groups, and no point is in one.
    """
    from sklearn.cluster import HDBSCAN  # on use: half a second

    some = np.unique(np.linspace(0, len(xy) - 1, min(MOST, len(xy))).round().astype(int))
    size = max(5, min(least or max(10, len(some) // 50), len(some) // 2))
    # the whole may be one cluster, or noise would be split into several
    found = HDBSCAN(min_cluster_size=size, allow_single_cluster=True, copy=True).fit_predict(xy[some])
    if found.max(initial=NOISE) < 1:
        return np.full(len(xy), NOISE, np.int32)
    known, counts = np.unique(found[found >= 0], return_counts=True)
    names = {old: new for new, old in enumerate(known[np.argsort(-counts, kind="stable")])} | {-1: NOISE}
    found = np.array([names[one] for one in found], np.int32)
    if len(some) == len(xy):
        return found
    from scipy.spatial import cKDTree

    return np.asarray(found[cKDTree(xy[some]).query(xy)[1]], np.int32)


def terms(texts: Sequence[str]) -> list[list[str]]:
    """Return the words of each text, in lower case; a text without any is a term by itself."""
    return [_TERM.findall(text.casefold()) or [text.strip()] for text in texts]


def weights(groups: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Return the c-TF-IDF weight of every term of each group of terms."""
    counts = [Counter(group) for group in groups]
    whole = sum(counts, Counter[str]())
    mean = sum(whole.values()) / max(len(groups), 1)
    return [
        {term: n / count.total() * float(np.log1p(mean / whole[term])) for term, n in count.items()} for count in counts
    ]


def named(found: np.ndarray, xy: np.ndarray, words: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Return a row a cluster: cluster, size, x and y (medians), label: its heaviest terms, equals in their order."""
    members = [np.flatnonzero(found == k).tolist() for k in range(int(found.max(initial=NOISE)) + 1)]
    heavy = weights([[term for i in rows for term in words[i]] for rows in members])
    lines = []
    for k, (rows, weight) in enumerate(zip(members, heavy, strict=True)):
        top = sorted(weight, key=lambda term: (-weight[term], term))[:TERMS]
        x, y = np.median(xy[rows], axis=0)
        lines.append((k, len(rows), float(x), float(y), " · ".join(top)))
    return pd.DataFrame(lines, columns=["cluster", "size", "x", "y", "label"]).astype(
        {"cluster": int, "size": int, "x": float, "y": float, "label": str}
    )
