"""Measures of a cloud against formulas written another way, planted shapes, what each ignores and sees, refusals."""

import math
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import ortho_group, skew
from sklearn.neighbors import NearestNeighbors

from probes.geometry import coordinates
from probes.geometry.cloud import cloud
from probes.geometry.measures import CHANGES, MEASURES, measure

each = pytest.mark.parametrize("row", MEASURES, ids=lambda m: m.name)


def unseen(seed: int = 0, n: int = 60, width: int = 12) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, width)) @ draw.normal(size=(width, width)) + draw.normal(size=width)


# ---- by the book: loops, and other people's code --------------------------------------------------------------------


def pairs_of_unit(x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    unit = [row / math.sqrt(sum(v * v for v in row)) for row in x]
    return list(permutations(unit, 2))


def isoscore_in_seven_steps(x: np.ndarray) -> float:
    """Rudman et al. 2022, as published: rotated by PCA, diagonal, normalised, distance to the identity, rescaled."""
    d = x.shape[1]
    _, axes = np.linalg.eigh(np.cov(x.T))
    v = np.diag(np.cov((x @ axes).T))
    v = math.sqrt(d) * v / np.linalg.norm(v)
    defect = np.linalg.norm(v - 1) / math.sqrt(2 * (d - math.sqrt(d)))
    return float(((d - defect**2 * (d - math.sqrt(d))) ** 2 - d) / (d * (d - 1)))


def partition_by_loops(x: np.ndarray) -> float:
    x = x / np.mean([np.linalg.norm(row) for row in x])
    _, axes = np.linalg.eigh(x.T @ x)
    z = [sum(math.exp(sign * float(a @ row)) for row in x) for a in axes.T for sign in (1, -1)]
    return min(z) / max(z)


def rank_me(x: np.ndarray) -> float:
    s = np.sqrt(np.linalg.eigvalsh(x.T @ x))
    p = s / s.sum()
    return math.prod(q**-q for q in p)


def near(x: np.ndarray, k: int) -> np.ndarray:
    distances, _ = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(x).kneighbors(x)
    return distances[:, 1:]


def facco(x: np.ndarray) -> float:
    r = near(x, 2)
    mu = sorted(b / a for a, b in r)
    kept = [(math.log(m), -math.log(1 - (i + 1) / len(mu))) for i, m in enumerate(mu[: int(0.9 * len(mu))])]
    return sum(a * b for a, b in kept) / sum(a * a for a, _ in kept)


def levina_bickel(x: np.ndarray) -> float:
    inverse = [sum(math.log(t[19] / t[j]) for j in range(19)) / 19 for t in near(x, 20)]
    return 1 / (sum(inverse) / len(inverse))


def radovanovic(x: np.ndarray) -> float:
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    _, found = NearestNeighbors(n_neighbors=11, algorithm="brute", metric="cosine").fit(unit).kneighbors(unit)
    return float(skew(np.bincount(found[:, 1:].ravel(), minlength=len(x))))


def rogue(x: np.ndarray) -> float:
    made = np.mean([a * b for a, b in pairs_of_unit(x)], axis=0)
    return float(np.abs(made).max() / np.abs(made).sum())


BOOK = {
    "mean-cosine": lambda x: float(np.mean([a @ b for a, b in pairs_of_unit(x)])),
    "uniformity": lambda x: math.log(np.mean([math.exp(-2 * ((a - b) ** 2).sum()) for a, b in pairs_of_unit(x)])),
    "partition": partition_by_loops,
    "isoscore": isoscore_in_seven_steps,
    "participation": lambda x: np.trace(np.cov(x.T)) ** 2 / np.trace(np.cov(x.T) @ np.cov(x.T)),
    "effective-rank": rank_me,
    "stable-rank": lambda x: np.linalg.norm(x) ** 2 / np.linalg.norm(x, 2) ** 2,
    "top-share": lambda x: np.linalg.eigvalsh(np.cov(x.T))[-1] / np.trace(np.cov(x.T)),
    "two-nn": facco,
    "mle": levina_bickel,
    "hubness": radovanovic,
    "norm": lambda x: np.mean([math.hypot(*row) for row in x]),
    "norm-cv": lambda x: np.std([math.hypot(*row) for row in x]) / np.mean([math.hypot(*row) for row in x]),
    "rogue-share": rogue,
}


@each
@pytest.mark.parametrize("seed", [1, 2])
def test_a_measure_agrees_with_its_formula(row: object, seed: int) -> None:
    x = unseen(seed)
    assert measure(row.name)(x) == pytest.approx(BOOK[row.name](x), rel=1e-6, abs=1e-9)
    assert measure(row.name)(x.astype(np.float32)) == pytest.approx(BOOK[row.name](x), rel=1e-4)


def test_more_dimensions_than_rows_are_measured_too() -> None:
    x = unseen(3, n=30, width=50)
    for name in ("mean-cosine", "partition", "isoscore", "participation", "stable-rank", "two-nn", "mle", "hubness"):
        assert measure(name)(x) == pytest.approx(BOOK[name](x), rel=1e-6), name


# ---- what each ignores, and what it sees -----------------------------------------------------------------------------


def changed(x: np.ndarray, change: str) -> np.ndarray:
    draw = np.random.default_rng(9)
    return {
        "scale": lambda: x * 1e-4,
        "lengths": lambda: x * draw.uniform(0.2, 3, size=(len(x), 1)),
        "rotation": lambda: x @ ortho_group.rvs(x.shape[1], random_state=1),
        "shift": lambda: x + 3,
        "permutation": lambda: x[:, draw.permutation(x.shape[1])],
        "order": lambda: x[draw.permutation(len(x))],
    }[change]()


@each
@pytest.mark.parametrize("change", CHANGES)
def test_a_measure_ignores_and_sees_what_it_says(row: object, change: str) -> None:
    x = unseen(4)
    before, after = row(x), row(changed(x, change))
    if change in row.ignores:
        assert after == pytest.approx(before, rel=1e-7, abs=1e-9)
    else:
        assert abs(after - before) > 1e-4 * abs(before)


# ---- planted shapes --------------------------------------------------------------------------------------------------


def exact(values: list[float], n: int = 200) -> np.ndarray:
    """Rows whose covariance has exactly these eigenvalues."""
    z = np.random.default_rng(5).normal(size=(n, len(values)))
    q, _ = np.linalg.qr(z - z.mean(0))
    return q * np.sqrt((n - 1) * np.array(values))


@pytest.mark.parametrize(("k", "width"), [(1, 10), (3, 10), (10, 10), (7, 40)])
def test_k_equal_dimensions_of_d(k: int, width: int) -> None:
    x = exact([2.0] * k + [0.0] * (width - k))
    assert measure("isoscore")(x) == pytest.approx((k - 1) / (width - 1), abs=1e-9)
    assert measure("participation")(x) == pytest.approx(k, abs=1e-9)
    assert measure("stable-rank")(x) == pytest.approx(k, abs=1e-9)
    assert measure("effective-rank")(x) == pytest.approx(k, abs=1e-5)
    assert measure("top-share")(x) == pytest.approx(1 / k, abs=1e-9)


def test_white_noise_is_as_isotropic_as_its_number_of_rows_permits() -> None:
    x = np.random.default_rng(0).normal(size=(1000, 100))
    assert measure("isoscore")(x) == pytest.approx(0.906, abs=0.01)  # not 1: (d / (1 + d/N) - 1) / (d - 1)
    assert measure("mean-cosine")(x) == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("c", [0.5, 2.0])
def test_a_common_offset_is_a_cone(c: float) -> None:
    x = np.random.default_rng(0).normal(size=(800, 200))
    assert measure("mean-cosine")(x + c) == pytest.approx(c**2 / (1 + c**2), abs=0.01)
    assert measure("partition")(x + c) < 0.6 * measure("partition")(x)
    assert measure("isoscore")(x + c) == pytest.approx(measure("isoscore")(x))


@pytest.mark.parametrize("dimension", [2, 5])
def test_a_surface_has_its_dimension_however_wide_the_space(dimension: int) -> None:
    draw = np.random.default_rng(2)
    x = draw.uniform(size=(1000, dimension)) @ ortho_group.rvs(30, random_state=3)[:dimension]
    assert measure("two-nn")(x) == pytest.approx(dimension, rel=0.15)
    assert measure("mle")(x) == pytest.approx(dimension, rel=0.15)


def test_hubs_come_with_dimension_and_not_without() -> None:
    draw = np.random.default_rng(0)
    circle = np.stack([np.cos(a := np.linspace(0, 2 * np.pi, 400, endpoint=False)), np.sin(a)], axis=1)
    assert abs(measure("hubness")(circle + 0.0)) < 0.5
    assert measure("hubness")(draw.normal(size=(400, 200)) + 0.3) > 1


def test_one_coordinate_that_makes_all_the_cosine_is_found() -> None:
    x = np.random.default_rng(0).normal(size=(300, 50))
    x[:, 17] += 40
    assert coordinates.contributions(cloud(x)).argmax() == 17
    assert coordinates.contributions(cloud(x)).sum() == pytest.approx(measure("mean-cosine")(x))
    assert measure("rogue-share")(x) > 0.95
    assert measure("rogue-share")(np.abs(np.random.default_rng(0).normal(size=(300, 50))) + 5) < 0.03


def test_equal_rows_count_once_among_neighbours() -> None:
    x = unseen(6)
    twice = np.concatenate([x, x[:20], x[:20] + 1e-9])
    for name in ("two-nn", "mle", "hubness"):
        assert measure(name)(twice) == measure(name)(x)
