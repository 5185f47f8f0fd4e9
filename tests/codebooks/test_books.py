"""Each kind of codebook keeps what it promises: what is decoded, in how many bits, and that use changes nothing."""

import numpy as np
import pytest
import torch
from planted_states import clusters, noise, rows, share

from probes.codebooks import kinds, product, residual, spherical
from probes.codebooks.book import Codebook, compact
from probes.codebooks.kmeans import Options
from probes.errors import StrataError

KINDS = ("kmeans", "spherical", "product", "residual", "pursuit", "itda")
each = pytest.mark.parametrize("kind", KINDS)


def fitted(kind: str, states: np.ndarray, codes: int = 8, books: int = 2) -> Codebook:
    return kinds.fit(kind, rows(states), Options(codes, 10), books)


def kept(book: Codebook, states: np.ndarray) -> float:
    return share(states, book.decode(book.encode(torch.from_numpy(states))))


@each
def test_codes_explain_clusters_and_little_of_noise(kind: str) -> None:
    states, _ = clusters()
    assert kept(fitted(kind, states), states) > 0.95
    assert 0 < kept(fitted(kind, noise()), noise(seed=1)) < 0.7


@each
def test_decoding_what_was_encoded_is_the_same_again(kind: str) -> None:
    """What is decoded is coded as itself, or as well: a codebook is a projection."""
    book = fitted(kind, noise())
    once = book.decode(book.encode(torch.from_numpy(noise(seed=3))))
    again = book.decode(book.encode(once))
    if kind in ("residual", "pursuit", "itda"):  # the greedy search may take another way to a state as near
        assert ((again - once) ** 2).sum() < 0.2 * ((once - once.mean(0)) ** 2).sum()
    else:
        assert torch.allclose(again, once, atol=1e-4)


@each
def test_using_a_codebook_changes_nothing_of_it(kind: str) -> None:
    book = fitted(kind, noise())
    before = [book.center.clone(), book.codes.clone(), book.levels.clone()]
    book.decode(book.encode(torch.from_numpy(noise(seed=5) * 100)))
    for old, new in zip(before, (book.center, book.codes, book.levels), strict=True):
        assert torch.equal(old, new)


@each
def test_states_are_coded_alike_alone_and_together(kind: str) -> None:
    book, states = fitted(kind, noise()), torch.from_numpy(noise(40, seed=2))
    assert torch.equal(book.encode(states), torch.cat([book.encode(row[None]) for row in states]))


@each
@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_read_and_float32_given(kind: str, half: torch.dtype) -> None:
    book, states = fitted(kind, noise()), torch.from_numpy(noise(40, seed=2)).to(half)
    assert torch.equal(book.encode(states), book.encode(states.float()))
    assert book.decode(book.encode(states)).dtype == torch.float32


@pytest.mark.parametrize(
    ("kind", "capacity", "choices"), [("kmeans", 3, 1), ("spherical", 7, 2), ("product", 6, 2), ("residual", 6, 2)]
)
def test_capacity_counts_the_choices(kind: str, capacity: float, choices: int) -> None:
    book = fitted(kind, noise())
    assert book.capacity == pytest.approx(capacity)
    assert book.encode(torch.from_numpy(noise(5))).shape == (5, choices)


def test_more_depth_explains_more_and_the_first_book_is_plain_k_means() -> None:
    states = noise(800)
    books = [residual.fit(rows(states), Options(8, 10), depth) for depth in (1, 2, 4)]
    values = [kept(book, states) for book in books]
    assert values == sorted(values)
    assert values[-1] > values[0] + 0.1
    assert torch.equal(books[0].codes[0], books[2].codes[0])
    assert torch.equal(books[0].codes, fitted("kmeans", states).codes)


def test_a_product_decodes_each_part_by_itself() -> None:
    states = noise()
    book = product.fit(rows(states), Options(8, 10), 2)
    ids = book.encode(torch.from_numpy(states))
    changed = ids.clone()
    changed[:, 1] = (changed[:, 1] + 1) % 8
    one, two = book.decode(ids), book.decode(changed)
    assert torch.equal(one[:, :4], two[:, :4])
    assert not torch.equal(one[:, 4:], two[:, 4:])
    alone = residual.fit(rows(states[:, :4]), Options(8, 10))
    assert torch.allclose(alone.codes[0], book.codes[0], atol=1e-5)


def test_directions_have_length_one_and_keep_the_length_of_states() -> None:
    draw = np.random.default_rng(0)
    way = draw.normal(size=(4, 8))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    gain = draw.choice([1.0, 4.0, 16.0], size=(900, 1))
    states = (np.concatenate([way, -way])[draw.integers(8, size=900)] * gain).astype(np.float32)
    book = spherical.fit(rows(states), Options(8, 20))
    assert torch.allclose(book.codes.norm(dim=2), torch.ones(1, 8), atol=1e-5)
    assert book.levels.tolist() == sorted(book.levels.tolist())
    assert kept(book, states) > 0.97
    assert kept(fitted("kmeans", states), states) < 0.95  # one length a direction cannot say three


def test_parts_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(StrataError, match="width 8 cannot be cut into 3 equal parts") as refusal:
        product.fit(rows(noise()), Options(8), 3)
    assert refusal.value.code == "E-GROUPS"
    assert "1, 2, 4, 8" in refusal.value.fix


@pytest.mark.parametrize(("size", "kind"), [(256, np.uint8), (257, np.uint16), (65536, np.uint16), (65537, np.uint32)])
def test_ids_are_as_small_as_they_can_be(size: int, kind: type) -> None:
    ids = torch.tensor([[0], [size - 1]])
    assert compact(ids, size).dtype == kind
    assert compact(ids, size).tolist() == ids.tolist()
