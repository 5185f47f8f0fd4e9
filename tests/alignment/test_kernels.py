"""Kernels: the same numbers as the measures that work on vectors, under any order of rows, and of any part of them."""

import numpy as np
import pytest

from probes.alignment.kernels import KERNELS, Kernel, every, kernel
from probes.alignment.measures import measure

each = pytest.mark.parametrize("of", KERNELS, ids=lambda k: k.name)
N = 24


@pytest.fixture(scope="module")
def sides() -> tuple[np.ndarray, np.ndarray]:
    """Three layers of width 9 that share something with two of width 30, which is more than there are rows."""
    draw = np.random.default_rng(3)
    shared = draw.standard_normal((N, 6))
    one = np.stack([shared @ draw.standard_normal((6, 9)) + s * draw.standard_normal((N, 9)) + 2 for s in (0.1, 1, 5)])
    two = np.stack([shared @ draw.standard_normal((6, 30)) + s * draw.standard_normal((N, 30)) for s in (0.5, 2)])
    return one.astype(np.float32), two.astype(np.float32)


def matrices(of: Kernel, x: np.ndarray) -> np.ndarray:
    return every(of.matrix, x)


def score(of: Kernel, k: np.ndarray, l: np.ndarray) -> np.ndarray:  # noqa: E741
    return of.score(every(of.features, k), every(of.features, l))


@each
def test_all_pairs_at_once_are_the_measure_a_pair_at_a_time(of: Kernel, sides: tuple[np.ndarray, np.ndarray]) -> None:
    found = score(of, *(matrices(of, side) for side in sides))
    wanted = [[measure(of.name).call(x, y) for y in sides[1]] for x in sides[0]]
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert np.ptp(found) > 0.05  # or agreement would say nothing


@each
def test_a_layer_and_itself(of: Kernel, sides: tuple[np.ndarray, np.ndarray]) -> None:
    k = matrices(of, sides[0])
    value = np.diagonal(score(of, k, k))
    np.testing.assert_allclose(value, measure(of.name).identical, atol=1e-6)
    assert of.distance == (measure(of.name).identical == 0)


@each
def test_features_in_another_order_are_the_measure_of_rows_in_that_order(
    of: Kernel, sides: tuple[np.ndarray, np.ndarray]
) -> None:
    order = np.random.default_rng(0).permutation(N)
    one, two = (every(of.features, matrices(of, side)) for side in sides)
    found = of.score(one, two[:, order][:, :, order])
    wanted = [[measure(of.name).call(x, y[order]) for y in sides[1]] for x in sides[0]]
    np.testing.assert_allclose(found, wanted, atol=1e-9)


# dimensions standardised over all rows keep the variance they have over them
@pytest.mark.parametrize("of", [k for k in KERNELS if "standardised" not in k.name], ids=lambda k: k.name)
def test_a_part_of_the_matrices_is_the_measure_of_those_rows(of: Kernel, sides: tuple[np.ndarray, np.ndarray]) -> None:
    rows = np.arange(0, N, 2)
    part = [matrices(of, side)[:, rows][:, :, rows] for side in sides]
    wanted = [[measure(of.name).call(x[rows], y[rows]) for y in sides[1]] for x in sides[0]]
    np.testing.assert_allclose(score(of, *part), wanted, atol=1e-9)


def test_standardising_takes_the_word_from_one_massive_dimension() -> None:
    draw = np.random.default_rng(1)
    x = draw.standard_normal((N, 8))
    y = x.copy()
    x[:, 0] = 1000 * draw.standard_normal(N)
    plain, fair = (kernel(name) for name in ("cka-unbiased", "cka-unbiased-standardised"))
    seen = [float(score(of, matrices(of, x[None]), matrices(of, y[None]))[0, 0]) for of in (plain, fair)]
    assert seen[0] < 0.3
    assert seen[1] > 0.6


def test_distances_without_a_middle_have_no_kernel() -> None:
    x = np.zeros((N, 2))
    x[0] = 1
    assert np.isnan(kernel("cka-rbf").features(kernel("cka-rbf").matrix(x))).all()
