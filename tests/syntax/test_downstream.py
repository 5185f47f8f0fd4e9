"""Trees read after a removal: with nothing removed as before, with all removed less than random controls leave."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_run import folder_of, spec_of, studied

from probes import store
from probes.contract import Progress
from probes.models import LanguageModel, language_model
from probes.models.edits import editor
from probes.syntax import look
from probes.syntax.analysis import SyntaxResult
from probes.syntax.dataset import Snippet
from probes.syntax.downstream import AS_IT_IS, COLUMNS, downstream, f1_of
from probes.syntax.study import snippets

WIDTH = 16
Trained = tuple[LanguageModel, SyntaxResult, tuple[Snippet, ...]]


@pytest.fixture(scope="module")
def trained(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("home")
    off = dict.fromkeys(("control", "random_init", "controls", "dimensions"), False)
    spec = spec_of(tiny_gpt2, folder_of(tmp_path_factory.mktemp("code")), epochs=20, rate=0.05, **off)
    return spec, studied(spec, home)


@pytest.fixture
def at_hand(trained: Any, strata_home: Path) -> Trained:
    spec, result = trained
    store.save(spec, result, 1.0)
    lm = language_model(look.same_model(spec, result))
    return lm, result, snippets(spec, lm.model, Progress()).test


def without(basis: np.ndarray) -> Any:
    return editor(basis, np.zeros(WIDTH), keep=False)


def test_with_nothing_removed_each_layer_has_the_runs_own_score(at_hand: Trained) -> None:
    lm, run, pieces = at_hand
    f1 = f1_of(lm, run, pieces, "1", None)
    own = [run.row("trained model", layer).f1 for layer in run.layers[1:]]
    assert f1.mean(1) == pytest.approx(np.array(own), abs=1e-6)
    empty = f1_of(lm, run, pieces, "1", without(np.zeros((WIDTH, 0))))
    assert empty == pytest.approx(f1)


def test_what_is_removed_cannot_be_read_there(at_hand: Trained) -> None:
    lm, run, pieces = at_hand
    edits = {
        ("1", "syntactic subspace"): [without(np.eye(WIDTH))],
        ("1", "random, equal rank"): [without(np.eye(WIDTH)[:, :1]), without(np.eye(WIDTH)[:, 1:2])],
    }
    table = downstream(lm, run, pieces, edits, Progress())
    assert list(table) == COLUMNS
    assert set(table["subspace"]) == {AS_IT_IS, "syntactic subspace", "random, equal rank"}
    assert table["at"].unique().tolist() == list(run.layers[1:])
    found = table.set_index(["subspace", "at"])["f1"]
    assert found["syntactic subspace", "1"] < found[AS_IT_IS, "1"]
    assert abs(found["random, equal rank", "1"] - found[AS_IT_IS, "1"]) < abs(
        found["syntactic subspace", "1"] - found[AS_IT_IS, "1"]
    )
    assert (table["low"] <= table["f1"]).all()
    assert not lm.model.net._forward_hooks  # the model is as it was
