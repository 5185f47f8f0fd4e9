"""Beam search: transformers' own beams, the best text by trying all, groups that part, texts that end; refusals."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from headed import saved

from probes.errors import StrataError
from probes.models import LanguageModel, beaming, language_model, load
from probes.models.beaming import Beaming, path, search

PROMPT = "for item in items total count"


@pytest.fixture(scope="module", params=["tiny_gpt2", "tiny_llama"])
def lm(request: pytest.FixtureRequest) -> LanguageModel:
    return language_model(load(str(request.getfixturevalue(request.param))))


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beaming, "ends_of", lambda _: set())


def texts(lm: LanguageModel, how: Beaming) -> list[tuple[list[int], float]]:
    tree, last = search(lm, PROMPT, how)
    return [(path(tree, node), tree[node].total) for node in last]


@pytest.mark.usefixtures("endless")
def test_the_beams_are_what_the_library_finds(lm: LanguageModel) -> None:
    encoded = lm.model.encode([PROMPT])
    asked: dict[str, Any] = {"num_beams": 5, "num_return_sequences": 5, "length_penalty": 0.0, "eos_token_id": None}
    told = {"return_dict_in_generate": True, "output_scores": True, "max_new_tokens": 6, "do_sample": False}
    said = lm.net.generate(input_ids=encoded.ids, attention_mask=encoded.mask, pad_token_id=0, **asked, **told)
    found = texts(lm, Beaming(tokens=6, beams=5))
    assert [ids for ids, _ in found] == said.sequences[:, encoded.ids.shape[1] :].tolist()
    assert [total for _, total in found] == pytest.approx(said.sequences_scores.tolist(), abs=1e-4)


@pytest.mark.usefixtures("endless")
def test_as_many_beams_as_words_find_the_likeliest_of_all_pairs(lm: LanguageModel) -> None:
    size = lm.net.config.vocab_size
    first = lm.model.encode([PROMPT])
    one = torch.log_softmax(lm.logits(first)[0, -1].double(), -1)
    ids = torch.cat([first.ids.repeat(size, 1), torch.arange(size)[:, None]], 1)
    two = torch.log_softmax(lm.net(input_ids=ids).logits[:, -1].double(), -1)
    best = (one[:, None] + two).flatten().max()
    found = texts(lm, Beaming(tokens=2, beams=size))
    assert found[0][1] == pytest.approx(float(best), abs=1e-4)
    narrow = texts(lm, Beaming(tokens=2, beams=1))
    assert narrow[0][1] <= found[0][1] + 1e-6
    assert narrow[0][0][0] == int(one.argmax())  # one beam is greedy


@pytest.mark.usefixtures("endless")
def test_groups_part_where_a_token_costs_and_search_as_one_where_it_does_not(lm: LanguageModel) -> None:
    same = texts(lm, Beaming(tokens=4, beams=6, groups=3, diversity=0.0))
    assert [ids for ids, _ in same[:2]] == [ids for ids, _ in same[2:4]] == [ids for ids, _ in same[4:]]
    apart = Beaming(tokens=4, beams=6, groups=3, diversity=50.0)
    found = texts(lm, apart)
    firsts = [{ids[0] for ids, _ in found[k : k + 2]} for k in (0, 2, 4)]
    assert len(set.union(*firsts)) == sum(map(len, firsts))  # no group begins as another does
    alone = texts(lm, Beaming(tokens=4, beams=2))
    assert [ids for ids, _ in found[:2]] == [ids for ids, _ in alone]  # the first group pays nothing
    nodes, last = search(lm, PROMPT, apart)
    assert Counter(nodes[node].group for node in last) == {0: 2, 1: 2, 2: 2}
    assert all(
        node.total == pytest.approx(node.logp + (nodes[node.parent].total if node.step else 0)) for node in nodes
    )


def test_a_text_that_ends_keeps_its_place_and_its_score(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_ = texts(lm, Beaming(tokens=1, beams=3))
    monkeypatch.setattr(beaming, "ends_of", lambda _: {first[0][0]})
    found = texts(lm, Beaming(tokens=3, beams=3))
    ended = [(ids, total) for ids, total in found if ids[-1] == first[0][0]]
    assert ended[0] == (first[0], pytest.approx(first[1]))
    monkeypatch.setattr(beaming, "ends_of", lambda _: set(range(lm.net.config.vocab_size)))
    tree, last = search(lm, PROMPT, Beaming(tokens=3, beams=3))
    assert len(tree) == len(last) == 3  # all ended at once: nothing is left to write


def test_what_cannot_be_searched_is_refused(lm: LanguageModel, tiny_bert: Path, tmp_path: Path) -> None:
    fills = language_model(load(str(saved("bert", tmp_path / "bert", tiny_bert, masked=True))))
    how = Beaming(tokens=2, beams=4)
    many = replace(how, beams=lm.net.config.vocab_size + 1)
    with pytest.raises(StrataError, match="fewer than the"):
        search(lm, PROMPT, many)
    cases = ((fills, PROMPT, how, "E-GENERATE"), (lm, PROMPT, replace(how, groups=3), "E-BEAMS"), (lm, "", how, None))
    for model, prompt, asked, code in cases:
        if code is None and lm.model.family != "gpt2":
            continue  # a token stands before the text: nothing at all is a prompt
        with pytest.raises(StrataError) as caught:
            search(model, prompt, asked)
        assert caught.value.code == (code or "E-TEXT-EMPTY")
        assert caught.value.fix
