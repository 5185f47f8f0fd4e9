"""The kept model against its machine, and codes that are states by construction."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from probes.codebooks.fsm.editing import edited
from probes.codebooks.fsm.judging import weights_of
from probes.codebooks.fsm.machine import tokfsm
from probes.codebooks.fsm.states import Fired, classified
from probes.codebooks.tokfsm import FOLDER, folder_of, kept
from probes.codebooks.trained import kept as trained
from probes.codebooks.trained.hearing import dead
from probes.errors import StrataError


def test_kept_models_are_small_and_named() -> None:
    assert "seed0" in kept()
    for name in kept():
        assert sum(p.stat().st_size for p in (FOLDER / name).iterdir()) < 3_200_000
    with pytest.raises(StrataError, match=r"no kept TokFSM model '\.\./x'") as refused:
        folder_of("../x")
    assert "seed0" in (refused.value.fix or "")


@pytest.mark.parametrize("name", ["model.safetensors", trained.TENSORS, trained.RULES])
def test_an_answer_is_told_apart_by_weights_codes_and_how_they_are_chosen(name: str, tmp_path: Path) -> None:
    for one in ("model.safetensors", trained.TENSORS, trained.RULES):
        shutil.copy(FOLDER / "seed0" / one, tmp_path)
    before = weights_of(tmp_path)
    assert before == weights_of(FOLDER / "seed0")
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    assert weights_of(tmp_path) != before


def planted(seed: int) -> Fired:
    """Codes of one book are the states; another's are noise; one neuron is high on state 3, the others are noise."""
    draw = np.random.default_rng(seed)
    state = np.where(np.arange(6000) % 2, draw.integers(5, size=6000), -1)
    ids = np.stack([np.where(state < 0, 5, state), draw.integers(6, size=6000)])[:, :, None]
    neurons = draw.normal(size=(8, 6000))
    neurons[6, state == 3] += 20
    return Fired((("0.mlp", 0), ("1.mlp", 0)), ids, neurons.astype(np.float32), state)


def test_planted_codes_and_a_planted_neuron_are_found() -> None:
    rows = classified(planted(0), planted(1), tokfsm(5, 2, 3), 6)
    assert rows["book"].eq("0.mlp").all()
    assert (rows["code"] == rows["state"]).all()
    assert rows[["precision", "recall", "by_f1", "by_f1_recall"]].eq(1).all(axis=None)
    assert rows["neuron"].to_numpy()[3] > 0.99
    assert rows["neuron"].drop(3).max() < 0.3


def test_a_code_of_several_choices_counts_once_a_token_in_whichever_of_them_it_stands() -> None:
    """The second choice is the state at every other of its tokens, and what fires everywhere at the others."""

    def second(found: Fired) -> Fired:
        codes = found.ids[0, :, 0]
        turn = np.arange(len(codes)) // 2 % 2
        ids = np.stack([np.where(turn, 5, codes), np.where(turn, codes, 5)], 1)
        return Fired(found.names[:1], np.stack([ids]), found.neurons, found.state)

    rows = classified(second(planted(0)), second(planted(1)), tokfsm(5, 2, 3), 6)
    assert (rows["code"] == rows["state"]).all()
    assert rows[["precision", "recall"]].eq(1).all(axis=None)


def test_dead_codes_are_counted_by_book() -> None:
    rows = dead({"0.head": np.array([[4, 4, 0, 0], [2, 2, 2, 2]])})
    assert rows["codes"].tolist() == [8]
    assert rows["dead"].tolist() == [0.25]
    assert rows["bits"].tolist() == [1.5]


def test_after_a_walk_the_codes_of_another_decide_the_next_digit_and_leave_no_trace() -> None:
    model = trained.load(FOLDER / "seed0")
    rows = edited(model.net, model.books, tokfsm(), pairs=60, read=2).set_index("patch")
    assert rows.loc["none", "divergence"] == 1
    assert rows.loc["none", "stayed"] > 0.9
    assert rows.loc["none", "low"] < rows.loc["none", "chance"]
    assert rows.loc["all", "divergence"] < 0.05 < rows.loc["all head", "divergence"]
    assert rows.loc["all", "low"] > rows.loc["none", "followed"]
    assert rows.loc["all", "stayed"] < 0.8
    assert all(book.forced is None for book in model.books.named().values())
