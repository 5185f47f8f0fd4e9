"""The logit lens: the model itself at the last layer, a planted answer at its layer and not before, sums by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from copying import KEPT
from emptied import add_in_block, direction_of, emptied, saved
from headed import saved as whole

from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention import LensSpec
from probes.intervention.lens import BARE, NORMED, LensResult, run
from probes.intervention.reading_layers import NONE, say
from probes.models import hidden_states, language_model, load
from probes.models.alone import Head
from probes.models.check import fingerprint


def read(model: Path | str, text: str = "def total(values): return sum", **asked: int) -> LensResult:
    return run(LensSpec(model=str(model), text=text, device="cpu", **asked), Progress())


@pytest.mark.parametrize("family", ["tiny_gpt2", "tiny_llama"])
def test_the_last_layer_is_the_model_itself_to_the_bit(family: str, request: pytest.FixtureRequest) -> None:
    lm = language_model(load(str(request.getfixturevalue(family)), device="cpu"))
    before = fingerprint(lm.model)
    encoded = lm.model.encode(["def total(values): return sum", "x"])
    states = hidden_states(lm.model, encoded)
    head = Head(lm)
    with torch.inference_mode():
        own = lm.logits(encoded)
    assert torch.equal(head.logits(states["2"], norm=True), own)
    assert torch.equal(head.logits(states["2 + norm"], norm=False), own)
    assert not torch.allclose(head.logits(states["2"], norm=False), own, atol=1e-3)
    assert fingerprint(lm.model) == before
    assert getattr(lm.net, lm.net.base_model_prefix) is lm.model.net  # the stand-in is not in the model itself


def test_a_scaled_and_a_capped_head_are_the_models_own(tiny_gpt2: Path, tmp_path: Path) -> None:
    for family in ("gemma2", "granite"):
        lm = language_model(load(str(whole(family, tmp_path / family, tiny_gpt2, masked=False)), device="cpu"))
        encoded = lm.model.encode(["def total(values)"])
        Head(lm).check(encoded, hidden_states(lm.model, encoded, ["2"])["2"])


def test_a_planted_token_is_said_from_its_layer_on_and_not_before(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, tokenizer = emptied(tmp_path / "planted", tiny_gpt2)
    token = tokenizer(" while")["input_ids"][-1]
    add_in_block(net, 3, 30 * direction_of(net, token))
    found = read(saved(net, tmp_path / "planted"))
    said = found.cells[found.cells["reading"] == NORMED]
    planted = tokenizer.decode([token])
    assert (said[said["order"] >= 3]["top"] == planted).all()
    assert not (said[said["order"] < 3]["top"] == planted).any()
    assert (found.settled["order"] == 3).all()
    assert found.half == "3"
    assert found.layers.set_index(["order", "reading"]).loc[(3, NORMED), "kl"] < 1e-6


def test_nothing_changes_in_a_model_that_does_nothing(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, _ = emptied(tmp_path / "empty", tiny_gpt2)
    found = read(saved(net, tmp_path / "empty"))
    assert (found.settled["order"] == 0).all()
    assert "settled by layer 0 of 4" in found.headline()


def test_entropy_divergence_and_rank_by_hand() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0, 0.0], [100.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 0.5]])
    last = torch.log_softmax(torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [3.0, 2.0, 1.0, 0.0]]), -1)
    found = say(logits, last, np.array([2, 0, NONE]), np.array([1, 2, 3, 0]), 2)
    assert found.entropy[:2] == pytest.approx([np.log(4), 0], abs=1e-5)
    p, q = np.exp(last[2].double().numpy()), torch.softmax(logits[2].double(), -1).numpy()
    assert found.kl[[0, 2]] == pytest.approx([0, (p * np.log(p / q)).sum()], abs=1e-5)
    assert found.kl[1] == pytest.approx(75 - np.log(4), abs=1e-3)  # three of four tokens lose 100 nats of odds
    assert found.rank[:2].tolist() == [1, 1]
    assert np.isnan([found.rank[2], found.truth_p[2], found.shuffled[2]]).all()
    assert found.top[2].tolist() == [2, 1]
    assert found.truth_p[0] == pytest.approx(0.25)
    assert found.shuffled[1] == 2  # row 1 of the head stands where the true one was


def test_tables_agree_with_each_other(tiny_gpt2: Path) -> None:
    found = read(tiny_gpt2, top=3)
    first = found.tops[found.tops["place"] == 1].reset_index(drop=True)
    pd.testing.assert_series_equal(first["top"], found.cells["top"])
    assert (found.tops.groupby(["layer", "reading", "position"])["probability"].sum() <= 1 + 1e-6).all()
    assert set(found.cells["reading"]) == {NORMED, BARE}
    assert found.cells.groupby("position")["rank"].count().iloc[-1] == 0  # what follows the text is not known
    assert found.hits["the last layer"] == int(found.settled["right"].sum())


def test_an_encoder_is_asked_for_each_token_masked(tiny_bert: Path, tmp_path: Path) -> None:
    folder = whole("bert", tmp_path / "bert", tiny_bert, masked=True)
    found = read(folder)
    lm = language_model(load(str(folder), device="cpu"))
    encoded = lm.model.encode(["def total(values): return sum"])
    at = int(found.settled["position"].iloc[2])
    encoded.ids[0, at] = lm.mask
    with torch.inference_mode():
        own = torch.softmax(lm.logits(encoded)[0, at], -1)
    last = found.cells[(found.cells["position"] == at) & (found.cells["order"] == found.depth)].iloc[0]
    assert last.probability == pytest.approx(float(own.max()), abs=1e-5)
    assert set(found.cells["reading"]) == {NORMED}  # its norms are in its blocks
    assert found.known == len(found.settled)
    assert "masked token" in found.headline()


def test_refusals(tiny_gpt2: Path, tiny_bert: Path) -> None:
    for text, code in (("x", "E-LENS-TEXT"), ("", "E-TEXT-EMPTY"), ("value " * 300, "E-LENS-TEXT")):
        with pytest.raises(StrataError) as caught:
            read(tiny_gpt2, text)
        assert caught.value.code == code
    with pytest.raises(StrataError) as caught:
        read(tiny_bert)
    assert caught.value.code == "E-HEAD"
    with pytest.raises(StrataError, match="knows nothing of this text"):
        read(KEPT, "the cat sat")


def test_a_head_that_needs_more_is_refused(tiny_gpt2: Path) -> None:
    lm = language_model(load(str(tiny_gpt2), device="cpu"))
    encoded = lm.model.encode(["def total"])
    with pytest.raises(StrataError) as caught:
        Head(lm).check(encoded, hidden_states(lm.model, encoded, ["1"])["1"])  # not the last
    assert caught.value.code == "E-LENS"
    assert "more than one norm" in caught.value.why
