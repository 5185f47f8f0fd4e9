import numpy as np
import pytest

from probes.linalg import (
    chance_angles,
    double_centred,
    orthonormal,
    overlap,
    principal_angles,
    principal_axes,
    rotated_short,
    squared_distances,
    u_centred,
)


def planted(rows: int = 500, width: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose spread is 5, 3 and 1 along three known orthonormal directions, around a known center."""
    draw = np.random.default_rng(0)
    axes = np.linalg.qr(draw.normal(size=(width, 3)))[0]
    places = np.linalg.qr(draw.normal(size=(rows, 3)) - 0.0)[0]
    places -= places.mean(0)
    places = np.linalg.qr(places)[0] * np.sqrt(rows - 1)  # uncorrelated, mean zero, variance one
    return places * [5, 3, 1] @ axes.T + 7, axes


def test_planted_axes_are_found_with_their_shares() -> None:
    rows, axes = planted()
    center, found, shares = principal_axes(rows, 3)
    np.testing.assert_allclose(center, 7, atol=1e-9)
    np.testing.assert_allclose(np.abs(found.T @ axes), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(shares, np.array([25, 9, 1]) / 35, rtol=1e-9)


def test_axes_agree_with_the_singular_vectors() -> None:
    rows = np.random.default_rng(1).normal(size=(40, 6)) * [6, 5, 4, 3, 2, 1]
    _, axes, shares = principal_axes(rows, 6)
    _, values, vectors = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs((axes * vectors.T).sum(0)), 1, atol=1e-9)
    np.testing.assert_allclose(shares, values**2 / (values**2).sum(), rtol=1e-9)
    assert shares.sum() == pytest.approx(1)


def test_each_axis_points_to_where_its_largest_coordinate_is_positive() -> None:
    rows, _ = planted()
    for data in (rows, -rows, rows[::-1], 2 * rows + 3):
        axes = principal_axes(data, 3)[1]
        assert (axes[np.abs(axes).argmax(0), range(3)] > 0).all()
        np.testing.assert_allclose(axes, principal_axes(rows, 3)[1], atol=1e-9)  # the same picture each time


def test_directions_without_variance_are_zero() -> None:
    line = np.outer(np.arange(10.0), [3, 4, 0])
    _, axes, shares = principal_axes(line, 3)
    np.testing.assert_allclose(axes[:, 0], [0.6, 0.8, 0], atol=1e-9)
    assert not axes[:, 1:].any()
    np.testing.assert_allclose(shares, [1, 0, 0], atol=1e-12)


@pytest.mark.parametrize("rows", [np.ones((1, 4)), np.full((5, 4), 2.5), np.zeros((3, 4), np.float32)])
def test_equal_rows_have_no_axes(rows: np.ndarray) -> None:
    center, axes, shares = principal_axes(rows, 2)
    np.testing.assert_allclose(center, rows[0])
    assert (axes.shape, shares.shape) == ((4, 2), (2,))
    assert not axes.any()
    assert not shares.any()


def test_more_axes_than_width_are_zero() -> None:
    _, axes, shares = principal_axes(np.array([[0.0], [1.0], [5.0]]), 2)
    assert axes.tolist() == [[1.0, 0.0]]
    assert shares.tolist() == [1.0, 0.0]


def test_rows_of_a_memory_map_are_not_touched() -> None:
    rows = np.random.default_rng(2).normal(size=(30, 5)).astype(np.float32)
    rows.flags.writeable = False
    _, axes, _ = principal_axes(rows)
    assert axes.dtype == np.float64
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-6)


# ---- Gram and distance matrices --------------------------------------------------------------------------------------


def test_centring_twice_takes_away_what_a_shift_adds() -> None:
    x = np.random.default_rng(0).normal(size=(3, 9, 4))
    h = np.eye(9) - 1 / 9
    k, moved = x @ x.swapaxes(-1, -2), (x + 7) @ (x + 7).swapaxes(-1, -2)
    np.testing.assert_allclose(double_centred(k), h @ k @ h, atol=1e-12)
    np.testing.assert_allclose(double_centred(moved), double_centred(k), atol=1e-10)
    np.testing.assert_allclose(u_centred(moved), u_centred(k), atol=1e-10)


def test_u_centred_products_are_the_unbiased_hsic() -> None:
    """Song et al. 2012, equation 5, with zero diagonals, term by term."""
    draw = np.random.default_rng(1)
    n, sides = 8, [draw.normal(size=(8, 3)) for _ in range(2)]
    k, m = (side @ side.T * (1 - np.eye(n)) for side in sides)
    hsic = (k * m).sum() + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (k.sum(0) @ m.sum(0))
    a, b = (u_centred(side @ side.T) for side in sides)
    assert (a * b).sum() == pytest.approx(hsic)
    np.testing.assert_allclose(a.sum(0), 0, atol=1e-12)
    assert not np.diagonal(a).any()


def test_the_given_matrix_is_left_as_it_is() -> None:
    k = np.ones((5, 5))
    k.flags.writeable = False
    assert not u_centred(k).any()
    assert not double_centred(k).any()


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_near_rows_keep_their_small_distance_and_equal_ones_have_none(offset: float) -> None:
    draw = np.random.default_rng(2)
    rows = draw.normal(size=(30, 10)) + offset
    rows[7] = rows[3]
    rows[9] = rows[3] + 1e-7 * draw.normal(size=10)
    got, true = squared_distances(rows), ((rows[:, None] - rows[None, :]) ** 2).sum(-1)
    np.testing.assert_allclose(got, true, rtol=1e-8, atol=0)
    assert got[3, 7] == got[7, 3] == got[5, 5] == 0


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (6, 6)])
def test_a_short_form_has_the_same_inner_products(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(3).normal(size=shape)
    short = rotated_short(x)
    assert short.shape == (shape[0], min(shape))
    np.testing.assert_allclose(short @ short.T, x @ x.T, atol=1e-12)


def test_an_orthonormal_basis_has_as_many_directions_as_there_are() -> None:
    x = np.random.default_rng(4).normal(size=(30, 3)) @ np.random.default_rng(5).normal(size=(3, 8))
    basis = orthonormal(x)
    assert basis.shape == (30, 3)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(basis @ (basis.T @ x), x, atol=1e-10)
    assert orthonormal(np.zeros((4, 2))).shape == (4, 0)


# ---- angles between subspaces ----------------------------------------------------------------------------------------


def test_planted_angles_are_found_to_the_last_digit() -> None:
    """Planes turned against each other by known angles, tiny ones too, in a basis that hides it."""
    draw = np.random.default_rng(0)
    turned = np.radians([0, 1e-6, 30, 45, 89.999, 90])
    frame = np.linalg.qr(draw.normal(size=(20, 12))).Q
    one, out = frame[:, :6], frame[:, 6:]
    other = one * np.cos(turned) + out * np.sin(turned)
    mixed = [basis @ draw.normal(size=(6, 6)) for basis in (one, other)]  # other columns, the same spaces
    np.testing.assert_allclose(principal_angles(*mixed), np.degrees(turned), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(principal_angles(*mixed[::-1]), np.degrees(turned), rtol=1e-6, atol=1e-8)
    assert overlap(*mixed) == pytest.approx(np.square(np.cos(turned)).mean())
    assert overlap(one, one) == pytest.approx(1)
    assert overlap(one, out) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("rank", "degrees", "draws"), [(8, 85.1, 60), (64, 75.6, 3), (128, 68.9, 2)])
def test_chance_is_not_ninety_degrees(rank: int, degrees: float, draws: int) -> None:
    """Against values measured elsewhere for random subspaces of width 768; their overlap is rank / width."""
    angles = chance_angles(768, rank, draws=draws)
    assert angles.mean() == pytest.approx(degrees, abs=0.25)
    assert np.square(np.cos(np.radians(angles))).mean() == pytest.approx(rank / 768, rel=0.03)


def test_bases_that_cannot_be_compared_are_refused() -> None:
    for one, other in ((np.eye(3), np.eye(4)), (np.ones((2, 3)), np.ones((2, 3))), (np.ones(3), np.ones(3))):
        with pytest.raises(ValueError, match="alike; got"):
            principal_angles(one, other)
