"""Tokens ahead: counted by hand, known where a decoder is made to know them, at the floor elsewhere; refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emptied import copy_in_block, emptied
from emptied import saved as kept
from headed import saved
from small import code_folder

from probes.contract import Progress
from probes.errors import StrataError
from probes.intervention import AheadSpec
from probes.intervention.ahead import AheadResult, run
from probes.intervention.looking_ahead import rates
from probes.models.alone import Head


def ahead(model: Path | str, folder: Path, **asked: Any) -> AheadResult:
    spec = AheadSpec(model=str(model), corpus=f"code:{code_folder(folder)}", texts=4, device="cpu", **asked)
    return run(spec, Progress())


def test_rates_by_hand_and_the_floors_of_what_looks_at_nothing() -> None:
    one, two = np.array([[1, 2, 3], [2, 3, 1]]), np.array([[1, 2, 9]])
    said = [np.array([[[1, 0], [5, 2]], [[3, 0], [1, 0]]]), np.array([[[7, 1]], [[9, 0]]])]
    found = rates([one, two], said, ["0", "1"], 0).set_index(["layer", "ahead"])
    assert found.loc[("0", 0), ["top1", "top5"]].tolist() == [0.25, 1]  # texts weigh the same
    assert found.loc[("1", 2), ["top1", "top5"]].tolist() == [1, 1]
    assert found.loc[("1", 1), "top1"] == 0
    assert found.loc[("0", 0), "commonest"] == 0.75
    assert (found["low"] <= found["top1"]).all()
    assert (found["top1"] <= found["high"]).all()
    draws = np.random.default_rng(0)
    truth = [draws.integers(0, 5, (400, 2)) for _ in range(6)]
    knows = rates(truth, [t.T[1][None, :, None] for t in truth], ["1"], 0).set_index("ahead")
    assert knows.loc[1, "top1"] == 1
    assert knows.loc[1, "shuffled"] == pytest.approx(0.2, abs=0.03)
    assert knows.loc[0, "top1"] == pytest.approx(knows.loc[0, "commonest"], abs=0.05)


def test_a_model_that_passes_on_what_it_reads_says_what_it_read(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, _ = emptied(tmp_path / "same", tiny_gpt2)
    copy_in_block(net, 3, 30.0)  # from there on each token is drowned in the mean of all before it
    found = ahead(kept(net, tmp_path / "same"), tmp_path / "code", layers="all", furthest=2)
    at = found.rates.set_index(["layer", "ahead"])["top1"]
    assert [at[layer, 0] for layer in ("0", "1", "2")] == pytest.approx([1, 1, 1])
    assert at["3", 0] < 0.5
    assert found.best["0"] == "0"
    assert f"{at['4', 1]:.3f}" in found.headline()
    with pytest.raises(KeyError):
        found.row("4", 9)


def test_what_cannot_look_ahead_is_refused(tiny_bert: Path, tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = saved("bert", tmp_path / "bert", tiny_bert, masked=True)
    for model, asked, code in ((folder, {}, "E-AHEAD"), (tiny_gpt2, {"layers": "9"}, "E-LAYER-UNKNOWN")):
        with pytest.raises(StrataError) as caught:
            ahead(model, tmp_path / "code", **asked)
        assert caught.value.code == code
        assert caught.value.fix


def test_the_head_is_asked_once_whether_it_gives_the_models_own_logits(
    tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    own = Head.check

    def counted(head: Head, encoded: Any, last: Any) -> None:
        asked.append(1)
        own(head, encoded, last)

    monkeypatch.setattr(Head, "check", counted)
    assert ahead(tiny_gpt2, tmp_path / "code", layers="2", furthest=2).texts > 1
    assert len(asked) == 1
