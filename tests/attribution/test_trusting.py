"""Methods judged on many texts: a planted map dies with the weights, one that ignores them does not; refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import code_folder

from probes.attribution import TrustSpec, judging, sanity
from probes.attribution.analysis import AttributionSpec
from probes.attribution.targets import Asked
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import load
from probes.models.check import fingerprint


def judged(folder: Path, code: Path, **changes: Any) -> Any:
    small = {"n": 3, "tokens": 90, "steps": 4, "draws": 2, "stages": 2, "device": "cpu"}
    return judging.judging(TrustSpec(model=str(folder), corpus=f"code:{code}", **{**small, **changes}), Progress())


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return code_folder(tmp_path_factory.mktemp("trust") / "code")


def test_every_method_is_judged_beside_random_values_and_the_others(tiny_gpt2: Path, code: Path) -> None:
    result = judged(tiny_gpt2, code)
    methods = list(TrustSpec().methods)
    assert list(dict.fromkeys(result.scores["method"])) == methods
    assert result.target == "a token"
    assert result.texts == 3
    with pytest.raises(KeyError, match="feature ablation"):
        result.row("feature ablation", judging.ERROR)  # it does not add up
    error = result.row("integrated gradients", judging.ERROR)
    assert error.low <= error.value <= error.high < 0.2
    table = result.agreement.pivot(index="method", columns="other", values="spearman").loc[methods, methods].to_numpy()
    assert np.allclose(np.diag(table), 1)
    assert np.allclose(table, table.T)
    assert result.sanity.groupby("method")["blocks"].apply(list).tolist() == [[0, 1, 2]] * 3
    assert f"{result.row('integrated gradients', judging.DELETION).value:.2f}" in result.headline()


def test_without_a_head_texts_are_asked_for_their_likeness(tiny_bert: Path, code: Path) -> None:
    result = judged(tiny_bert, code, methods=("gradient x input",), sanity=False)
    assert result.target == "similarity"
    assert result.sanity.empty
    assert "weights" not in result.headline()


def test_shuffling_destroys_what_speaks_of_the_model_and_nothing_else(
    tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(str(tiny_gpt2), device="cpu")
    before = fingerprint(model)
    asked, method = [Asked("def total(values): return values", "a token")], [AttributionSpec(model=str(tiny_gpt2))]

    def of_the_weights(each: Any, _spec: Any, ends: Any) -> tuple[np.ndarray, None, None]:
        weight = each.model.sites.blocks[0].mlp.c_fc.weight.flatten()
        return weight[: ends[0].shape[1]].double().numpy(), None, None

    def of_the_text(each: Any, _spec: Any, ends: Any) -> tuple[np.ndarray, None, None]:
        return ends[0][0].norm(dim=-1).double().numpy(), None, None

    for plant, stays in ((of_the_weights, False), (of_the_text, True)):
        monkeypatch.setattr(sanity, "attributed", plant)
        each = sanity.question(model, asked[0])
        values = plant(each, None, (each.states(), None))[0]
        originals = np.empty((1, 1), object)
        originals[0, 0] = values
        at, found = sanity.cascade(model, asked, method, originals, 2)
        assert at == [1, 2]
        assert found[0, 0, 0] == pytest.approx(1)  # the last block alone: neither knows of it
        assert (found[1, 0, 0] > 0.99) == stays
    assert fingerprint(model) == before


def test_shuffled_weights_are_the_same_numbers_elsewhere(tiny_gpt2: Path) -> None:
    model = load(str(tiny_gpt2), device="cpu")
    other = sanity.copied(model)
    sanity.shuffle(other, 1, 0)
    for block, moved in ((0, False), (1, True)):
        pairs = zip(model.sites.blocks[block].parameters(), other.sites.blocks[block].parameters(), strict=True)
        for ours, theirs in pairs:
            assert torch.equal(ours.flatten().sort().values, theirs.flatten().sort().values)
            assert torch.equal(ours, theirs) != (moved and len(ours.flatten().unique()) > 1)


@pytest.mark.parametrize(
    ("changes", "code_of"),
    [({"methods": ()}, "E-METHOD"), ({"tokens": 4}, "E-TOO-FEW"), ({"quantise": "8bit"}, "E-QUANTISED")],
)
def test_what_cannot_be_judged_is_refused(tiny_gpt2: Path, code: Path, changes: dict[str, Any], code_of: str) -> None:
    with pytest.raises(StrataError, match=code_of):
        judged(tiny_gpt2, code, **changes)


@pytest.mark.parametrize(("blocks", "most", "at"), [(2, 2, [1, 2]), (30, 3, [10, 20, 30]), (1, 5, [1])])
def test_stages_end_with_all_blocks(blocks: int, most: int, at: list[int]) -> None:
    assert sanity.stages(blocks, most) == at
