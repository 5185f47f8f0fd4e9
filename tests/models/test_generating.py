"""Writing on: transformers' own greedy text, random numbers by the seed, edits that change nothing at zero and end."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from probes.contract import Progress
from probes.errors import StrataError
from probes.models import LanguageModel, continuing, generating, language_model, load
from probes.models.generating import Sampling, choose, generate

PROMPTS = ["value = name", "print(", "for item in items total count"]
GREEDY = Sampling(tokens=8, temperature=0)


@pytest.fixture(scope="module", params=["tiny_gpt2", "tiny_llama"])
def lm(request: pytest.FixtureRequest) -> LanguageModel:
    return language_model(load(str(request.getfixturevalue(request.param))))


def shifting(by: float) -> Any:
    """An edit that adds to one number of each state."""

    def at(where: torch.Tensor) -> Any:
        def edit(states: torch.Tensor) -> torch.Tensor:
            moved = states.clone()
            moved[..., 3] += by
            return torch.where(where[..., None], moved, states)

        return edit

    return at


def ids(texts: list[Any]) -> list[tuple[int, ...]]:
    return [text.ids for text in texts]


def test_greedy_text_is_what_the_library_writes_alone(lm: LanguageModel) -> None:
    found = generate(lm, PROMPTS, GREEDY)
    for prompt, text in zip(PROMPTS, found, strict=True):
        encoded = lm.model.encode([prompt])
        asked = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
        whole = lm.net.generate(input_ids=encoded.ids, attention_mask=encoded.mask, **asked)[0]
        new = whole[encoded.ids.shape[1] :].tolist()
        end = continuing.ends_of(lm)
        assert list(text.ids) == [i for i in new if i not in end]
        assert text.text == lm.model.tokenizer.decode(text.ids)


def test_the_cache_changes_no_token(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ids(generate(lm, PROMPTS, Sampling(tokens=6), edits=[("1", shifting(2.0))]))
    first = continuing.Continuing.__init__

    def forgets(self: Any, *args: Any) -> None:
        first(self, *args)
        self.cache = ""

    monkeypatch.setattr(continuing.Continuing, "__init__", forgets)
    assert ids(generate(lm, PROMPTS, Sampling(tokens=6), edits=[("1", shifting(2.0))])) == kept


def test_a_sample_is_decided_by_the_seed_and_its_place_alone(lm: LanguageModel) -> None:
    sampling = Sampling(tokens=6, seed=5)
    all_of_them = ids(generate(lm, PROMPTS, sampling))
    assert ids(generate(lm, PROMPTS, sampling)) == all_of_them
    assert ids(generate(lm, PROMPTS[:1], sampling)) == all_of_them[:1]
    assert ids(generate(lm, PROMPTS, Sampling(tokens=6, seed=6))) != all_of_them
    same = ids(generate(lm, PROMPTS[:1] * 6, sampling))
    assert len(set(same)) > 1


def test_samples_are_those_of_their_place_whatever_is_read_at_once(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ids(generate(lm, PROMPTS, Sampling(tokens=5)))
    monkeypatch.setattr(generating, "TOGETHER", 2)
    assert ids(generate(lm, PROMPTS, Sampling(tokens=5))) == whole


def test_an_edit_of_nothing_writes_the_same_and_another_does_not(lm: LanguageModel) -> None:
    sampling = Sampling(tokens=8)
    plain = ids(generate(lm, PROMPTS, sampling))
    assert ids(generate(lm, PROMPTS, sampling, edits=[("1", shifting(0.0)), ("2", shifting(0.0))])) == plain
    assert ids(generate(lm, PROMPTS, sampling, edits=[("1", shifting(50.0))])) != plain
    assert ids(generate(lm, PROMPTS, sampling)) == plain


def test_the_first_token_is_never_edited(lm: LanguageModel) -> None:
    seen: list[torch.Tensor] = []

    def at(where: torch.Tensor) -> Any:
        seen.append(where)
        return lambda states: states

    generate(lm, ["print(", "value"], Sampling(tokens=3, temperature=0), edits=[("1", at)])
    lengths = lm.model.lengths(["print(", "value"])
    assert seen[0].sum(1).tolist() == (lengths - 1).tolist()
    assert [bool(where.all()) for where in seen[1:]] == [True] * (len(seen) - 1)


def test_the_model_is_left_as_it_was_also_after_an_error(lm: LanguageModel) -> None:
    before = [tensor.numpy().tobytes() for tensor in lm.net.state_dict().values()]
    plain = ids(generate(lm, PROMPTS, GREEDY))

    def hooks() -> list[Any]:  # some of transformers' own stay
        return [h for m in lm.net.modules() for h in (*m._forward_hooks.values(), *m._forward_pre_hooks.values())]

    had = hooks()

    def at(where: torch.Tensor) -> Any:
        def fails(states: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("broken off")

        return fails

    with pytest.raises(RuntimeError, match="broken off"):
        generate(lm, PROMPTS, GREEDY, edits=[("1", shifting(9.0)), ("2", at)])
    assert [tensor.numpy().tobytes() for tensor in lm.net.state_dict().values()] == before
    assert ids(generate(lm, PROMPTS, GREEDY)) == plain
    assert hooks() == had


def test_a_stop_ends_the_text_before_it(lm: LanguageModel) -> None:
    (whole,) = generate(lm, PROMPTS[:1], GREEDY)
    letter = whole.text[len(whole.text) // 2]
    (cut,) = generate(lm, PROMPTS[:1], Sampling(tokens=8, temperature=0, stop=(letter,)))
    assert (cut.text, cut.ended) == (whole.text[: whole.text.index(letter)], True)


def test_progress_can_stop_the_writing(lm: LanguageModel) -> None:
    class Stops(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            if done > 0:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(lm, PROMPTS, GREEDY, progress=Stops())


# ---- the choice of a token -------------------------------------------------------------------------------------------


def test_tokens_are_drawn_by_their_probabilities() -> None:
    chances = np.array([0.5, 0.3, 0.15, 0.05])
    logits = torch.from_numpy(np.log(chances)).float().expand(4000, -1)
    drawn = Counter(choose(logits, Sampling(), np.random.default_rng(0).random(4000)).tolist())
    assert [drawn[i] / 4000 for i in range(4)] == pytest.approx(chances.tolist(), abs=0.025)


@pytest.mark.parametrize(
    ("top_p", "left"), [(0.5, {0}), (0.51, {0, 1}), (0.79, {0, 1}), (0.9, {0, 1, 2}), (1, {0, 1, 2, 3})]
)
def test_top_p_keeps_the_fewest_tokens_that_reach_it(top_p: float, left: set[int]) -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)).expand(999, -1)
    dice = np.linspace(0, 1 - 1e-9, 999)
    assert set(choose(logits, Sampling(top_p=top_p), dice).tolist()) == left


def test_temperature_sharpens_and_zero_takes_the_likeliest() -> None:
    logits = torch.tensor([[0.0, 1.0, 0.5]]).expand(900, -1)
    dice = np.random.default_rng(0).random(900)
    share = [float((choose(logits, Sampling(temperature=t), dice) == 1).mean()) for t in (2.0, 1.0, 0.25)]
    assert share == sorted(share)
    assert share[0] == pytest.approx(np.exp(0.5) / (1 + np.exp(0.5) + np.exp(0.25)), abs=0.05)
    assert set(choose(logits, Sampling(temperature=0), dice).tolist()) == {1}


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": 0},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"stop": ("",)},
    ],
)
def test_what_cannot_be_sampled_is_refused(lm: LanguageModel, wrong: dict[str, Any]) -> None:
    with pytest.raises(StrataError, match="Cannot write") as refusal:
        generate(lm, PROMPTS, Sampling(**wrong))
    assert (refusal.value.code, bool(refusal.value.fix)) == ("E-SAMPLING", True)


def test_a_text_that_would_outgrow_the_context_is_refused(lm: LanguageModel) -> None:
    with pytest.raises(StrataError, match="longer than") as refusal:
        generate(lm, PROMPTS, Sampling(tokens=512))
    assert refusal.value.code == "E-TEXT-TOO-LONG"


def test_a_model_that_fills_gaps_cannot_write(tiny_bert: Path, lm: LanguageModel) -> None:
    from dataclasses import replace

    with pytest.raises(StrataError, match="does not predict the next token") as refusal:
        generate(replace(lm, task="masked"), PROMPTS, GREEDY)
    assert refusal.value.code == "E-GENERATE"
