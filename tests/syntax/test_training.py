"""Series trained together are those trained alone, the published recipe is plain PyTorch's, planted trees are found."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from planted import OPTIONS, dataset, goal_of, holding, nothing

from probes.contract import Progress
from probes.errors import Cancelled
from probes.syntax import evaluate
from probes.syntax.dataset import Dataset
from probes.syntax.series import GAP, Recipe, Series, series_of
from probes.syntax.targets import Targets, control, inventory_of, targets
from probes.syntax.training import Options, Task, Trained, parts_of, train, train_together

SIZES = (24, 8, 8)
PUBLISHED = replace(OPTIONS, recipe="published", rate=0.01, epochs=30)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Products this small are slower on two threads than on one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def planted() -> tuple[Dataset, Targets]:
    data = dataset(SIZES)
    return data, goal_of(data)


def fitted(
    arrays: list[np.ndarray], options: Options, goal: Targets | None = None, sizes: tuple[int, int] = SIZES[:2]
) -> tuple[Trained, Series]:
    goal = planted()[1] if goal is None else goal
    series = series_of(arrays, goal.starts[: sizes[0] + 1], recipe=options.recipe, device="cpu")
    return train(series, goal, sizes, options, Progress()), series


def several(width: int = 16) -> list[np.ndarray]:
    goal = planted()[1]
    return [scale * nothing(goal, width, seed) + seed for seed, scale in enumerate((1.0, 0.2, 5.0, 0.01))]


# ---- together and alone ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [OPTIONS, PUBLISHED], ids=["strata", "published"])
def test_series_trained_together_are_those_trained_alone(options: Options) -> None:
    arrays, lengths = [holding(planted()[1], 32), *several(32)], set()
    together, _ = fitted(arrays, options)
    for k, array in enumerate(arrays):
        alone, _ = fitted([array], options)
        for a, b in zip(together.probe.parameters, alone.probe.parameters, strict=True):
            assert torch.allclose(a[k], b[0], atol=1e-5, rtol=1e-4)
        epochs = len(alone.validation)
        assert np.allclose(together.validation[:epochs, k], alone.validation[:, 0], rtol=1e-4)
        assert np.isnan(together.validation[epochs:, k]).all()
        lengths.add(epochs)
    assert options.recipe == "strata" or len(lengths) > 1, "each has its own rate and its own end"


def test_tasks_trained_together_are_those_trained_alone() -> None:
    """Ranks, starts, labels and parts of the series: one pass over the states gives what a pass each does."""
    data, goal = planted()
    other = targets(fake := control(data, 0), inventory_of(fake[: SIZES[0]]))
    every = series_of(several(32), goal.starts[: SIZES[0] + 1], recipe="strata", device="cpu")
    asked = [
        Task(every, goal, OPTIONS),
        Task(every, goal, replace(OPTIONS, rank=3, seed=1)),
        Task(every, other, OPTIONS, slice(1, 3)),
    ]
    for task, found in zip(asked, train_together(asked, parts_of(SIZES[:2]), Progress()), strict=True):
        alone = train(every.part(task.which), task.goal, SIZES[:2], replace(task.options, seed=0), Progress())
        same = task.options.seed == 0
        for a, b in zip(found.probe.parameters, alone.probe.parameters, strict=True):
            assert a.shape == b.shape
            assert not same or torch.allclose(a, b, atol=1e-5, rtol=1e-4)
        assert np.allclose(found.validation, alone.validation, rtol=1e-3) == same


def test_ranks_side_by_side_keep_to_their_axes() -> None:
    """A series of rank r has r orthonormal axes, and is the one trained with no other beside it."""
    goal = planted()[1]
    every = series_of([holding(goal, 32)], goal.starts[: SIZES[0] + 1], recipe="strata", device="cpu")
    options = replace(OPTIONS, rank=8)
    asked = [Task(every.pick([0] * len(ranks)), goal, options, ranks=ranks) for ranks in ((1, 3, 8), (3,))]
    many, one = train_together(asked, parts_of(SIZES[:2]), Progress())
    for basis, rank in zip(many.probe.basis, (1, 3, 8), strict=True):
        assert not basis[:, rank:].any()
        gram = basis[:, :rank].T @ basis[:, :rank]
        assert torch.allclose(gram, torch.eye(rank), atol=0.1)
    assert torch.allclose(many.probe.basis[1], one.probe.basis[0], atol=1e-5)


def test_a_batch_is_read_once_for_all_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    goal, reads = planted()[1], []
    every = series_of(several(32), goal.starts[: SIZES[0] + 1], recipe="strata", device="cpu")
    take = Series.take
    monkeypatch.setattr(Series, "take", lambda self, rows: reads.append(len(rows)) or take(self, rows))
    for count in (1, 3):
        reads.clear()
        asked = [Task(every, goal, replace(OPTIONS, rank=r + 1)) for r in range(count)]
        train_together(asked, parts_of(SIZES[:2]), Progress())
        assert len(reads) == OPTIONS.epochs * (3 + 1)  # three batches of training, one of validation


def test_a_constant_or_a_broken_neighbour_changes_nothing() -> None:
    goal, arrays = planted()[1], several()[:1]
    alone, _ = fitted(arrays, OPTIONS)
    constant = np.full_like(arrays[0], 3.0)
    broken = np.full_like(arrays[0], np.nan)
    together, series = fitted([constant, arrays[0], broken], OPTIONS)
    for a, b in zip(together.probe.parameters, alone.probe.parameters, strict=True):
        assert torch.allclose(a[1], b[0], atol=1e-5, rtol=1e-4)
    f1 = evaluate.scores(together.probe, series, goal, np.arange(32, 40))[:2]
    assert np.isfinite(f1).all()
    assert torch.isfinite(together.probe.basis[0]).all()


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    arrays = several()[:2]
    for recipe in ("strata", "published"):
        options = replace(OPTIONS, recipe=recipe, epochs=2)
        one, same, other = (fitted(arrays, replace(options, seed=seed))[0] for seed in (3, 3, 4))
        for a, b, c in zip(one.probe.parameters[:3], same.probe.parameters, other.probe.parameters, strict=False):
            assert torch.equal(a, b)
            assert not torch.equal(a, c)
        assert np.array_equal(one.validation, same.validation)


# ---- the map of the recipe -------------------------------------------------------------------------------------------


def test_states_are_centred_and_scaled_by_training_rows_alone() -> None:
    goal = planted()[1]
    array = several()[2]
    starts = goal.starts[: SIZES[0] + 1]
    series = series_of([array], starts, recipe="strata", device="cpu")
    moved = array.copy()
    moved[starts[-1] :] += 100
    again = series_of([moved], starts, recipe="strata", device="cpu")
    assert np.array_equal(series.center, again.center)
    assert np.array_equal(series.scale, again.scale)
    seen = series.take(np.arange(starts[-1]))[0].numpy()
    assert np.abs(seen.mean(0)).max() < 1e-3
    steps = [np.square(np.diff(seen[a:b], axis=0)).sum(1) for a, b in zip(starts[:-1], starts[1:], strict=True)]
    assert np.concatenate(steps).mean() == pytest.approx(GAP**2, rel=1e-4)  # within snippets, never across


def test_enormous_states_of_first_words_do_not_shrink_the_others() -> None:
    """In many decoders a text's first state is a hundred times as long: the map is that of the other words."""
    goal = planted()[1]
    array, starts = several()[2], goal.starts[: SIZES[0] + 1]
    huge = array.copy()
    huge[goal.starts[:-1], 3] = 1e5
    some, plain = np.delete(np.arange(starts[-1]), starts[:-1]), np.linalg.norm(array[: starts[-1]], axis=1)
    assert plain.max() < 5 * np.median(plain)  # nothing is left out of what has no such words
    series = series_of([huge], starts, recipe="strata", device="cpu")
    assert series.center[0] == pytest.approx(array[some].mean(0), rel=1e-4, abs=1e-5)
    without = np.stack([array[some][1:], array[some][:-1]])[:, np.diff(some) == 1]
    assert series.scale[0] == pytest.approx(GAP / np.sqrt(np.square(without[0] - without[1]).sum(1).mean()), rel=1e-4)
    same = series_of([huge], starts, recipe="published", device="cpu")
    assert same.scale[0] == 1
    assert not same.center.any()


# ---- what is planted is found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["strata", "published"])
def test_a_planted_tree_is_found_and_noise_is_not(recipe: Recipe) -> None:
    sizes = (80, 8, 12)
    data = dataset(sizes, seed=1)
    goal = goal_of(data)
    width = 1 + len(goal.inventory.unaries) + len(goal.inventory.constituents)
    rate, epochs = (0.02, 10) if recipe == "strata" else (0.03, 14)
    options = replace(OPTIONS, rank=width, epochs=epochs, rate=rate, recipe=recipe, batch=16)
    arrays = [holding(goal, width), nothing(goal, width)]
    test = np.arange(sum(sizes[:2]), sum(sizes))
    trained, series = fitted(arrays, options, goal, sizes[:2])
    found = evaluate.scores(trained.probe, series, goal, test)[..., 2].mean(1)
    assert found[0] > 0.95
    assert found[1] < 0.35
    fake = control(data, 0)
    other = targets(fake, inventory_of(fake[: sizes[0]]))
    trained, series = fitted(arrays, options, other, sizes[:2])
    controls = evaluate.scores(trained.probe, series, other, test)[..., 2].mean(1)
    assert controls.max() < 0.35  # what is there is selective: the same probes do not learn word identity


# ---- progress --------------------------------------------------------------------------------------------------------


def test_progress_rises_to_the_whole_and_a_stop_is_heard() -> None:
    class Watch(Progress):
        seen: list[float] = []

        def report(self, done: float, total: float, note: str = "") -> None:
            self.seen.append(done / total)
            if len(self.seen) == 12:
                raise Cancelled

    goal = planted()[1]
    series = series_of(several()[:1], goal.starts[: SIZES[0] + 1], recipe="strata", device="cpu")
    with pytest.raises(Cancelled):
        train(series, goal, SIZES[:2], OPTIONS, Watch())
    assert Watch.seen == sorted(Watch.seen)
    assert Watch.seen[-1] == pytest.approx(12 / 18)  # 3 batches in each of 6 epochs
