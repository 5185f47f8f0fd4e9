"""Kinds at equal bits: no budget is overspent, firings are counted once, and planted codes are found."""

from math import comb, log2
from pathlib import Path

import numpy as np
import pytest
import torch
from planted_states import clusters, noise, rows
from small import code_folder

from probes import engine
from probes.codebooks import CodebookSpec, EqualBitsSpec, judging, kept, residual, sparse, weighing
from probes.codebooks.budgets import Share, atoms_in, shares
from probes.codebooks.equal_bits import METHODS
from probes.codebooks.kmeans import Options
from probes.errors import StrataError


@pytest.mark.parametrize("bits", [6, 7, 12])
def test_every_kind_stays_within_its_budget_and_could_not_take_one_code_more(bits: int) -> None:
    found = shares(bits, 3, 16, 5000)
    assert {share.budget for share in found} == {bits, 2 * bits, 4 * bits}
    for share in found:
        sparse_kind = share.method in METHODS[4:]
        each = log2(share.size) + (4 if share.method == "spherical" else 0)
        spent = log2(comb(share.size, share.choices)) + 4 * share.choices if sparse_kind else share.choices * each
        assert spent <= share.budget + 1e-9
        if sparse_kind and share.choices < share.size:
            assert log2(comb(share.size, share.choices + 1)) + 4 * (share.choices + 1) > share.budget


def test_kinds_that_cannot_spend_a_budget_are_left_out() -> None:
    names = [share.method for share in shares(12, 2, 7, 300)]
    assert "kmeans" not in names  # 4,096 codes of 300 rows
    assert "product" not in names  # 7 numbers have no equal parts
    assert names.count("residual") == 2
    assert atoms_in(12, 256) == 1


def test_a_budget_is_what_the_codebook_says_it_takes() -> None:
    for share in shares(6, 2, 8, 600):
        book = share.fit(rows(noise()), Options(2, 2))
        assert book.capacity <= share.budget + 1e-9


def test_an_atom_fires_once_however_often_it_is_taken_and_not_without_a_coefficient() -> None:
    atoms = torch.eye(4)[None]
    book = sparse.Pursuit(torch.zeros(4), atoms, torch.tensor([0.0, 1.0, 2.0]), 3)
    ids = np.array([[1, 1, 2, 1, 2, 0], [3, 0, 0, 0, 0, 1]], np.uint8)  # atoms, then their levels
    row, code = weighing.firings(book, ids)
    assert list(zip(row.tolist(), code.tolist(), strict=True)) == [(0, 1), (1, 0)]
    books = residual.Residual(torch.zeros(4), torch.stack([atoms[0], atoms[0]]), torch.zeros(0))
    row, code = weighing.firings(books, np.array([[1, 1], [0, 3]], np.uint8))
    assert (row.tolist(), code.tolist()) == ([0, 0, 1, 1], [1, 5, 0, 7])


def test_the_best_code_is_chosen_on_one_side_and_judged_on_the_other() -> None:
    true = (np.array([True, True, False, False]), np.array([True, False, True]))
    fires = ((np.arange(4), np.array([2, 2, 0, 1])), (np.arange(3), np.array([2, 2, 1])))
    assert weighing.best_f1(true, fires) == (2, pytest.approx(2 * 1 / (2 + 2)))


@pytest.mark.parametrize("method", METHODS)
def test_planted_clusters_are_found_by_every_kind_that_has_codes_enough(method: str) -> None:
    states, label = clusters(800, 6)
    choices = {"product": 2, "residual": 2}.get(method, 1)
    book = Share(method, 12, choices, 12).fit(rows(states), Options(2, 10))
    fires = tuple(weighing.firings(book, judging.read(book, rows(part)).ids) for part in (states[:600], states[600:]))
    values = [weighing.best_f1((label[:600] == k, label[600:] == k), fires)[1] for k in range(6)]
    dealt = np.random.default_rng(0).permutation(label)
    chance = [weighing.best_f1((dealt[:600] == k, dealt[600:] == k), fires)[1] for k in range(6)]
    assert np.mean(values) > 0.6
    assert np.mean(chance) < 0.35


@pytest.fixture(scope="module")
def home(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CodebookSpec]:
    folder, where = code_folder(tmp_path_factory.mktemp("code") / "code"), tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(where))
        sizes = {"codes": 8, "n_fit": 300, "n_test": 150, "passes": 2, "site": "attention", "method": "pursuit"}
        spec = CodebookSpec(model=str(tiny_gpt2), corpus=f"code:{folder}", **sizes).pinned()
        engine.run(spec)
    return where, spec


def test_states_are_those_that_the_run_was_fitted_to(
    home: tuple[Path, CodebookSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATA_HOME", str(home[0]))
    asked, run = kept.fitted(home[1].digest)
    found = engine.run(EqualBitsSpec(run=home[1].digest, bits=6, budgets=1, passes=2, texts=3))
    assert found.layer == run.best
    assert set(found.table.method) == {"kmeans", "spherical", "product", "residual", "pursuit", "itda", "topk"}
    assert (found.table.kl > 0).all()
    from probes.codebooks.kinds import book_of
    from probes.contract import Progress
    from probes.models import load

    sides = weighing.states_of(asked, run, run.best, load(asked.model, device="cpu"), Progress())
    at = run.layers.index(run.best)
    book = book_of(asked, run, at)
    assert run.ids.shape[2] == 8
    assert np.array_equal(judging.read(book, sides.held_out).ids, run.ids[at][run.sizes[0] :])


def test_a_layer_the_run_lacks_is_refused(home: tuple[Path, CodebookSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_HOME", str(home[0]))
    with pytest.raises(StrataError, match="no layer '9'"):
        engine.run(EqualBitsSpec(run=home[1].digest, layer="9"))
