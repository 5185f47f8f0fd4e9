"""One codebook by hand: choices, outputs, gradients of codes and of input, forced codes, restarts."""

import pytest
import torch

from probes.codebooks.trained.book import Book, Rules, follow, restart, rotated
from probes.errors import StrataError

CODES = torch.tensor([[[1.0, 0], [0, 2], [3, 3]]])


def book(**rules: object) -> Book:
    made = Book(1, 3, 2, Rules(**rules))  # type: ignore[arg-type]
    made.start(CODES)
    return made


def test_similarities_choose_differently_by_hand() -> None:
    row = torch.tensor([[1.2, 0.7]])
    assert book(similarity="cosine")(row).tolist() == [[3, 3]]  # 45 degrees is nearer than 0
    assert book(similarity="euclidean")(row).tolist() == [[1, 0]]


def test_two_codes_are_added_or_averaged_the_most_similar_first() -> None:
    row = torch.tensor([[1.0, 0.1]])
    made = book(k=2)
    assert made(row).tolist() == [[4, 3]]
    assert made.ids.tolist() == [[[0, 2]]]
    assert book(k=2, output="mean")(row).tolist() == [[2, 1.5]]


def test_gradients_are_those_of_the_paper() -> None:
    made = book(k=2, output="mean").train()
    row = torch.tensor([[1.0, 0.1]], requires_grad=True)
    upstream = torch.tensor([[0.5, -1.0]])
    (made(row) * upstream).sum().backward()
    assert torch.equal(row.grad, upstream)  # straight through
    assert torch.allclose(made.codes.grad[0], torch.stack([upstream[0] / 2, torch.zeros(2), upstream[0] / 2]))
    made.codes.grad = None
    row.grad = None
    made(row)
    assert made.loss.item() == pytest.approx(1 + 1.4**2)
    made.loss.backward()
    assert row.grad is None or not row.grad.any()  # without commitment nothing reaches the input
    assert torch.allclose(made.codes.grad[0, 0], torch.tensor([1.0, 1.4]))  # 2 (out - a) / k
    assert not made.codes.grad[0, 1].any()


def test_commitment_draws_the_input_alone() -> None:
    made = book(learn="mean", commitment=0.25, similarity="euclidean").train()
    row = torch.tensor([[1.0, 0.5]], requires_grad=True)
    made(row)
    made.loss.backward()
    assert torch.allclose(row.grad, 0.25 * 2 * torch.tensor([[0.0, 0.5]]))


def test_the_rotation_takes_the_input_to_its_code_and_turns_its_gradient() -> None:
    row = torch.tensor([[3.0, 1.0, 0.5]], requires_grad=True)
    out = torch.tensor([[0.0, 2.0, 1.0]])
    turned = rotated(row, out)
    assert torch.allclose(turned, out, atol=1e-6)
    upstream = torch.tensor([[0.3, -0.2, 0.7]])
    (turned * upstream).sum().backward()
    stretch = out.norm() / row.detach().norm()
    assert row.grad.norm() == pytest.approx(float(stretch * upstream.norm()), rel=1e-5)
    cosine = torch.nn.functional.cosine_similarity
    assert torch.allclose(cosine(row.grad, row.detach()), cosine(upstream, out), atol=1e-6)  # the angle is kept


def test_forced_codes_take_the_place_of_chosen_ones_and_minus_one_adds_nothing() -> None:
    made = book(k=2, output="mean")
    made.forced = torch.tensor([[[1, -1]], [[-2, -2]]])
    out = made(torch.tensor([[1.0, 0.1], [1.0, 0.1]]))
    assert out.tolist() == [[0, 1], [2, 1.5]]
    made.forced = torch.full((1, 1, 2), -1)
    assert made(torch.tensor([[1.0, 0.1]])).tolist() == [[0, 0]]


def test_the_reference_normalises_what_comes_in() -> None:
    made = Book(1, 2, 4, Rules(normalise=True, similarity="euclidean"))
    made.start(torch.tensor([[[1.0, 1, -1, -1], [-1.0, -1, 1, 1]]]))
    assert made(torch.tensor([[90.0, 90, 10, 10]])).tolist() == [[1, 1, -1, -1]]
    assert made.seen.norm() == pytest.approx(2, rel=1e-4)


def test_running_means_reach_the_mean_of_what_chose_them_and_only_dead_codes_move() -> None:
    made = book(learn="mean", similarity="euclidean", decay=0.0).train()
    made(torch.tensor([[1.0, 0.2], [1.2, 0], [3, 3.5]]))
    follow(made)
    assert torch.allclose(made.codes[0], torch.tensor([[1.1, 0.1], [0, 2], [3, 3.5]]))
    before = made.codes.clone()
    assert restart(made, 0.5, torch.Generator().manual_seed(0)) == 1
    assert torch.equal(made.codes[0, [0, 2]], before[0, [0, 2]])
    assert (made.seen[:, 0] == made.codes[0, 1]).all(1).any()


PURSUIT = {"k": 2, "similarity": "euclidean", "learn": "mean", "pursuit": True}


def test_a_pursuit_chooses_each_code_for_what_those_before_it_left() -> None:
    made = book(**PURSUIT)
    assert made(torch.tensor([[1.2, 2.1]])).tolist() == [[1, 2]]  # (0, 2) is nearest, and leaves (1.2, 0.1)
    assert made.ids.tolist() == [[[1, 0]]]
    assert book(k=2, similarity="euclidean")(torch.tensor([[1.2, 2.1]])).tolist() == [[3, 5]]  # the nearest at once
    assert made(torch.tensor([[2.1, 0.0]])).tolist() == [[2, 0]]  # one code may come twice
    draw = torch.Generator().manual_seed(0)
    one, four = (Book(2, 16, 3, Rules(**PURSUIT | {"k": k})) for k in (1, 4))  # type: ignore[arg-type]
    four.start(one.codes.clone())
    rows = torch.randn(200, 6, generator=draw)
    taken = four.choose(rows.view(200, 2, 3))
    left = rows.view(200, 2, 3).clone()
    for slot in range(4):
        far = (left[:, :, None] - four.codes).norm(dim=3)
        assert (far.gather(2, taken[:, :, slot, None])[:, :, 0] <= far.amin(2) + 1e-5).all()
        left -= torch.stack([four.codes[part, taken[:, part, slot]] for part in range(2)], 1)


def test_running_means_of_a_pursuit_move_codes_to_what_the_others_leave() -> None:
    made = book(**PURSUIT, decay=0.0).train()
    made(torch.tensor([[1.2, 2.1]]))
    follow(made)
    assert torch.allclose(made.codes[0], torch.tensor([[1.2, 0.1], [0.2, 2.1], [3, 3]]))
    made.count[:] = torch.tensor([[1.0, 1, 0]])
    made.start(CODES, made.count)
    made(torch.tensor([[1.2, 2.1]]))
    assert restart(made, 0.5, torch.Generator().manual_seed(0)) == 1
    assert torch.allclose(made.codes[0, 2], torch.tensor([1.2, 0.1]))  # what the first choice left


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(StrataError, match="one after another"):
        book(k=2, pursuit=True)
    with pytest.raises(StrataError, match="4 of 3 codes"):
        Book(1, 3, 2, Rules(k=4))
    with pytest.raises(StrataError, match="5 dimensions"):
        book()(torch.zeros(1, 5))
