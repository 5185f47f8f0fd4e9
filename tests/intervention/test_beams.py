"""Ways to go on: scores by hand, a tree that holds its texts, a model that is sure of one word; refusals."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from headed import saved
from pydantic import ValidationError

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
    found = beams(tiny_gpt2, beams=6, groups=2, samples=7)
    tree = found.tree.set_index("node")
    assert found.of(BEAM)["group"].tolist() == [0, 0, 0, 1, 1, 1]
    assert len(found.of(GREEDY)) == 1
    assert len(found.of(SAMPLE)) == 7
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
    assert "all beams" not in one.headline()
    plain, apart = beams(tiny_gpt2, beams=4), beams(tiny_gpt2, beams=4, groups=4, diversity=60.0)
    assert apart.together == 0
    assert apart.pairs[BEAM] >= plain.pairs[BEAM]


def test_ends_of_text_are_no_part_of_a_pair(tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"beams": 6, "samples": 6, "tokens": 4}
    end = int(beams(tiny_gpt2, **asked).tree.query("step == 2 and kept")["id"].iloc[0])
    for module in ("probes.models.beaming", "probes.intervention.branching"):
        monkeypatch.setattr(f"{module}.ends_of", lambda _: {end})
    found = beams(tiny_gpt2, **asked)
    assert found.of(BEAM)["ended"].any()
    tree = found.tree.set_index("node")
    kept = tree[tree["kept"]]
    whole = []
    for node in set(kept.index) - set(kept["parent"]):
        ids = []
        while node >= 0:
            ids.append(int(tree.loc[node, "id"]))
            node = tree.loc[node, "parent"]
        whole.append(ids[::-1])
    assert found.pairs[BEAM] == different([[i for i in ids if i != end] for ids in whole]) != different(whole)


def test_a_large_tree_is_drawn_as_far_as_there_is_room(tiny_gpt2: Path) -> None:
    found = beams(tiny_gpt2, beams=3, tokens=3)
    rows = [(64 * step + i, 64 * (step - 1) + i if step else -1, step) for step in range(128) for i in range(64)]
    tree = pd.DataFrame(rows, columns=["node", "parent", "step"])
    tree = tree.assign(token="line\n" * 30, id=1, p=0.5, total=-1.0, group=0, kept=True)
    wide = replace(found, tree=tree, texts=pd.concat([found.texts.query("source == @BEAM").head(1)] * 64))
    wide = replace(wide, texts=pd.concat([wide.texts, found.texts.query("source != @BEAM")], ignore_index=True))
    for result, most in ((wide, 64 * 6), (replace(found, tree=tree[tree["node"] % 64 == 0]), 128)):
        chart = tree_of_beams(result).to_dict()
        (data,) = [rows for rows in chart["datasets"].values() if "token" in rows[0]]
        assert len(data) <= most
        assert chart["width"] <= 920
        assert any("steps are drawn" in line for line in chart["title"]["subtitle"])
        assert max(len(row["token"]) for row in data) == 40
        assert "\n" not in data[0]["token"]
    assert tree_of_beams(found).to_dict()["width"] == 84 * 4


def test_what_cannot_be_searched_is_refused(tiny_bert: Path, tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = saved("bert", tmp_path / "bert", tiny_bert, masked=True)
    for asked in ({"beams": 5, "groups": 2}, {"beams": 9, "samples": 8}):
        with pytest.raises(ValidationError, match=r"equal groups|as many samples"):
            beams(tiny_gpt2, **asked)
    cases = ((folder, {}, "E-GENERATE"), (tiny_gpt2, {"text": "item " * 600}, "E-TEXT-TOO-LONG"))
    for model, asked, code in cases:
        with pytest.raises(StrataError) as caught:
            beams(model, **asked)
        assert caught.value.code == code
        assert caught.value.fix
