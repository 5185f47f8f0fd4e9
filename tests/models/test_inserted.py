"""A model with something put into its parts is kept warm like any other, and apart from the one without."""

import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from probes import store
from probes.models import warm
from probes.models.choice import ReadsModel
from probes.models.model import Model
from probes.models.warm import Warm


def insert(_choice: ReadsModel, model: Model) -> Model:
    return replace(model, inserted={"1 mlp": torch.nn.Linear(1024, 1024)})


def test_a_model_with_something_inserted_is_kept_apart_counted_and_given_up_like_any_other(
    tiny_bert: Path, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, asked = Warm(), ReadsModel(model=str(tiny_bert), device="cpu")
    plain, other = kept.get(asked, None), kept.get(asked, None, insert)
    assert other.net is not plain.net
    assert not plain.inserted
    assert other.bytes == plain.bytes + 4 * 1024 * 1025
    assert kept.get(asked, None, insert) is other
    assert kept.get(asked, None) is plain
    assert sorted(one.bytes for one in store.residents()) == [plain.bytes, other.bytes]
    gone = weakref.ref(other.net)
    del other
    monkeypatch.setattr(warm, "free_memory", lambda _device: 10 * plain.bytes if gone() is None else 0)
    kept.get(ReadsModel(model=str(tiny_llama), device="cpu"), None)
    assert gone() is None  # asked for before the plain one
    assert kept.get(asked, None) is plain
