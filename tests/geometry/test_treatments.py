"""Treatments do to the rows they are fitted on what they promise; nulls keep what they say and nothing else."""

import numpy as np
import pytest

from probes.geometry.measures import measure
from probes.geometry.nulls import GAUSSIAN, ISOTROPIC, null
from probes.geometry.treatments import ABTT, CENTRED, RAW, TREATMENTS, WHITENED, fit


@pytest.fixture
def rows() -> np.ndarray:
    draw = np.random.default_rng(0)
    return (draw.normal(size=(400, 20)) @ draw.normal(size=(20, 20)) + 5).astype(np.float32)


def test_whitened_rows_have_the_identity_as_covariance(rows: np.ndarray) -> None:
    white = fit(WHITENED, rows).apply(rows)
    assert np.abs(np.cov(white.T) - np.eye(20)).max() < 1e-6
    assert measure("isoscore")(white) == pytest.approx(1, abs=1e-6)


def test_all_but_the_top_removes_exactly_the_first_axes(rows: np.ndarray) -> None:
    before = np.sort(np.linalg.eigvalsh(np.cov(rows.astype(float).T)))[::-1]
    for top in (1, 3):
        after = np.sort(np.linalg.eigvalsh(np.cov(fit(ABTT, rows, top=top).apply(rows).T)))[::-1]
        np.testing.assert_allclose(after[: 20 - top], before[top:], rtol=1e-6)
        assert np.abs(after[20 - top :]).max() < 1e-9 * before[0]
    wide = np.random.default_rng(1).normal(size=(300, 250))
    assert np.linalg.matrix_rank(fit(ABTT, wide).apply(wide)) == 248  # two of 250: one in a hundred


def test_what_is_fitted_on_some_rows_is_applied_to_others(rows: np.ndarray) -> None:
    train, test = rows[:200], rows[200:]
    np.testing.assert_allclose(fit(CENTRED, train).apply(test), test - train.astype(float).mean(0), rtol=1e-6)
    assert np.abs(fit(CENTRED, train).apply(test).mean(0)).max() > 1e-3
    np.testing.assert_array_equal(fit(RAW, train).apply(test), test.astype(float))


def test_whitening_leaves_out_directions_without_variance() -> None:
    flat = np.random.default_rng(0).normal(size=(50, 3)) @ np.random.default_rng(1).normal(size=(3, 9))
    assert fit(WHITENED, flat).apply(flat).shape == (50, 3)


def test_an_unknown_treatment_or_null_names_all(rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match=", ".join(TREATMENTS)):
        fit("bleached", rows)
    with pytest.raises(ValueError, match="isotropic, same norms"):
        null("flat", rows, np.random.default_rng(0))


def test_the_isotropic_null_keeps_lengths_and_no_direction(rows: np.ndarray) -> None:
    made = null(ISOTROPIC, rows, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-5)
    assert abs(measure("mean-cosine")(made)) < 0.01 < 0.3 < measure("mean-cosine")(rows)


def test_the_gaussian_null_keeps_mean_and_covariance_and_loses_the_surface() -> None:
    draw = np.random.default_rng(0)
    angle = draw.uniform(0, 2 * np.pi, 2000)
    circle = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1) + 3
    made = null(GAUSSIAN, circle, draw)
    np.testing.assert_allclose(made.mean(0), circle.mean(0), atol=0.05)
    np.testing.assert_allclose(np.cov(made.T), np.cov(circle.T), atol=0.05)
    assert measure("two-nn")(circle[:500]) == pytest.approx(1, rel=0.15)
    assert measure("two-nn")(made[:500]) == pytest.approx(2, rel=0.15)
