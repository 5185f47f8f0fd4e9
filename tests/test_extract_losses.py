"""The loss of next and of masked tokens against torch's own, and the moments of the states that are edited."""

from pathlib import Path

import numpy as np
import pytest
import torch
from headed import saved

from probes.extract.losses import batch_of, losses, moments
from probes.models import hidden_states, language_model, load


def test_the_loss_is_the_mean_over_tokens_after_the_first_own_one(tiny_llama: Path) -> None:
    lm = language_model(load(str(tiny_llama), device="cpu"))
    texts = ["return value", "def total(values): return sum(values) + 1", "x y z"]
    found = losses(lm, texts)
    for text, loss in zip(texts, found, strict=True):
        encoded = lm.model.encode([text])  # <s>, the first token, one predicted from it, then those that count
        with torch.inference_mode():
            logits = lm.logits(encoded)[0]
        expected = torch.nn.functional.cross_entropy(logits[2:-1], encoded.ids[0, 3:])
        assert loss == pytest.approx(float(expected), abs=1e-5)


def test_an_encoder_is_asked_for_masked_tokens_and_the_mask_depends_on_text_and_seed_alone(
    tiny_bert: Path, tmp_path: Path
) -> None:
    lm = language_model(load(str(saved("bert", tmp_path / "bert", tiny_bert, masked=True)), device="cpu"))
    texts = ["return value name items key index total", "def sum(values): return value + name " * 4]
    both, one = batch_of(lm, texts, 0), batch_of(lm, texts[:1], 0)
    n = int(one.encoded.mask.sum())
    assert torch.equal(both.counted[0, :n], one.counted[0])
    assert not torch.equal(both.counted, batch_of(lm, texts, 1).counted)
    for batch in (both, one):
        assert (batch.encoded.ids[batch.counted] == lm.mask).all()
        assert torch.equal(batch.encoded.ids[~batch.counted], batch.truth[~batch.counted])
        assert (batch.counted <= batch.where).all()
        assert batch.counted.any(1).all()
        assert not batch.where[:, :2].any()  # [CLS] and the first token
    with torch.inference_mode():
        logits = lm.logits(one.encoded)[one.counted]
    expected = torch.nn.functional.cross_entropy(logits, one.truth[one.counted])
    assert losses(lm, texts)[0] == pytest.approx(float(expected), abs=1e-5)


def test_moments_are_those_of_the_states_that_are_edited(tiny_llama: Path) -> None:
    lm = language_model(load(str(tiny_llama), device="cpu"))
    texts = ["return value", "def total(values): return sum(values)", "x"]
    found = moments(lm, texts, ["0", "2 + norm"])
    rows = np.concatenate([hidden_states(lm.model, lm.model.encode([t]))["2 + norm"][0, 2:].numpy() for t in texts])
    assert np.allclose(found["2 + norm"].mean, rows.mean(0), atol=1e-5)
    assert np.allclose(found["2 + norm"].spread, np.cov(rows.T, bias=True), atol=1e-4)
