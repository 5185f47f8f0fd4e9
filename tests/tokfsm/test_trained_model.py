"""Codebooks in real decoders: where they are, what they train, that they go again, and that a stopped run goes on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from probes.codebooks.fsm.machine import tokfsm
from probes.codebooks.fsm.measures import say, spoken
from probes.codebooks.trained import kept
from probes.codebooks.trained.book import Rules
from probes.codebooks.trained.hearing import heard
from probes.codebooks.trained.model import Codebooks, start_from
from probes.codebooks.trained.training import Recipe, Training, groups
from probes.errors import StrataError
from probes.models import toy

MACHINE = tokfsm(20, 3, 5)
SIZES = {"0.head": 8, "0.mlp": 6, "1.attention": 12, "1.mlp": 12}
MEANS = Rules(similarity="euclidean", learn="mean", commitment=0.25)
RECIPE = Recipe(steps=6, warm=1, restart=2, half=False)


def small(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return toy.neox(MACHINE.vocabulary, 16, toy.Shape(depth=2, heads=2, width=16))


def batch(draw: np.random.Generator) -> torch.Tensor:
    return torch.from_numpy(MACHINE.texts(4, 16, draw))


TEXTS = batch(np.random.default_rng(9))


def start(net: Any, rules: Rules = MEANS) -> Codebooks:
    books = Codebooks(net, SIZES, rules)
    start_from(books, net, TEXTS, passes=3)
    return books


@pytest.mark.parametrize("parallel", [True, False])
def test_an_mlp_beside_attention_sees_one_token_and_one_after_it_all_before(parallel: bool) -> None:
    torch.manual_seed(0)
    net: Any = toy.neox(MACHINE.vocabulary, 16, toy.Shape(depth=1, heads=2, width=16, parallel=parallel))
    seen: list[torch.Tensor] = []
    net.gpt_neox.layers[0].mlp.register_forward_hook(lambda _m, _i, out: seen.append(out[0, -1]))
    for first in (1, 2):
        net(input_ids=torch.tensor([[first, 3, 4]]))
    assert torch.equal(*seen) == parallel


@pytest.mark.parametrize("family", ["tiny_gpt2", "tiny_llama"])
def test_any_decoder_takes_codebooks_and_is_as_before_without_them(family: str, request: pytest.FixtureRequest) -> None:
    net = toy.decoder(request.getfixturevalue(family))
    tokens = torch.arange(12).reshape(2, 6)
    before = net(input_ids=tokens).logits
    books = Codebooks(net, {"0.head": 4, "0.attention": 4, "1.mlp": 4}, MEANS).eval()
    heads = books.named()["0.head"].codes.shape[0]
    assert heads == net.config.num_attention_heads
    assert not torch.allclose(net(input_ids=tokens).logits, before, atol=1e-4)
    assert books.named()["1.mlp"].ids.shape == (12, 1, 1)
    books.close()
    assert torch.equal(net(input_ids=tokens).logits, before)


def test_codes_enough_for_every_row_lose_nothing_and_starts_are_copied_for_every_head() -> None:
    net = small()
    before = net(input_ids=TEXTS).logits
    books = Codebooks(net, {"0.head": 64, "1.mlp": 64}, MEANS)
    start_from(books, net, TEXTS)
    after = net(input_ids=TEXTS).logits
    assert torch.allclose(before, after, atol=2e-3)
    assert not torch.equal(*books.named()["0.head"].codes)


def test_a_pursuit_starts_from_what_earlier_codes_left_and_loses_less_the_more_it_takes() -> None:
    net, left = small(), []
    texts = torch.from_numpy(MACHINE.texts(60, 16, np.random.default_rng(1)))
    for k in (1, 4):
        rules = Rules(k=k, similarity="euclidean", learn="mean", pursuit=True)
        books = Codebooks(net, {"0.mlp": 6, "1.head": 24}, rules)
        start_from(books, net, texts)
        book = books.named()["1.head"]
        left.append(
            (book.stand(book.read(book.seen)) - book.seen).square().sum()
            / (book.seen - book.seen.mean(0)).square().sum()
        )
        books.close()
    assert left[1] < 0.7 * left[0]
    assert books.named()["0.mlp"].rules.k == 4  # of six codes: one may come again


def test_codes_that_a_book_had_stay_and_the_others_are_of_what_they_leave() -> None:
    net, rules = small(), Rules(k=3, similarity="euclidean", learn="mean", pursuit=True)
    texts = torch.from_numpy(MACHINE.texts(60, 16, np.random.default_rng(1)))
    one = Codebooks(net, {"1.head": 16}, Rules(similarity="euclidean", learn="mean"))
    start_from(one, net, texts)
    before = one.named()["1.head"]
    one.close()
    more = Codebooks(net, {"1.head": 24}, rules)
    start_from(more, net, texts, had={"1.head": before.codes})
    book = more.named()["1.head"]
    assert torch.equal(book.codes[:, :16], before.codes)
    lost = [(one.stand(one.read(book.seen)) - book.seen).square().sum() for one in (before, book)]
    assert lost[1] < 0.5 * lost[0]
    more.close()
    for size, how in ((24, MEANS), (24, Rules(2, "euclidean", "mean")), (12, rules)):
        with pytest.raises(StrataError, match=f"had 16 codes and cannot have {size}"):
            start_from(Codebooks(net, {"1.head": size}, how), net, texts, had={"1.head": before.codes})


def test_all_codes_taken_away_leave_nothing_of_an_mlp() -> None:
    net = small()
    books = start(net)
    book = books.named()["0.mlp"].eval()
    book.forced = torch.full((TEXTS.numel(), 1, 1), -1)
    out: list[torch.Tensor] = []
    net.gpt_neox.layers[0].mlp.register_forward_hook(lambda _m, _g, o: out.append(o))
    net(input_ids=TEXTS)
    assert not out[0].any()


@pytest.mark.parametrize("rules", [MEANS, Rules(k=2), Rules(rotate=True, commitment=0.1)])
def test_every_weight_is_in_one_group_and_all_of_them_move(rules: Rules) -> None:
    net = small()
    books = start(net, rules)
    matrices, others = groups(net, books)
    listed = [id(p) for p in (*matrices, *others)]
    assert sorted(listed) == sorted({id(p) for p in (*net.parameters(), *books.parameters())})
    assert any(p is net.gpt_neox.layers[0].attention.dense.weight for p in matrices)
    before = {n: p.clone() for n, p in net.named_parameters()}
    training = Training(net, books, RECIPE)
    losses = [training.step(batch) for _ in range(2)]
    assert np.isfinite(losses).all()
    still = [n for n, p in net.named_parameters() if torch.equal(p, before[n])]
    assert not still
    assert all(p.grad is not None for p in books.parameters())


@pytest.mark.parametrize(("pursuit", "most"), [(True, 16), (False, 6)])
def test_only_codes_that_may_come_again_can_be_more_than_the_book_has(pursuit: bool, most: int) -> None:
    net = small()
    books = Codebooks(net, {"0.mlp": 6}, Rules(4, "euclidean", "sum", learn="mean", pursuit=pursuit))
    start_from(books, net, TEXTS, passes=3)
    training, book = Training(net, books, Recipe(steps=4, warm=1, many=16, half=False)), books.named()["0.mlp"]
    assert np.isfinite(training.step(batch))
    assert book.ids.shape[2] == most
    training.step(batch), training.step(batch)
    assert book.ids.shape[2] == 4


def test_what_is_used_counts_each_code_once_a_token() -> None:
    net = small()
    books = start(net, Rules(4, "euclidean", "sum", learn="mean", pursuit=True)).eval()
    used = heard(net, books, TEXTS.numpy()).used["0.mlp"][0]
    ids = books.named()["0.mlp"].ids[:, 0]
    assert used.tolist() == [int((ids == code).any(1).sum()) for code in range(6)]
    assert used.sum() < ids.numel()  # some came again


def test_using_a_model_changes_nothing_of_it() -> None:
    net = small()
    books = start(net)
    net.eval(), books.eval()
    before = {n: v.clone() for n, v in (*net.state_dict().items(), *books.state_dict().items())}
    heard(net, books, TEXTS.numpy())
    say(net, MACHINE, 3, 16)
    after = {**net.state_dict(), **books.state_dict()}
    assert all(torch.equal(v, after[n]) for n, v in before.items())


def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    def begun() -> Training:
        net = small()
        return Training(net, start(net), RECIPE)

    whole = begun()
    for step in range(6):
        whole.step(batch)
        if step == 2:
            whole.save(tmp_path)
    later = begun()
    later.resume(tmp_path)
    assert later.done == 3
    for _ in range(3):
        later.step(batch)
    assert all(torch.equal(a, b) for a, b in zip(whole.net.parameters(), later.net.parameters(), strict=True))
    assert all(torch.equal(a.codes, b.codes) for a, b in zip(whole.named.values(), later.named.values(), strict=True))


def test_two_models_in_one_process_do_not_touch_each_other() -> None:
    alone = Training(small(), None, RECIPE)
    apart = [alone.step(batch) for _ in range(2)]
    net, other = small(), small(1)
    one, two = Training(net, None, RECIPE), Training(other, start(other, Rules(k=2, output="mean")), RECIPE)
    mixed = []
    for _ in range(2):
        mixed.append(one.step(batch))
        two.step(batch)
    assert mixed == apart


def test_a_kept_model_is_the_model(tmp_path: Path) -> None:
    net = small()
    books = start(net)
    net.eval(), books.eval()
    kept.save(kept.Trained(net, books, {"note": "ours"}), tmp_path)
    back = kept.load(tmp_path)
    assert back.notes == {"note": "ours"}
    assert back.books.named()["0.mlp"].rules == MEANS
    assert torch.allclose(back.net(input_ids=TEXTS).logits, net(input_ids=TEXTS).logits, atol=1e-6)
    (tmp_path / kept.TENSORS).unlink()
    assert kept.rules(tmp_path) == MEANS  # without the codes
    (tmp_path / kept.RULES).write_text("{}")
    for reader in (kept.load, kept.rules):
        with pytest.raises(StrataError, match="no codebook model"):
            reader(tmp_path)


def test_places_that_are_not_there_are_named() -> None:
    for name in ("2.mlp", "0.tail", "mlp", "-1.mlp"):
        with pytest.raises(StrataError, match="no place") as refused:
            Codebooks(small(), {name: 4})
        assert refused.value.code == "E-CODES-PLACE"


def test_what_a_model_says_with_its_cache_is_what_it_would_say_without() -> None:
    net = small().eval()
    said = say(net, MACHINE, 200, 4, seed=1)
    assert said.shape == (200, 3)
    assert said.max() < MACHINE.base
    first = net(input_ids=torch.tensor([[MACHINE.start]])).logits[0, -1, : MACHINE.base].softmax(-1)
    shares = np.bincount(said[:, 0], minlength=MACHINE.base) / 200
    assert np.abs(shares - first.detach().numpy()).max() < 0.15
    found, past = toy.further(net, TEXTS[:, :5])
    found, past = toy.further(net, TEXTS[:, 5:9], past)
    assert torch.allclose(found, net(input_ids=TEXTS[:, :9]).logits[:, -1], atol=1e-5)
    assert spoken(MACHINE, say(net, MACHINE, 20, 16)).legal < 0.5  # it has learnt nothing
