"""Patching finds the token and the layers where a planted difference sits, and refuses what it would have to guess."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from copying import KEPT
from emptied import copy_in_block, emptied, only_head, think_in_block
from emptied import saved as kept
from headed import saved

from probes import store
from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention import PatchingSpec
from probes.intervention.exchange import Measure, neighbours
from probes.intervention.patching import PatchingResult, run

PROMPTS = {"prompt": "def path in values", "other": "def key in values", "answer": " path", "instead": " key"}


def patch(model: Path | str, **asked: Any) -> PatchingResult:
    return run(PatchingSpec(model=str(model), device="cpu", **{**PROMPTS, **asked}), Progress())


def refused(code: str, model: Path | str, **asked: Any) -> StrataError:
    with pytest.raises(StrataError) as caught:
        patch(model, **asked)
    assert caught.value.code == code
    assert caught.value.fix
    return caught.value


@pytest.fixture
def moving(tiny_gpt2: Path, tmp_path: Path) -> str:
    """A model in which block 3, and no other, takes something from the other tokens to the last."""
    net, _ = emptied(tmp_path / "moving", tiny_gpt2)
    copy_in_block(net, 3, 20.0)
    return kept(net, tmp_path / "moving")


@pytest.mark.parametrize("direction", ["denoise", "noise"])
def test_the_planted_site_is_found_at_its_token_up_to_its_layer(moving: str, direction: str) -> None:
    found = patch(moving, direction=direction)
    cells = found.cells[found.cells["patch"] == "this token"]
    changed = int(found.best["position"])
    assert found.best["token"] == {"denoise": " key", "noise": " path"}[direction]
    here, last = cells[cells["position"] == changed], cells[cells["position"] == cells["position"].max()]
    assert here[here["order"] < 3]["recovered"].to_numpy() == pytest.approx(1, abs=1e-3)
    assert here[here["order"] >= 3]["recovered"].to_numpy() == pytest.approx(0, abs=1e-3)
    assert last[last["order"] < 3]["recovered"].to_numpy() == pytest.approx(0, abs=1e-3)
    assert last[last["order"] >= 3]["recovered"].to_numpy() == pytest.approx(1, abs=1e-3)
    assert found.until == "2"
    others = cells[~cells["position"].isin([changed, cells["position"].max()])]
    assert others["recovered"].to_numpy() == pytest.approx(0, abs=1e-3)
    assert "after layer 2 only the last token's state does by half" in found.headline()


def test_a_neighbours_state_does_not_do_it(moving: str) -> None:
    cells = patch(moving).cells
    near = cells[(cells["patch"] == "its neighbour") & (cells["position"] == 1) & (cells["order"] < 3)]
    assert (abs(near["recovered"] - 1) > 0.05).all()
    assert neighbours([(0, 0), (1, 1), (2, 4)], 5) == [(0, 1), (1, 0), (2, 3)]
    alone = patch(moving, control=False)
    assert set(alone.cells["patch"]) == {"this token"}
    assert alone.beside is None
    assert "neighbour" not in alone.headline()
    assert store.unpack(PatchingResult, store.pack(alone)).beside is None


def ours(found: PatchingResult) -> pd.DataFrame:
    return found.cells[found.cells["patch"] == "this token"]


@pytest.mark.parametrize("direction", ["denoise", "noise"])
def test_the_planted_head_is_found_and_no_other(tiny_gpt2: Path, tmp_path: Path, direction: str) -> None:
    net, _ = emptied(tmp_path / "heads", tiny_gpt2, heads=4)
    copy_in_block(net, 3, 20.0)
    only_head(net, 3, 2)
    model = kept(net, tmp_path / "heads")
    found = patch(model, site="heads", direction=direction)
    cells = ours(found)
    assert len(cells) == 4 * 4
    there = (cells["order"] == 3) & (cells["head"] == 2)
    assert cells[there]["recovered"].to_numpy() == pytest.approx([1], abs=1e-3)
    assert cells[~there]["recovered"].to_numpy() == pytest.approx(np.zeros(15), abs=1e-3)
    assert "One head " in found.headline()
    assert "head 2 at layer 3 of 4, its neighbours' states" in found.headline()
    assert set(found.layers[found.layers["order"] == 3]["at"]) >= {"head 2"}
    cells = ours(patch(model, site="attention", direction=direction))
    there = (cells["order"] == 3) & (cells["position"] == cells["position"].max())
    assert cells[there]["recovered"].to_numpy() == pytest.approx([1], abs=1e-3)
    assert cells[~there]["recovered"].abs().max() < 1e-3


def test_the_planted_mlp_is_found_at_its_token_and_nowhere_else(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, _ = emptied(tmp_path / "mlp", tiny_gpt2)
    think_in_block(net, 2, 5000.0)
    model = kept(net, tmp_path / "mlp")
    found = patch(model, site="mlp", prompt="def values path", other="def values key", answer=" path", instead=" key")
    cells = ours(found)
    there = (cells["order"] == 2) & (cells["position"] == cells["position"].max())
    assert cells[there]["recovered"].to_numpy() == pytest.approx([1], abs=0.05)
    assert cells[~there]["recovered"].abs().max() < 1e-3
    assert "state of the MLP's output" in found.headline()
    cells = ours(patch(model, site="attention", prompt="def values path", other="def values key"))
    assert cells["recovered"].abs().max() < 1e-3


def test_measures_by_hand() -> None:
    logits = torch.tensor([[1.0, 3.0, 2.0], [0.0, 0.0, 0.0]])
    reference = torch.log_softmax(torch.tensor([2.0, 1.0, 0.0]), -1)
    p = np.exp([2.0, 1.0, 0.0]) / np.exp([2.0, 1.0, 0.0]).sum()
    want = {"logit difference": [-1, 0], "probability": [np.exp(2) / np.exp([1, 3, 2]).sum(), 1 / 3], "rank": [2, 1]}
    want["kl"] = [
        sum(p * (np.log(p) - np.log(q))) for q in (np.exp([1, 3, 2]) / np.exp([1, 3, 2]).sum(), np.ones(3) / 3)
    ]
    for metric, values in want.items():
        assert Measure(metric, 2, 1, reference).of(logits) == pytest.approx(values, abs=1e-6)


def test_prompts_of_different_length_are_refused_with_what_to_say_and_then_taken(tiny_gpt2: Path) -> None:
    said = refused("E-PATCH-LENGTH", tiny_gpt2, prompt="def path in values in")
    assert "not guessed" in said.why
    assert "in align" in said.fix
    n = int(said.fix.split("align: ")[1].split(" ")[0])
    align = ", ".join(["0", "-", *(str(i) for i in range(2, n))])
    found = patch(tiny_gpt2, prompt="def path in values in", align=align, metric="kl")
    assert 1 not in set(found.cells["position"])
    for wrong in ("0, 1", ", ".join(["99"] * n), ", ".join(["-"] * n), ", ".join(["x"] * n), "0,²"):
        refused("E-PATCH-ALIGN", tiny_gpt2, align=wrong)


def test_answers_and_prompts_that_cannot_be_measured(tiny_gpt2: Path) -> None:
    assert "tokens to this model: " in refused("E-PATCH-TOKEN", tiny_gpt2, answer="unheard of").what
    assert "nothing" in refused("E-PATCH-TOKEN", tiny_gpt2, instead="").what
    refused("E-PATCH-SAME", tiny_gpt2, other=PROMPTS["prompt"])
    letters = {"prompt": "a b c d", "other": "a b c e", "answer": "a", "instead": "b"}
    assert "'zebra' is no token" in refused("E-PATCH-TOKEN", KEPT, **{**letters, "answer": "zebra"}).what
    refused("E-TEXT-UNKNOWN", KEPT, **{**letters, "prompt": "one zebra"})


def test_an_encoder_predicts_its_one_masked_token(tiny_bert: Path, tmp_path: Path) -> None:
    folder = saved("bert", tmp_path / "bert", tiny_bert, masked=True)
    plain = {"answer": "def", "instead": "for"}
    assert "0 mask tokens" in refused("E-PATCH-MASK", folder, **plain).what
    found = patch(folder, prompt="def path [MASK] values", other="def key [MASK] values", **plain)
    at = found.cells[(found.cells["position"] == 3) & (found.cells["order"] == found.depth)]
    assert at[at["patch"] == "this token"]["recovered"].iloc[0] == pytest.approx(1, abs=1e-4)
