"""K-means finds what scikit-learn finds from the same start, and what was planted; its search is exact."""

import numpy as np
import pytest
import torch
from planted_states import clusters, noise, rows
from sklearn.cluster import KMeans, MiniBatchKMeans

from probes.codebooks import kmeans, nearest
from probes.codebooks.kmeans import Options
from probes.codebooks.rows import Rows, center_of, rows_of
from probes.errors import StrataError


def inertia(states: np.ndarray, codes: torch.Tensor) -> float:
    return float(((states[:, None] - codes.numpy()[None]) ** 2).sum(-1).min(1).sum())


def test_the_search_is_exact_across_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "SCORES", 640)  # blocks of 64 rows, the last one in part
    states, codes = torch.from_numpy(noise(300, seed=1)), torch.from_numpy(noise(10, seed=2))
    brute = ((states[:, None] - codes[None]) ** 2).sum(-1)
    ids = nearest.nearest(states, codes)
    assert torch.equal(ids, brute.argmin(1))
    assert torch.allclose(nearest.distances(states, codes, ids), brute.min(1).values, atol=1e-5)


def test_of_equal_codes_the_first_is_taken() -> None:
    states = torch.from_numpy(noise(50))
    assert set(nearest.nearest(states, torch.ones(4, 8)).tolist()) == {0}


def test_long_states_keep_their_distance() -> None:
    """|x|² - 2x·c + |c|² would lose it all in float32."""
    states = torch.full((4, 8), 1e4) + torch.from_numpy(noise(4)) * 0.01
    there = nearest.distances(states, states + 0.01, torch.arange(4))
    assert torch.allclose(there, torch.full((4,), 8 * 0.01**2), rtol=0.2)


def test_totals_are_sums_by_code() -> None:
    states, ids = torch.from_numpy(noise(200)), torch.from_numpy(np.random.default_rng(0).integers(5, size=200))
    sums, count = nearest.totals(states, ids, 7)  # two codes without a row
    for code in range(7):
        assert torch.allclose(sums[code], states[ids == code].sum(0), atol=1e-4)
        assert count[code] == (ids == code).sum()


@pytest.mark.parametrize("block", [64, 8192])
def test_lloyd_ends_where_scikit_learn_ends_from_the_same_start(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    states, codes = noise(500), noise(500)[:12].copy()
    monkeypatch.setattr(Rows.blocks, "__defaults__", (block,))
    for passes in (1, 3, 30):
        reference = KMeans(12, init=codes, n_init=1, max_iter=passes, tol=0, algorithm="lloyd").fit(states)
        found = kmeans.fit(rows(states), Options(12, passes), start=torch.from_numpy(codes))
        assert inertia(states, found) == pytest.approx(reference.inertia_, rel=1e-3)
        assert np.allclose(np.sort(found.numpy(), 0), np.sort(reference.cluster_centers_, 0), atol=1e-3)


def test_mini_batches_come_close_to_whole_passes() -> None:
    states, _ = clusters(2000, 12, spread=0.5)
    whole = kmeans.fit(rows(states), Options(24, 20))
    batches = kmeans.fit(rows(states), Options(24, 20, batch=200))
    reference = MiniBatchKMeans(24, n_init=1, batch_size=200, random_state=0).fit(states)
    assert inertia(states, batches) < 1.15 * inertia(states, whole)
    assert inertia(states, batches) < 1.15 * reference.inertia_


@pytest.mark.parametrize("batch", [0, 100])
def test_planted_clusters_are_recovered(batch: int) -> None:
    states, label = clusters()
    codes = kmeans.fit(rows(states), Options(6, 20, batch))
    ids = nearest.nearest(torch.from_numpy(states), codes).numpy()
    assert len({(int(a), int(b)) for a, b in zip(label, ids, strict=True)}) == 6


def test_the_start_prefers_what_is_far() -> None:
    """One row in a hundred is far: an even draw would mostly miss all of them."""
    states = noise(1000) * 0.01
    states[:10] += 50
    for seed in range(5):
        start = kmeans.drawn(rows(states), 2, np.random.default_rng(seed))
        assert sorted((start.norm(dim=1) > 10).tolist()) == [False, True]


def test_a_pruned_start_ends_nearer_than_scikit_learn_where_a_drawn_one_does_not() -> None:
    """K-means++ puts two codes into some clusters and none into others, and passes do not mend it."""
    states, _ = clusters(1600, 64, 16, spread=0.6)
    reference = MiniBatchKMeans(64, n_init=1, batch_size=256, random_state=0).fit(states)
    ends = [inertia(states, kmeans.fit(rows(states), Options(64, 4, pruned=start))) for start in (False, True)]
    assert ends[1] < 0.98 * ends[0]
    assert ends[1] < 1.01 * reference.inertia_


def test_what_a_code_is_missed_by_is_how_much_farther_the_second_is() -> None:
    states, codes = torch.from_numpy(noise(100)), torch.from_numpy(noise(7, seed=1))
    far = ((states[:, None] - codes[None]) ** 2).sum(-1).sort(1)
    ids, missed = nearest.second(states, codes)
    assert torch.equal(ids, far.indices[:, 0])
    assert torch.allclose(missed, far.values[:, 1] - far.values[:, 0], atol=1e-4)


@pytest.mark.parametrize("n", [8, 12, 40])
def test_a_pruned_start_has_as_many_codes_as_asked_for_however_few_the_rows(n: int) -> None:
    start = kmeans.pruned(rows(noise(n)), 8, np.random.default_rng(0))
    assert start.shape == (8, 8)
    assert torch.isfinite(start).all()


def test_dead_codes_are_moved_while_fitting_and_the_last_pass_moves_none() -> None:
    states, _ = clusters(k=6)
    start = torch.from_numpy(np.concatenate([states[:1]] * 1 + [np.full((5, 8), 1e3, np.float32)]))
    dead = kmeans.fit(rows(states), Options(6, 1), start=start)
    assert int((dead.abs() > 500).all(1).sum()) == 5  # a single pass is also the last
    mended = kmeans.fit(rows(states), Options(6, 20), start=start)
    used = nearest.nearest(torch.from_numpy(states), mended).unique()
    assert len(used) == 6


def test_the_same_seed_gives_the_same_bits_and_another_one_other_codes() -> None:
    states = noise()
    one, again, other = (kmeans.fit(rows(states), Options(16, 5, seed=seed)) for seed in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_fewer_different_rows_than_codes_leave_codes_dead() -> None:
    states = np.repeat(noise(3), 40, 0)
    codes = kmeans.fit(rows(states), Options(8, 5))
    assert torch.isfinite(codes).all()
    assert inertia(states, codes) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_any_float_is_read_as_float32(kind: type) -> None:
    states = noise().astype(kind)
    codes = kmeans.fit(rows_of(states), Options(4, 5))
    assert codes.dtype == torch.float32
    assert torch.allclose(codes, kmeans.fit(rows_of(states.astype(np.float32)), Options(4, 5)))


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "n", "code", "said"),
    [(1, 10, "E-CODES-FEW", "A codebook of 1 code"), (11, 10, "E-CODES-ROWS", "11 codes cannot be fitted to 10")],
)
def test_too_few_codes_or_rows_are_refused(codes: int, n: int, code: str, said: str) -> None:
    with pytest.raises(StrataError, match=said) as refusal:
        kmeans.fit(rows(noise(n)), Options(codes))
    assert refusal.value.code == code


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_states_that_are_no_numbers_are_refused(bad: float) -> None:
    states = noise()
    states[17, 3] = bad
    with pytest.raises(StrataError, match="NaN or infinite") as refusal:
        center_of(rows(states))
    assert refusal.value.code == "E-STATES-NAN"


def test_states_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(StrataError, match="All 20 states are the same") as refusal:
        center_of(rows(np.full((20, 8), 0.1, np.float32)))
    assert refusal.value.code == "E-CODES-CONSTANT"


@pytest.mark.parametrize("array", [np.zeros(4, np.float32), np.zeros((4, 2), np.int64)])
def test_rows_are_float_and_two_dimensional(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Rows are float"):
        rows_of(array)
