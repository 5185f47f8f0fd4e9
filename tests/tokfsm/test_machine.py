"""The machine against counts of the paper, its floor against brute force, digits there and back, hostile tables."""

import itertools

import numpy as np
import pytest

from probes.codebooks.fsm.floor import floor, prefixes
from probes.codebooks.fsm.machine import Machine, machine, tokfsm
from probes.codebooks.fsm.measures import spoken
from probes.codebooks.fsm.patching import divergence, inputs
from probes.errors import StrataError


def test_the_machine_is_the_paper_s() -> None:
    ours = tokfsm()
    assert (ours.legal.sum(1) == 10).all()
    assert (prefixes(ours, ours.chances, 1) > 0).sum() == 686
    assert (prefixes(tokfsm(seed=41), tokfsm(seed=41).chances, 1) > 0).sum() != 686
    assert len(inputs(ours, 1)) == 686
    assert inputs(ours, 0)[37].tolist() == [10, 3, 7]


def test_its_floor_is_the_known_one() -> None:
    least = floor(tokfsm())
    assert least.loss == pytest.approx(1.1748, abs=5e-5)
    assert least.accuracy == pytest.approx(0.4638, abs=5e-5)


@pytest.mark.parametrize("tokens", [2, 3, 4, 6])
def test_the_floor_is_that_of_all_texts_counted_one_by_one(tokens: int) -> None:
    chances = np.array([[0.5, 0.25, 0.25], [0, 0.1, 0.9], [1, 0, 0]])
    ours = machine(chances, base=2)
    whole: dict[tuple[int, ...], float] = {}
    for walk in itertools.product(range(3), repeat=3):
        chance = 1 / 3 * chances[walk[0], walk[1]] * chances[walk[1], walk[2]]
        text = tuple(d for s in walk for d in (s // 2, s % 2))[: tokens - 1]
        whole[text] = whole.get(text, 0) + chance
    loss = -sum(p * np.log(p) for p in whole.values() if p) / (tokens - 1)  # the chain rule: all tokens together
    right = 0.0
    for n in range(tokens - 1):
        starts = {text[:n] for text in whole}
        for start in starts:
            after = [sum(p for t, p in whole.items() if t[: n + 1] == (*start, d)) for d in range(2)]
            right += max(after)
    least = floor(ours, tokens)
    assert least.loss == pytest.approx(loss)
    assert least.accuracy == pytest.approx(right / (tokens - 1))


@pytest.mark.parametrize(
    ("states", "base", "digits"), [(100, 10, 2), (101, 10, 3), (1000, 10, 3), (125, 5, 3), (8, 2, 3), (243, 3, 5)]
)
def test_exact_powers_take_no_digit_too_many(states: int, base: int, digits: int) -> None:
    ours = tokfsm(states, 2, base)
    assert ours.digits == digits
    every = np.arange(states)
    assert (ours.read(ours.written(every)) == every).all()
    assert ours.written(every).max() < base


def test_texts_are_legal_walks_and_an_unfinished_state_is_not_read() -> None:
    ours = tokfsm()
    texts = ours.texts(50, 128, np.random.default_rng(3))
    assert (texts[:, 0] == ours.start).all()
    assert texts.shape == (50, 128)
    assert ours.read(texts[:, 1:]).shape == (50, 63)
    assert spoken(ours, texts[:, 1:]).legal == 1
    random = np.random.default_rng(0).integers(10, size=(400, 127))
    assert spoken(ours, random).low < 0.1 < spoken(ours, random).high  # ten of a hundred are legal


def test_legality_counts_first_and_all_by_hand_and_a_number_that_is_no_state_is_illegal() -> None:
    ours = machine(np.array([[0, 1, 0], [0, 0, 1], [1.0, 0, 0]]), base=2)
    said = ours.written(np.array([[0, 1, 2, 0], [0, 2, 0, 1], [3, 0, 1, 2]]))
    found = spoken(ours, said)
    assert found.legal == pytest.approx((3 + 2 + 2) / 9)
    assert found.first == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("chances", "base", "says"),
    [
        ([[0.5, 0.4], [0, 1]], 10, "add up"),
        ([[1.5, -0.5], [0, 1]], 10, "add up"),
        ([[np.nan, 1], [0, 1]], 10, "add up"),
        ([[1.0]], 10, "shape"),
        ([[1.0, 0.0]], 10, "shape"),
        ([[1.0, 0], [0, 1]], 1, "base 1"),
    ],
)
def test_what_is_no_machine_is_refused(chances: list[list[float]], base: int, says: str) -> None:
    with pytest.raises(StrataError, match=says) as refused:
        machine(chances, base)
    assert refused.value.code == "E-FSM-TABLE"


def test_more_edges_than_states_are_refused() -> None:
    with pytest.raises(StrataError, match="11 of 10"):
        tokfsm(10, 11)
    assert isinstance(tokfsm(10, 10), Machine)


def test_divergence_is_bounded_and_symmetric() -> None:
    one, other = np.array([1.0, 0, 0]), np.array([0, 0.5, 0.5])
    assert divergence(one, other) == pytest.approx(np.log(2))
    assert divergence(one, one) == 0
    a, b = np.random.default_rng(0).dirichlet(np.ones(5), 2)
    assert divergence(a, b) == pytest.approx(divergence(b, a))
    assert 0 < divergence(a, b) < np.log(2)
