"""Ways to go on: scores by hand, a tree that holds its texts, a model that is sure of one word; refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from headed import saved

from probes.contract import Progress
from probes.errors import StrataError
from probes.figures.beams import laid_out, tree_of_beams
from probes.intervention import BeamsResult, BeamsSpec
from probes.intervention.beams import BEAM, GREEDY, SAMPLE, run
from probes.intervention.branching import different, scored
from probes.models import language_model, load

TEXT = "for item in items total count"


def beams(model: Path | str, **asked: Any) -> BeamsResult:
    return run(BeamsSpec(**{"model": str(model), "text": TEXT, "tokens": 4, "device": "cpu", **asked}), Progress())


def test_a_texts_score_is_the_sum_of_its_tokens_and_of_its_end(
    tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = language_model(load(str(tiny_gpt2)))
    end = lm.model.tokenizer.eos_token_id
    first = lm.model.encode([TEXT]).ids
    logp = torch.log_softmax(lm.net(input_ids=torch.cat([first, torch.tensor([[7, 9]])], 1)).logits[0].double(), -1)
    n = first.shape[1]
    both = float(logp[n - 1, 7] + logp[n, 9])
    for together in (32, 1):
        monkeypatch.setattr("probes.intervention.branching.TOGETHER", together)
        found = scored(lm, TEXT, [([7, 9], False), ([7, 9], True), ([7], False)])
        assert found == pytest.approx([both, both + float(logp[n + 1, end]), float(logp[n - 1, 7])], abs=1e-5)


def test_pairs_that_differ_are_counted_over_all_texts() -> None:
    assert different([[1, 2, 3], [1, 2, 4]]) == 0.75
    assert different([[5], []]) == 1.0


def test_the_tree_holds_every_text_with_its_score(tiny_gpt2: Path) -> None:
    found = beams(tiny_gpt2, beams=6, groups=2, samples=5)
    tree = found.tree.set_index("node")
    assert found.of(BEAM)["group"].tolist() == [0, 0, 0, 1, 1, 1]
    assert len(found.of(GREEDY)) == 1
    assert len(found.of(SAMPLE)) == 5
    ends = [n for n in tree.index[tree["kept"]] if n not in set(tree.loc[tree["kept"], "parent"])]
    assert set(found.of(BEAM)["total"]) == set(tree.loc[ends, "total"])
    for node in tree.index:
        before = tree.loc[node, "parent"]
        total = np.log(tree.loc[node, "p"]) + (tree.loc[before, "total"] if before >= 0 else 0)
        assert tree.loc[node, "total"] == pytest.approx(total)
    assert found.of(SAMPLE)["total"].mean() == pytest.approx(found.drawn)
    assert found.low <= found.drawn <= found.high
    assert f"{found.best(BEAM).total:.1f}" in found.headline()
    drawn = laid_out(found.tree)
    leaves = drawn[~drawn["node"].isin(drawn["parent"])]
    assert sorted(leaves["y"]) == list(range(len(leaves)))
    assert tree_of_beams(found).to_dict() == tree_of_beams(found).to_dict()
    assert drawn[["y", "from", "before"]].notna().all(axis=None)


def test_one_beam_is_the_likeliest_token_each_time_and_groups_begin_apart(tiny_gpt2: Path) -> None:
    one = beams(tiny_gpt2, beams=1)
    assert one.best(BEAM)["text"] == one.best(GREEDY)["text"]
    assert one.together == 4
    plain, apart = beams(tiny_gpt2, beams=4), beams(tiny_gpt2, beams=4, groups=4, diversity=60.0)
    assert apart.together == 0
    assert apart.pairs[BEAM] >= plain.pairs[BEAM]


def test_what_cannot_be_searched_is_refused(tiny_bert: Path, tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = saved("bert", tmp_path / "bert", tiny_bert, masked=True)
    cases = ((folder, {}, "E-GENERATE"), (tiny_gpt2, {"beams": 5, "groups": 2}, "E-BEAMS"))
    for model, asked, code in (*cases, (tiny_gpt2, {"text": "item " * 600}, "E-TEXT-TOO-LONG")):
        with pytest.raises(StrataError) as caught:
            beams(model, **asked)
        assert caught.value.code == code
        assert caught.value.fix
