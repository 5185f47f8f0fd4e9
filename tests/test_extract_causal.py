"""What stands behind the last span is not read where no token sees those after it, and nothing changes by that."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from probes import extract as at
from probes.models import Model, load
from probes.models.provenance import source_of

SAMPLES = Path(__file__).parents[1] / "data/samples"
TEXTS = ["def f(self):" + " x" * 90, "x", "for item in items:\n    print(item)" + " y" * 50, "if a == b: return"]
FIRST = [np.array([[0, 3]]), np.array([[0, 1]]), np.array([[4, 8]]), np.array([[3, 4]])]


@pytest.fixture(params=["tiny_bert", "tiny_t5", "tiny_llama", "tiny_gpt2"])
def model(request: pytest.FixtureRequest) -> Model:
    return load(str(request.getfixturevalue(request.param)), device="cpu")


def test_only_what_is_needed_is_read(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model.causal == (model.family in ("llama", "gpt2"))  # asked before the counting: it runs the model
    read, real = [0], Model.forward

    def counted(self: Model, encoded: Any, **asked: Any) -> Any:
        read[0] += int(encoded.mask.sum())
        return real(self, encoded, **asked)

    monkeypatch.setattr(Model, "forward", counted)
    source = source_of(model, corpus="ours", texts=TEXTS, seed=0)
    states = at.extract(model, TEXTS, FIRST, source=source)
    whole = int(model.lengths(TEXTS).sum())
    needed = model.lengths_to(TEXTS, np.array([int(span[0, 1]) for span in FIRST]))
    assert read[0] <= whole
    assert (read[0] < whole / 3) == (int(needed.sum()) < whole / 3) == model.causal
    for i, (text, span) in enumerate(zip(TEXTS, FIRST, strict=True)):
        encoded = model.encode([text])
        with torch.inference_mode():
            plain = model.net(input_ids=encoded.ids, output_hidden_states=True).hidden_states[1]
        rows = at.pool(plain, at.align(encoded.offsets, encoded.special, [span]))
        assert np.abs(states.at("1")[i] - rows[0].numpy()).max() < 1e-5


def test_a_model_that_knows_no_english_is_told_rightly(tiny_gpt2: Path) -> None:
    filling = load(str(SAMPLES / "filling"), device="cpu")
    assert len(set(filling.encode(["one two three four five six"]).ids[0].tolist())) == 1  # all of them unknown
    assert not filling.causal
    assert load(str(SAMPLES / "copying"), device="cpu").causal
    text = "f w o a s d j q f w o a s d j q"
    rows, _ = at.pooled(filling, [text], [np.array([[0, 1]])])
    encoded = filling.encode([text])
    with torch.inference_mode():
        plain = filling.net(input_ids=encoded.ids, output_hidden_states=True).hidden_states[-1]
    assert torch.allclose(rows[filling.layers[-1]][0], plain[0, 0], atol=1e-5)


def test_what_is_no_number_leaves_nothing_unread(tiny_gpt2: Path) -> None:
    model = load(str(tiny_gpt2), device="cpu")
    with torch.no_grad():
        for parameter in model.net.parameters():
            parameter.fill_(float("nan"))
    assert not model.causal


def test_every_sample_model_has_its_weights() -> None:
    for config in SAMPLES.glob("*/config.json"):
        assert (config.parent / "model.safetensors").exists(), config.parent


def test_a_text_without_spans_is_still_a_row_of_one_token(tiny_gpt2: Path) -> None:
    model = load(str(tiny_gpt2), device="cpu")
    none = np.zeros((0, 2), np.int64)
    rows, count = at.pooled(model, ["a b c", "d"], [none, none])
    assert (len(count), rows["0"].shape) == (0, (0, model.width))
    assert model.lengths_to(["a b c"], np.array([0])).tolist() == [1]
