"""Every measure written out once more, one sum at a time, from its paper: slow, and with nothing of ours in it."""

import math
from collections.abc import Callable

import geometry_by_the_book as geometry
import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr


def _cos(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))


def cosines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([[_cos(a, b) for b in y] for a in x])


# ---- nearness --------------------------------------------------------------------------------------------------------


def mexa(s: np.ndarray) -> float:
    n = len(s)
    return sum(all(s[i, i] > s[i, j] and s[i, i] > s[j, i] for j in range(n) if j != i) for i in range(n)) / n


def csls(s: np.ndarray, k: int = 10) -> np.ndarray:
    rows = [np.mean(sorted(s[i])[-k:]) for i in range(len(s))]
    columns = [np.mean(sorted(s[:, j])[-k:]) for j in range(len(s))]
    return np.array([[2 * s[i, j] - rows[i] - columns[j] for j in range(len(s))] for i in range(len(s))])


def ranks(s: np.ndarray) -> list[int]:
    n = len(s)
    forth = [1 + sum(s[i, j] >= s[i, i] for j in range(n) if j != i) for i in range(n)]
    return forth + [1 + sum(s[j, i] >= s[i, i] for j in range(n) if j != i) for i in range(n)]


def p_at_1(s: np.ndarray) -> float:
    return float(np.mean([rank == 1 for rank in ranks(s)]))


def mrr(s: np.ndarray) -> float:
    return float(np.mean([1 / rank for rank in ranks(s)]))


def xsim(x: np.ndarray, y: np.ndarray, margin: Callable[[float, float], float], k: int = 4) -> float:
    s, errors = cosines(x, y), 0
    near_x = [np.mean(sorted(s[i])[-k:]) for i in range(len(s))]
    near_y = [np.mean(sorted(s[:, j])[-k:]) for j in range(len(s))]
    for i in range(len(s)):
        candidates = sorted(range(len(s)), key=lambda j: -s[i, j])[:k]
        errors += max(candidates, key=lambda j: margin(s[i, j], (near_x[i] + near_y[j]) / 2)) != i
    return 100 * errors / len(s)


def margin(s: np.ndarray) -> float:
    n = len(s)
    return float(np.mean([s[i, i] - max(max(s[i, j], s[j, i]) for j in range(n) if j != i) for i in range(n)]))


def dprime(s: np.ndarray) -> float:
    n = len(s)
    right, wrong = [s[i, i] for i in range(n)], [s[i, j] for i in range(n) for j in range(n) if i != j]
    return float((np.mean(right) - np.mean(wrong)) / math.sqrt((np.var(right) + np.var(wrong)) / 2))


def hubness(s: np.ndarray, k: int = 10) -> float:
    counts = [0] * len(s)
    for row in s:
        for j in sorted(range(len(s)), key=lambda j: -row[j])[:k]:
            counts[j] += 1
    mean = sum(counts) / len(counts)
    sd = math.sqrt(sum((c - mean) ** 2 for c in counts) / len(counts))
    return sum(((c - mean) / sd) ** 3 for c in counts) / len(counts)


def anc(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean([abs(pearsonr(x[:, j], y[:, j]).statistic) for j in range(x.shape[1])]))


# ---- neighbours ------------------------------------------------------------------------------------------------------


def near(x: np.ndarray, k: int = 10) -> list[set[int]]:
    s = cosines(x, x)
    return [set(sorted((j for j in range(len(x)) if j != i), key=lambda j: -s[i, j])[:k]) for i in range(len(x))]


def mutual_knn(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean([len(a & b) / 10 for a, b in zip(near(x), near(y), strict=True)]))


def jaccard(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean([len(a & b) / len(a | b) for a, b in zip(near(x), near(y), strict=True)]))


def cknna(x: np.ndarray, y: np.ndarray) -> float:
    """Huh et al. 2024, appendix A."""

    def align(a: np.ndarray, b: np.ndarray) -> float:
        k, m, of_a, of_b, total = cosines(a, a), cosines(b, b), near(a), near(b), 0.0
        for i in range(len(a)):
            for j in of_a[i] & of_b[i]:
                total += (k[i, j] - k[i].mean()) * (m[i, j] - m[i].mean())
        return total

    return align(x, y) / math.sqrt(align(x, x) * align(y, y))


def _procrustes(x: np.ndarray, y: np.ndarray) -> float:
    nuc, a, b = geometry.nuclear(x, y)
    return nuc / (a * b)


def _shape(x: np.ndarray, y: np.ndarray) -> float:
    nuc, a, b = geometry.nuclear(x, y)
    return math.sqrt(a * a + b * b - 2 * nuc)


BOOK: dict[str, geometry.Sides] = {
    "mexa": lambda x, y: mexa(cosines(x, y)),
    "mexa-csls": lambda x, y: mexa(csls(cosines(x, y))),
    "p-at-1": lambda x, y: p_at_1(cosines(x, y)),
    "mrr": lambda x, y: mrr(cosines(x, y)),
    "csls-p-at-1": lambda x, y: p_at_1(csls(cosines(x, y))),
    "xsim": lambda x, y: xsim(x, y, lambda s, b: s / b),
    "xsim-distance": lambda x, y: xsim(x, y, lambda s, b: s - b),
    "margin": lambda x, y: margin(cosines(x, y)),
    "dprime": lambda x, y: dprime(cosines(x, y)),
    "hubness": lambda x, y: hubness(cosines(x, y)),
    "anc": anc,
    "cka": geometry.linear,
    "cka-unbiased": lambda x, y: geometry.cka(x @ x.T, y @ y.T, geometry.hsic1),
    "cka-unbiased-standardised": lambda x, y: geometry.cka(
        geometry.standardised(x) @ geometry.standardised(x).T,
        geometry.standardised(y) @ geometry.standardised(y).T,
        geometry.hsic1,
    ),
    "cka-rbf": geometry.rbf,
    "cka-minibatch": geometry.minibatch,
    "rsa-pearson-cosine": lambda x, y: pearsonr(pdist(x, "cosine"), pdist(y, "cosine")).statistic,
    "rsa-spearman-cosine": lambda x, y: spearmanr(pdist(x, "cosine"), pdist(y, "cosine")).statistic,
    "rsa-pearson-euclidean": lambda x, y: pearsonr(pdist(x), pdist(y)).statistic,
    "rsa-spearman-euclidean": lambda x, y: spearmanr(pdist(x, "sqeuclidean"), pdist(y, "sqeuclidean")).statistic,
    "distance-correlation": geometry.dcor,
    "distance-correlation-unbiased": geometry.dcor_unbiased,
    "cca": geometry.cca,
    "svcca": geometry.svcca,
    "pwcca": geometry.pwcca,
    "procrustes": lambda x, y: math.sqrt(2 - 2 * _procrustes(x, y)),
    "procrustes-angular": lambda x, y: math.acos(_procrustes(x, y)),
    "procrustes-shape": _shape,
    "bures": geometry.bures,
    "mutual-knn": mutual_knn,
    "cknna": cknna,
    "knn-jaccard": jaccard,
}
