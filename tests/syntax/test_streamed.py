"""States made when they are read are the stored ones, whatever is asked for, and a run on them says the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_run import folder_of, spec_of, studied

from probes.contract import Progress
from probes.errors import StrataError
from probes.models import Model, load
from probes.models.provenance import source_of
from probes.syntax import streamed
from probes.syntax.dataset import Dataset
from probes.syntax.streamed import Streamed
from probes.syntax.study import snippets, states_of


@pytest.fixture
def at_hand(tiny_bert: Path, tmp_path: Path) -> tuple[Model, Dataset]:
    model = load(str(tiny_bert), device="cpu")
    return model, snippets(spec_of(tiny_bert, folder_of(tmp_path / "code")), model, Progress())


def test_any_rows_of_any_layer_are_the_stored_ones(at_hand: tuple[Model, Dataset]) -> None:
    model, data = at_hand
    source = source_of(model, corpus="c", texts=[s.text for s in data.snippets], seed=0)
    stored = states_of(model, data, source, Progress())
    made = states_of(model, data, source, Progress(), how="streamed")
    assert isinstance(made, Streamed)
    assert made.layers == stored.layers
    assert np.array_equal(made.tokens, stored.tokens)
    rows = made.at("1").shape[0]
    draw = np.random.default_rng(0)
    for wanted in (slice(0, 40), slice(rows - 9, rows), draw.permutation(rows)[:50], np.array([3, 3, 0]), slice(0, 0)):
        for layer in stored.layers:
            assert made.at(layer)[wanted] == pytest.approx(np.asarray(stored.at(layer)[wanted]), abs=1e-5)


def test_layers_share_one_pass(at_hand: tuple[Model, Dataset], monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = at_hand
    made, passes = Streamed(model, data), []
    forward = Model.forward
    monkeypatch.setattr(Model, "forward", lambda self, *a, **k: (passes.append(1), forward(self, *a, **k))[1])
    rows = np.arange(30)
    for layer in made.layers:
        made.at(layer)[rows]
    first = len(passes)
    made.at("0")[rows + 1]
    assert first > 0
    assert len(passes) > first


def test_broken_states_are_refused_when_they_are_read(at_hand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = at_hand
    words = len(data.snippets[0])
    broken = {layer: torch.full((words, model.width), torch.nan) for layer in model.layers}
    monkeypatch.setattr(streamed, "pooled", lambda *_: (broken, None))
    with pytest.raises(StrataError, match="Layer 0 of .* NaN, infinite") as caught:
        Streamed(model, data).at("0")[np.arange(words)]
    assert caught.value.code == "E-STATES-NAN"


def test_a_streamed_run_says_what_a_stored_one_says(tiny_bert: Path, tmp_path: Path) -> None:
    asked = {"n_train": 12, "n_valid": 4, "n_test": 6, "epochs": 2}
    corpus = folder_of(tmp_path / "code")
    one, other = (
        studied(spec_of(tiny_bert, corpus, states=how, **asked), tmp_path / how) for how in ("stored", "streamed")
    )
    both = one.scores.merge(other.scores, on=["series", "layer"], suffixes=("", "_streamed"))
    assert len(both) == len(one.scores)
    assert both["f1"].to_numpy() == pytest.approx(both["f1_streamed"].to_numpy(), abs=0.02)
    assert not list((tmp_path / "streamed").glob("states/*"))
