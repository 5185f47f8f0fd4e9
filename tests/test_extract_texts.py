"""Whole texts as rows: against plain transformers one at a time, whatever the batch and the side of the padding."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from probes.errors import StrataError
from probes.extract import Packer, pool
from probes.extract import texts as at
from probes.models import Model, load
from probes.models.encoding import encode

TEXTS = ["def total(values):", "x", "return the sum of all values in list", "a b", "if self.name is None: return False"]
HOW = ["weighted", "mean", "last", "first"]
TINY = ["tiny_bert", "tiny_llama", "tiny_t5", "tiny_gpt2"]


@pytest.fixture(scope="module", params=TINY)
def model(request: pytest.FixtureRequest) -> Model:
    return load(str(request.getfixturevalue(request.param)), device="cpu")


def by_hand(model: Model, text: str, how: str, added: bool = True) -> list[np.ndarray]:
    """The published formula on `output_hidden_states` of one text, no padding, in double precision."""
    batch = model.tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)
    special = batch.pop("special_tokens_mask").numpy()[0].astype(bool)
    batch.pop("token_type_ids", None)
    with torch.no_grad():
        states = model.net(**batch, output_hidden_states=True).hidden_states
    rows = [layer[0].double().numpy() for layer in states]
    if not added:
        rows = [row[~special] for row in rows]
    t = np.arange(1, len(rows[0]) + 1)
    weights = {"weighted": t / t.sum(), "mean": np.ones(len(t)) / len(t), "last": t == len(t), "first": t == 1}[how]
    return [weights @ row for row in rows]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("added", [True, False])
def test_a_batch_gives_what_each_text_gives_alone(model: Model, how: Any, added: bool) -> None:
    found = at.read_texts(model, TEXTS, how, added=added)
    assert list(found) == list(model.layers)
    labels = [label for label in model.layers if "norm" not in label]
    for i, text in enumerate(TEXTS):
        alone = at.read_texts(model, [text], how, added=added)
        assert max(np.abs(found[label][i] - alone[label][0]).max() for label in found) < 1e-5
        plain = by_hand(model, text, how, added)
        for label, row in zip(labels[:-1], plain, strict=False):
            assert np.abs(found[label][i] - row).max() < 1e-5
        assert np.abs(found[model.layers[-1]][i] - plain[-1]).max() < 1e-5  # after the final norm, where there is one


@pytest.mark.parametrize("how", HOW)
def test_padding_on_the_left_changes_nothing(model: Model, how: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right = at.read_texts(model, TEXTS, how)
    monkeypatch.setattr(type(model), "encode", lambda self, texts: encode(self, texts, side="left"))
    left = at.read_texts(model, TEXTS, how)
    assert max(np.abs(right[label] - left[label]).max() for label in right) < 1e-5


def test_weights_count_tokens_of_the_text_and_not_columns(model: Model) -> None:
    for side in ("left", "right"):
        encoded = encode(model, TEXTS, side=side)  # type: ignore[arg-type]
        pooling = at.whole(encoded, "weighted")
        assert pooling.weight is not None
        ends = np.cumsum(pooling.count)
        for start, end in zip(ends - pooling.count, ends, strict=True):
            t = np.arange(1, end - start + 1)
            assert pooling.weight[start:end] == pytest.approx(t / t.sum())


def test_padding_that_holds_nan_is_never_touched(model: Model) -> None:
    encoded = encode(model, TEXTS, side="left")
    states = torch.ones(*encoded.mask.shape, 3)
    states[encoded.mask == 0] = torch.nan
    for how in HOW:
        assert torch.allclose(pool(states, at.whole(encoded, how)), torch.ones(len(TEXTS), 3))  # type: ignore[arg-type]


def test_a_pooling_of_no_name_is_refused(model: Model) -> None:
    with pytest.raises(ValueError, match="there are weighted, mean, last, first"):
        at.whole(encode(model, TEXTS), "max")  # type: ignore[arg-type]


@pytest.fixture
def bert(tiny_bert: Path) -> Model:
    return load(str(tiny_bert), device="cpu")


def test_a_text_without_a_token_of_its_own_is_refused(bert: Model) -> None:
    with pytest.raises(StrataError, match="has no token of its own") as refusal:
        at.read_texts(bert, ["fine", "\x07"], "mean", added=False)
    assert refusal.value.code == "E-TEXT-EMPTY"
    assert np.isfinite(at.read_texts(bert, ["fine", "\x07"], "mean")["1"]).all()


def test_a_text_longer_than_the_model_reads_is_refused(bert: Model) -> None:
    with pytest.raises(StrataError) as refusal:
        at.read_texts(bert, ["x " * 600], "mean")
    assert refusal.value.code == "E-TEXT-TOO-LONG"


def test_out_of_memory_halves_the_batch(bert: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, real, tried = at.read_texts(bert, TEXTS, "mean"), at._pooled, []

    def small(model: Model, texts: list[str], how: Any, added: bool) -> Any:
        tried.append(len(texts))
        if len(texts) > 2:
            raise torch.OutOfMemoryError("none left")
        return real(model, texts, how, added)

    monkeypatch.setattr(at, "_pooled", small)
    found = at.read_texts(bert, TEXTS, "mean")
    assert max(np.abs(found[label] - plain[label]).max() for label in plain) < 1e-6
    assert tried[0] == 5
    assert max(tried[2:]) <= 2


def test_progress_ends_at_the_number_of_tokens(bert: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, float]] = []

    class Heard(at.Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            seen.append((done, total))

    real: Callable[..., Any] = Packer.__init__
    monkeypatch.setattr(Packer, "__init__", lambda self, lengths, *_: real(self, lengths, 8))
    at.read_texts(bert, TEXTS, "mean", progress=Heard())
    assert len(seen) > 2
    assert seen[-1][0] == seen[-1][1] == int(bert.lengths(TEXTS).sum())


def test_low_precision_is_pooled_in_float32(bert: Model) -> None:
    half = replace(bert, net=bert.net.to(torch.bfloat16))
    assert at.read_texts(half, TEXTS, "weighted")["2"].dtype == np.float32
