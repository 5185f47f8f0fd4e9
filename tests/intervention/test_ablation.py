"""Leaving a block out: nothing for a block that does nothing, all of it for the one that does; and which blocks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from emptied import add_in_block, copy_in_block, direction_of, emptied, only_head, saved
from headed import hooks
from small import code_folder

from probes.contract import Progress
from probes.errors import StrataError
from probes.figures import ablation as figures
from probes.intervention import AblationSpec
from probes.intervention.ablation import AblationResult, run
from probes.intervention.leaving_out import Piece, before, blocks_of, turned, without
from probes.models import load
from probes.models.sites import reading


def leave_out(model: str, folder: Path, **asked: Any) -> AblationResult:
    corpus = f"code:{code_folder(folder)}"
    return run(
        AblationSpec(model=model, corpus=corpus, texts=6, device="cpu", **{"layers": "all", **asked}), Progress()
    )


def test_only_the_block_that_does_something_is_missed(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, _ = emptied(tmp_path / "one", tiny_gpt2)
    copy_in_block(net, 3, 3.0)
    found = leave_out(saved(net, tmp_path / "one"), tmp_path / "code")
    idle = found.changes[found.changes["layer"] != "3"]
    assert (idle["change"] == 0).all()
    assert found.added.set_index("layer").loc[["1", "2", "4"], "ratio"].tolist() == [0, 0, 0]
    ours = found.changes[found.changes["layer"] == "3"].set_index("way")["change"]
    assert (ours.abs() > 0.01).all()
    assert ours["zero"] != ours["mean"] != ours["resample"]


def test_a_block_that_always_adds_the_same_is_not_missed_when_its_mean_stands_for_it(
    tiny_gpt2: Path, tmp_path: Path
) -> None:
    net, tokenizer = emptied(tmp_path / "same", tiny_gpt2)
    add_in_block(net, 2, 5 * direction_of(net, tokenizer(" value")["input_ids"][0]))
    found = leave_out(saved(net, tmp_path / "same"), tmp_path / "code", layers="2")
    ours = found.changes.set_index("way")["change"]
    assert ours["mean"] == pytest.approx(0, abs=1e-4)
    assert ours["resample"] == pytest.approx(0, abs=1e-4)
    assert abs(ours["zero"]) > 0.1
    assert found.worst == found.least == ("2", "block")


def test_only_the_part_that_does_something_is_missed(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, tokenizer = emptied(tmp_path / "parts", tiny_gpt2)
    copy_in_block(net, 3, 3.0)
    add_in_block(net, 2, 5 * direction_of(net, tokenizer(" value")["input_ids"][0]))
    model = saved(net, tmp_path / "parts")
    found = leave_out(model, tmp_path / "code", site="parts")
    changes = found.changes.set_index(["layer", "part", "way"])["change"]
    idle = changes.drop([("3", "attention"), ("2", "mlp")])
    assert len(idle) == 6 * 3
    assert (idle == 0).all()
    assert (changes["3", "attention"].abs() > 0.01).all()
    assert abs(changes["2", "mlp", "zero"]) > 0.1
    assert changes["2", "mlp", "mean"] == pytest.approx(0, abs=1e-4)
    assert changes["2", "mlp", "resample"] == pytest.approx(0, abs=1e-4)
    whole = leave_out(model, tmp_path / "code", layers="3")
    for way in ("zero", "mean", "resample"):  # the attention is all that block 3 adds
        assert whole.row("3", way).change == pytest.approx(changes["3", "attention", way], abs=1e-4)
    assert "attention of block 3" in found.headline()
    assert figures.loss_by_part(found).to_dict()
    assert figures.loss_without_each(found).to_dict()
    assert "Whole blocks" in str(figures.loss_by_part(whole).to_dict())


def test_only_the_head_that_does_something_is_missed(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, _ = emptied(tmp_path / "heads", tiny_gpt2, heads=4)
    copy_in_block(net, 3, 3.0)
    only_head(net, 3, 2)
    found = leave_out(saved(net, tmp_path / "heads"), tmp_path / "code", layers="2, 3", site="heads", way="zero")
    assert found.changes["way"].unique().tolist() == ["zero"]
    changes = found.changes.set_index(["layer", "part"])["change"]
    assert abs(changes["3", "head 2"]) > 0.01
    assert (changes.drop([("3", "head 2")]) == 0).all()
    assert ("3", "head 2") in (found.worst, found.least)
    assert found.added.empty
    assert "without it" in found.headline()
    assert figures.loss_by_part(found).to_dict()
    assert figures.loss_without_each(found).to_dict()
    with pytest.raises(KeyError, match="head 2"):
        found.row("3", "mean", "head 2")


@pytest.mark.parametrize(("site", "part"), [("blocks", "block"), ("parts", "attention"), ("heads", "head:1")])
def test_the_control_changes_as_much_in_other_directions(site: str, part: str, tiny_gpt2: Path) -> None:
    model = load(str(tiny_gpt2), device="cpu")
    piece = Piece(1, part)
    encoded = model.encode(["def total(values): return values", "name"])
    where = torch.from_numpy(~encoded.special)
    kept: list[torch.Tensor] = []
    with torch.no_grad(), before(model, 1) as came:
        edit = without(came if site == "blocks" else None, "zero", np.zeros(1), 0)
        label, other = turned(piece, edit, model, 0)
        wide = "1 heads" if site == "heads" else piece.label
        with reading(model, [wide], lambda _, states: kept.append(states.clone())):
            model.forward(encoded)
    states = kept[0]
    own = model.parts.mixed // model.parts.heads
    mine = slice(own, 2 * own) if site == "heads" else slice(None)
    ours = edit(where)(states[..., mine]) - states[..., mine]
    theirs = other(where)(states) - states
    assert label == wide
    assert ours.norm(dim=-1)[where].min() > 1e-3
    assert torch.allclose(ours.norm(dim=-1), theirs.norm(dim=-1), rtol=1e-4, atol=1e-6)
    away = torch.nn.functional.cosine_similarity(ours, theirs[..., mine], dim=-1)[where]
    assert away.abs().max() < 0.9
    if site == "heads":  # other heads are changed too
        assert theirs[..., :own].abs().max() > 1e-4


def test_the_control_stands_beside_the_way_that_is_told(tiny_gpt2: Path, tmp_path: Path) -> None:
    net, _ = emptied(tmp_path / "one", tiny_gpt2)
    copy_in_block(net, 3, 3.0)
    model = saved(net, tmp_path / "one")
    found = leave_out(model, tmp_path / "code", layers="2, 3")
    rows = found.changes.set_index(["layer", "way"])
    assert rows["random"].isna().tolist() == [True, True, False] * 2
    assert rows.loc[("2", "resample"), ["random", "above"]].tolist() == [0, 0]  # nothing is changed there
    ours = rows.loc[("3", "resample")]
    assert ours["random"] != 0
    assert ours["above"] == pytest.approx(ours["change"] - ours["random"])
    assert ours["above_low"] <= ours["above"] <= ours["above_high"]
    assert "random directions" in found.headline() or found.worst[0] == "2"
    assert "random" in str(figures.loss_without_each(found).to_dict())
    bare = leave_out(model, tmp_path / "code", layers="2, 3", control=False)
    assert bare.changes["random"].isna().all()
    assert bare.changes["change"].tolist() == found.changes["change"].tolist()
    assert "random directions" not in bare.headline()


def test_no_hook_is_left_after_an_error(tiny_gpt2: Path) -> None:
    model = load(str(tiny_gpt2), device="cpu")
    at_rest = hooks(model)
    with pytest.raises(RuntimeError, match="on purpose"), before(model, 1):
        raise RuntimeError("on purpose")
    assert hooks(model) == at_rest


@pytest.mark.parametrize(
    ("asked", "blocks"),
    [("all", [1, 2, 3, 4, 5, 6, 7]), ("every 3rd", [1, 4, 7]), ("Every 2nd", [1, 3, 5, 7]), ("every 4", [1, 5, 7])]
    + [("7, 2, 2", [2, 7])],
)
def test_blocks_are_named_in_words_or_by_numbers(asked: str, blocks: list[int]) -> None:
    assert blocks_of(asked, 7) == blocks


@pytest.mark.parametrize("asked", ["", "0", "8", "every 0th", "every", "some", "1; 2", "²"])
def test_what_names_no_block_is_refused(asked: str) -> None:
    with pytest.raises(StrataError) as caught:
        blocks_of(asked, 7)
    assert caught.value.code == "E-LAYER-UNKNOWN"
    assert "1 to 7" in caught.value.why
