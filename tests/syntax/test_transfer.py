"""Probes of some runs on each other's functions: onto itself nothing changes, and another model is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from safetensors.numpy import load_file, save_file
from small_run import folder_of, spec_of, studied

from probes import store
from probes.contract import Progress
from probes.errors import StrataError
from probes.syntax import look
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.carry import carry
from probes.syntax.transfer import CONTROL, OWN, RANDOM, TransferResult, TransferSpec

Runs = dict[str, tuple[SyntaxSpec, SyntaxResult]]


@pytest.fixture(scope="module")
def runs(tiny_bert: Path, tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    corpus, home = folder_of(tmp_path_factory.mktemp("code")), tmp_path_factory.mktemp("home")
    off = {"controls": False, "dimensions": False}
    specs = {
        "whole": spec_of(tiny_bert, corpus, **off),
        "untrained": spec_of(tiny_bert, corpus, epochs=1, rate=1e-6, seed=3, control=False, random_init=False, **off),
        "narrow": spec_of(tiny_bert, corpus, rank=4, epochs=1, control=False, random_init=False, **off),
        "another": spec_of(tiny_gpt2, corpus, control=False, random_init=False, **off),
    }
    tuned = tmp_path_factory.mktemp("tuned") / "model"
    shutil.copytree(tiny_bert, tuned)
    weights = load_file(tuned / "model.safetensors")
    save_file({n: w * 1.01 for n, w in weights.items()}, tuned / "model.safetensors", metadata={"format": "pt"})
    specs["tuned"] = spec_of(tuned, corpus, control=False, random_init=False, **off)
    return {name: (spec, studied(spec, home)) for name, spec in specs.items()}


@pytest.fixture
def ask(runs: Runs, strata_home: Path) -> Callable[..., TransferResult]:
    for spec, result in runs.values():
        store.save(spec, result, 1.0)
    look.trained.cache_clear()

    def asked(*names: str) -> TransferResult:
        digests: Any = {name: spec.digest for name, (spec, _) in runs.items()}
        return carry(TransferSpec(runs=tuple(digests.get(name, name) for name in names)), Progress())

    return asked


def test_on_its_own_functions_a_probe_has_its_runs_score(ask: Any, runs: Runs) -> None:
    found, own = ask("whole", "untrained"), runs["whole"][1]
    whole, untrained = ("python A", "python B")
    assert found.names == (whole, untrained)
    here = found.scores[found.scores["read"] == whole]
    scores = {name: table.set_index("layer") for name, table in here.groupby("probe")}
    assert set(scores) == {whole, untrained, CONTROL, RANDOM}
    for layer in own.layers:
        for ours, theirs in ((whole, "trained model"), (CONTROL, "control task"), (RANDOM, "random init")):
            assert scores[ours].loc[layer, "f1"] == pytest.approx(own.row(theirs, layer).f1, abs=1e-6)
    assert (scores[whole].f1_spans >= scores[whole].f1 - 0.2).all()
    assert scores[CONTROL].f1_spans.isna().all()
    there = found.scores[found.scores["read"] == untrained]
    assert set(there["probe"]) == {whole, untrained}  # that run was asked for no baselines


def test_what_was_never_trained_transfers_worse_than_what_was(ask: Any, runs: Runs) -> None:
    found = ask("whole", "untrained")
    whole, untrained = ("python A", "python B")
    gains = found.gains.set_index(["probe", "read", "rival"])
    assert gains.loc[(untrained, whole, OWN), "high"] < 0
    assert gains.loc[(whole, untrained, OWN), "low"] > 0
    own = found.snippets.pivot(index="snippet", columns=["read", "probe"], values="f1")[whole]
    assert gains.loc[(untrained, whole, OWN), "gain"] == pytest.approx((own[untrained] - own[whole]).mean())
    assert gains.loc[(untrained, whole, CONTROL), "gain"] == pytest.approx((own[untrained] - own[CONTROL]).mean())
    said = found.headline()
    assert f"probes of {whole} read {untrained} with F1" in said
    assert f"above {untrained}'s own probe" in said


def test_the_layer_is_chosen_on_validation_and_the_subspaces_compared(ask: Any, runs: Runs) -> None:
    found, results = ask("untrained", "whole"), [runs[name][1] for name in ("untrained", "whole")]
    valid = [r.scores[r.scores.series == "trained model"].set_index("layer").valid_f1 for r in results]
    assert found.layer == (valid[0] + valid[1]).idxmax()
    assert len(found.angles) == len(found.layers)
    assert not found.angles["same_start"].any()
    assert len(found.shared) == 8
    at = results[0].layers.index(found.layer)
    one, other = (np.linalg.qr(r.basis[at].astype(float)).Q for r in results)
    overlap = np.square(one.T @ other).sum() / 8
    row = found.angles[found.angles["layer"] == found.layer].iloc[0]
    assert row.overlap == pytest.approx(overlap)
    assert f"subspaces overlap {overlap:.2f}" in found.headline()


def test_a_model_and_what_was_trained_from_it_are_compared_with_a_word_of_warning(ask: Any) -> None:
    found = ask("whole", "tuned")
    assert any("only if one model was trained from the other" in note for note in found.source.notes)
    assert found.angles["same_start"].all()
    assert "(some began alike)" in found.headline()
    assert not any("trained from the other" in note for note in ask("whole", "untrained").source.notes)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("whole", "another"), "E-TRANSFER"),
        (("whole", "narrow"), "E-TRANSFER"),
        (("0" * 32, "whole"), "E-RUN-UNKNOWN"),
        (("whole", "0" * 32), "E-RUN-UNKNOWN"),
    ],
)
def test_other_models_ranks_and_unknown_runs_are_refused(ask: Any, names: tuple[str, str], code: str) -> None:
    with pytest.raises(StrataError) as caught:
        ask(*names)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "runs", [("0" * 32,), ("0" * 32, "0" * 32), ("0" * 32, "x"), "", tuple(f"{i:032x}" for i in range(9))]
)
def test_runs_are_two_to_eight_and_different(runs: Any) -> None:
    with pytest.raises(ValidationError, match="runs"):
        TransferSpec(runs=runs)


def test_a_command_line_names_runs_between_commas() -> None:
    assert TransferSpec(runs=f"{'0' * 32}, {'1' * 32}").runs == ("0" * 32, "1" * 32)  # type: ignore[arg-type]
