"""Sparse codebooks: pursuit never makes it worse, atoms have length one, real states are their own codes."""

from typing import Any

import numpy as np
import pytest
import torch
from planted_states import clusters, noise, rows, share
from sklearn.linear_model import orthogonal_mp

from probes.codebooks import itda, sparse, topk
from probes.codebooks.kmeans import Options
from probes.codebooks.sparse import Pursuit
from probes.errors import StrataError

FITS: dict[str, Any] = {"pursuit": sparse.fit, "itda": itda.fit, "topk": topk.fit}
each = pytest.mark.parametrize("kind", list(FITS))


def mixed(n: int = 800, *, seed: int = 0) -> np.ndarray:
    """States of width 16 made of two of 24 directions each, with positive coefficients."""
    way = np.random.default_rng(7).normal(size=(24, 16))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    draw = np.random.default_rng(seed)
    two = np.stack([draw.choice(24, 2, replace=False) for _ in range(n)])
    return np.einsum("nk,nkw->nw", draw.uniform(1, 3, (n, 2)), way[two]).astype(np.float32)


def kept(book: Any, states: np.ndarray) -> float:
    return share(states, book.decode(book.encode(torch.from_numpy(states))))


@each
def test_planted_directions_are_explained_and_noise_is_not(kind: str) -> None:
    book = FITS[kind](rows(mixed()), Options(32, 10), 2)
    assert kept(book, mixed(300, seed=1)) > {"pursuit": 0.8, "itda": 0.6, "topk": 0.7}[kind]
    wide = FITS[kind](rows(noise(600, 16)), Options(32, 4), 2)
    assert 0 < kept(wide, noise(300, 16, seed=1)) < 0.6


@each
def test_atoms_have_length_one_and_levels_begin_at_zero(kind: str) -> None:
    book = FITS[kind](rows(mixed()), Options(16, 3), 2)
    assert torch.allclose(book.codes.norm(dim=2), torch.ones(1, 16), atol=1e-5)
    assert book.levels[0] == 0
    assert len(book.levels) == 16
    assert book.levels.tolist() == sorted(book.levels.tolist())


@each
def test_ids_are_atoms_and_levels_and_the_bits_count_both(kind: str) -> None:
    book = FITS[kind](rows(mixed()), Options(16, 2), 3)
    ids = book.encode(torch.from_numpy(mixed(50)))
    assert ids.shape == (50, 6)
    assert book.capacity == pytest.approx(np.log2(16 * 15 * 14 / 6) + 3 * 4)
    by_hand = book.center + sum(book.levels[ids[:, 3 + j], None] * book.codes[0][ids[:, j]] for j in range(3))
    assert torch.allclose(book.decode(ids), by_hand, atol=1e-5)


@each
def test_the_same_seed_is_the_same_codebook_and_another_is_another(kind: str) -> None:
    one, same, other = (FITS[kind](rows(mixed()), Options(16, 2, seed=s), 2) for s in (0, 0, 1))
    assert torch.equal(one.codes, same.codes)
    assert torch.equal(one.levels, same.levels)
    assert not torch.equal(one.codes, other.codes)


@each
def test_fewer_states_than_atoms_are_refused(kind: str) -> None:
    with pytest.raises(StrataError, match="32 codes cannot be fitted to 20 states"):
        FITS[kind](rows(noise(20)), Options(32), 2)


def test_what_pursuit_leaves_falls_with_every_step_of_every_row() -> None:
    book = sparse.fit(rows(mixed()), Options(16, 3), 6)
    states = torch.from_numpy(noise(200, 16, seed=3) * 3)
    before = (states - book.center).square().sum(1)
    for k in range(1, 7):
        shorter = Pursuit(book.center, book.codes, book.levels, k)
        after = (states - shorter.decode(shorter.encode(states))).square().sum(1)
        assert (after <= before + 1e-4).all()
        before = after


def test_one_step_is_that_of_scikit_learn_where_it_is_positive() -> None:
    atoms = torch.nn.functional.normalize(torch.from_numpy(noise(12, 8)))
    states = torch.from_numpy(noise(60, 8, seed=2))
    chosen, gains, left = sparse.pursue(states, atoms, 1)
    for row, atom, gain in zip(states, chosen[:, 0], gains[:, 0], strict=True):
        found = orthogonal_mp(atoms.numpy().T, row.numpy(), n_nonzero_coefs=1)
        if found[atom] > 0:
            assert gain == pytest.approx(found[atom], abs=1e-4)
    assert torch.allclose(left, states - gains * atoms[chosen[:, 0]], atol=1e-5)


def test_learning_a_dictionary_beats_the_one_it_starts_from() -> None:
    values = [kept(sparse.fit(rows(mixed()), Options(24, passes), 2), mixed()) for passes in (0, 3, 12)]
    assert values[0] + 0.05 < values[1] <= values[2] + 0.01


def test_a_real_state_is_its_own_code() -> None:
    states = mixed()
    book = itda.fit(rows(states), Options(16), 2)
    ids = book.encode(torch.from_numpy(states[list(book.rows)]))
    assert ids[:, 0].tolist() == list(range(16))
    assert len(set(book.rows)) == 16
    unit = states[list(book.rows)] - book.center.numpy()
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert np.allclose(book.codes[0].numpy(), unit, atol=1e-5)


def test_equal_states_still_make_a_dictionary_of_different_rows() -> None:
    states = np.repeat(clusters(5)[0], 20, 0)
    assert len(set(itda.fit(rows(states), Options(12), 2).rows)) == 12


def test_an_autoencoder_encodes_by_the_book() -> None:
    book = topk.fit(rows(mixed()), Options(16, 2), 2)
    states = torch.from_numpy(mixed(20, seed=4))
    full = torch.relu((states - book.center) @ book.encoder.T + book.bias)
    for row, ids in zip(full, book.encode(states), strict=True):
        assert ids[:2].tolist() == row.argsort(descending=True)[:2].tolist()
        nearest = [(book.levels - row[i]).abs().argmin().item() for i in ids[:2]]
        assert ids[2:].tolist() == nearest
