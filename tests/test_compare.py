"""Comparing: planted differences are found, paired where texts are shared, and equal runs differ by exactly nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from probes.compare import MOST, compare, labels
from probes.contract import Comparable
from probes.errors import StrataError
from probes.stats import unpaired

N = 200


def planted(shift: float = 0.0, *, seed: int = 0, noise: float = 0.0, first: int = 0, places: int = 4) -> Comparable:
    """Text i is as hard in every run that has it; a run is `shift` better on all of them, give or take `noise`."""
    hard = np.random.default_rng(0).normal(0.5, 0.2, 10_000)[first : first + N]
    own = np.random.default_rng(seed).normal(0, noise, (places, N)) if noise else np.zeros((places, N))
    rows = [
        {"order": k, "place": str(k), "text": f"t{first + i}", "value": hard[i] + 0.1 * (k == 2) + shift + own[k, i]}
        for k in range(places)
        for i in range(N)
    ]
    return Comparable("F1", "layer", "2", pd.DataFrame(rows))


def test_the_same_answers_differ_by_exactly_nothing() -> None:
    made = compare({"a": planted(), "b": planted()})
    assert (made.differences[["difference", "low", "high"]].to_numpy() == 0).all()
    assert set(made.differences.how) == {"paired"}
    assert made.headline() == "“b” is exactly as “a” in F1, at layer 2."


def test_a_planted_difference_is_found_with_its_interval_at_every_place() -> None:
    made = compare({"a": planted(), "b": planted(0.03, seed=1, noise=0.02)})
    rows = made.differences
    assert rows.place.tolist() == ["0", "1", "2", "3"]
    assert rows.difference.to_numpy() == pytest.approx(0.03, abs=0.006)
    assert ((rows.low < 0.03) & (rows.high > 0.03)).sum() >= 3  # 19 of 20 intervals hold it
    assert (rows.high - rows.low).to_numpy() == pytest.approx(2 * 1.96 * 0.02 / N**0.5, rel=0.25)  # theory
    row = made.best.iloc[0]
    assert made.headline() == (
        f"“b” is {row.difference:.2f} [{row.low:.2f}, {row.high:.2f}] above “a” in F1, at layer 2."
    )


def test_pairing_is_what_finds_it() -> None:
    """The same difference on other texts drowns in how much texts differ."""
    paired = compare({"a": planted(), "b": planted(0.03, seed=1, noise=0.02)}).best.iloc[0]
    apart = compare({"a": planted(), "b": planted(0.03, seed=1, noise=0.02, first=N)}).best.iloc[0]
    assert (paired.how, paired.texts) == ("paired", "200")
    assert (apart.how, apart.texts) == ("unpaired", "200 and 200")
    assert paired.low > 0
    assert apart.low < 0 < apart.high
    assert apart.high - apart.low > 5 * (paired.high - paired.low)
    assert apart.high - apart.low == pytest.approx(2 * 1.96 * (2 * 0.2**2 / N) ** 0.5, rel=0.25)  # theory


@pytest.mark.parametrize(
    ("first", "how"), [(0, "paired"), (N // 2, "paired"), (N // 2 + 2, "unpaired"), (N, "unpaired")]
)
def test_half_of_the_texts_must_be_shared_to_pair(first: int, how: str) -> None:
    assert set(compare({"a": planted(), "b": planted(first=first)}).differences.how) == {how}


def test_order_of_texts_does_not_matter() -> None:
    one = planted(0.03, seed=1, noise=0.02)
    shuffled = Comparable("F1", "layer", "2", one.items.sample(frac=1, random_state=3).reset_index(drop=True))
    base = planted()
    pd.testing.assert_frame_equal(compare({"a": base, "b": one}).values, compare({"a": base, "b": shuffled}).values)
    assert compare({"a": base, "b": one}).headline() == compare({"a": base, "b": shuffled}).headline()


def test_swapping_the_runs_turns_the_sign() -> None:
    one, two = planted(), planted(0.03, seed=1, noise=0.02)
    there, back = compare({"a": one, "b": two}).best.iloc[0], compare({"b": two, "a": one}).best.iloc[0]
    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-3)


def test_no_difference_is_said_to_be_none() -> None:
    made = compare({"a": planted(), "b": planted(seed=1, noise=0.1)})
    row = made.best.iloc[0]
    size, low, high = sorted((abs(row.low), abs(row.high), abs(row.difference)))[0], row.low, row.high
    assert low < 0 < high
    assert f"{size:.2f} [" in made.headline()
    assert made.headline().startswith("“b” is not clearly apart from “a”, ")
    assert made.headline().endswith(" it in F1, at layer 2.")


def test_three_runs_are_measured_against_the_first_and_the_highest_is_named() -> None:
    made = compare({"a": planted(), "b": planted(0.02), "c": planted(0.05)})
    assert set(made.differences.against) == {"a"}
    assert made.headline() == ("“c” is 0.05 [0.05, 0.05] above “a” in F1, at layer 2. Of all 3, “c” is the highest.")
    back = compare({"c": planted(0.05), "a": planted(), "b": planted(0.02)})
    assert back.headline().startswith("“b” is 0.03 [0.03, 0.03] below “c”")
    assert back.headline().endswith("Of all 3, “c” is the highest.")


def test_models_of_different_depth_are_compared_each_at_its_best() -> None:
    made = compare({"a": planted(), "b": planted(0.03, places=9)})
    assert not made.aligned
    assert len(made.differences) == 1
    assert made.values.groupby("run").depth.max().tolist() == [1.0, 1.0]
    other = Comparable("F1", "layer", "7", planted(0.2, places=9).items)
    assert "each at its best layer (7, 2)" in compare({"a": planted(), "b": other}).headline()


def test_a_place_without_numbers_and_a_text_twice_do_not_disturb() -> None:
    items = planted().items
    holes = items.assign(value=items.value.where(items.place != "0"))
    assert compare({"a": planted(), "b": Comparable("F1", "layer", "2", holes)}).best.difference.iloc[0] == 0
    twice = Comparable("F1", "layer", "2", pd.concat([items, items], ignore_index=True))
    assert (compare({"a": planted(), "b": twice}).differences.difference.abs() < 1e-12).all()


REFUSED: dict[str, Callable[[], dict[str, Comparable]]] = {
    "0 runs": dict,
    "1 runs": lambda: {"a": planted()},
    f"{MOST + 1} runs": lambda: {str(i): planted() for i in range(MOST + 1)},
    "different things: F1, r": lambda: {"a": planted(), "b": Comparable("r", "layer", "2", planted().items)},
    "b has no values": lambda: {"a": planted(), "b": Comparable("F1", "layer", "99", planted().items)},
    "c has no values": lambda: {
        "a": planted(),
        "c": Comparable("F1", "layer", "2", planted().items.assign(value=np.nan)),
    },
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_compared_is_refused_with_the_reason(said: str) -> None:
    with pytest.raises(StrataError, match=said) as refusal:
        compare(REFUSED[said]())
    assert refusal.value.code == "E-COMPARE"
    assert refusal.value.fix


def test_the_unpaired_interval_covers_what_it_should() -> None:
    draw = np.random.default_rng(0)
    inside = 0
    for trial in range(200):
        _, low, high = unpaired(draw.normal(1, 1, 60), draw.normal(0, 1, 40), resamples=300, seed=trial)
        inside += low <= 1 <= high
    assert 0.89 <= inside / 200 <= 0.99
    with pytest.raises(ValueError, match="at least one"):
        unpaired(np.zeros(0), np.zeros(3))


# ---- labels ----------------------------------------------------------------------------------------------------------

BASE = {"model": "minilm", "revision": "r1", "corpus": "python-stdlib@3", "language": "python", "rank": 64, "seed": 0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([{}, {"rank": 32}], ["rank 64", "rank 32"]),
        ([{}, {"model": "e5", "revision": "r2"}], ["model minilm", "model e5"]),
        ([{}, {"rank": 32, "seed": 1}], ["rank 64, seed 0", "rank 32, seed 1"]),
        ([{}, {}], ["(000000)", "(000001)"]),
        ([{}, {"extra": True}], ["extra None", "extra True"]),
    ],
)
def test_a_run_is_labelled_by_what_differs(changes: list[dict[str, Any]], said: list[str]) -> None:
    names = [f"{i:06d}" + "f" * 26 for i in range(len(changes))]
    made, shared = labels([BASE | change for change in changes], names)
    assert made == said
    assert ("minilm" in shared) == ("model" not in changes[1])


def test_labels_stay_short_and_different() -> None:
    names = [f"{i:06d}" for i in range(2)]
    made, _ = labels([BASE | {"corpus": "code:/" + "x" * 500 + end} for end in "ab"], names)
    assert len(set(made)) == 2
    assert all(len(label) <= 60 for label in made)
