"""Probes of one run on another's functions: onto itself nothing changes, and another model is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_run import folder_of, spec_of, studied

from probes import store
from probes.contract import Progress
from probes.errors import StrataError
from probes.syntax import look
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.carry import carry
from probes.syntax.transfer import OWN, TRANSFERRED, TransferResult, TransferSpec

Runs = dict[str, tuple[SyntaxSpec, SyntaxResult]]


@pytest.fixture(scope="module")
def runs(tiny_bert: Path, tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    corpus, home = folder_of(tmp_path_factory.mktemp("code")), tmp_path_factory.mktemp("home")
    off = {"controls": False, "dimensions": False}
    specs = {
        "whole": spec_of(tiny_bert, corpus, **off),
        "untrained": spec_of(tiny_bert, corpus, epochs=1, rate=1e-6, seed=3, control=False, random_init=False, **off),
        "another": spec_of(tiny_gpt2, corpus, control=False, random_init=False, **off),
    }
    return {name: (spec, studied(spec, home)) for name, spec in specs.items()}


@pytest.fixture
def ask(runs: Runs, strata_home: Path) -> Callable[[str, str], TransferResult]:
    for spec, result in runs.values():
        store.save(spec, result, 1.0)
    look.trained.cache_clear()

    def asked(probe: str, run: str) -> TransferResult:
        digests: Any = {name: spec.digest for name, (spec, _) in runs.items()}
        return carry(TransferSpec(probe=digests.get(probe, probe), run=digests.get(run, run)), Progress())

    return asked


def test_onto_itself_it_is_the_runs_own_score(ask: Any, runs: Runs) -> None:
    found, own = ask("whole", "whole"), runs["whole"][1]
    scores = {name: table.set_index("layer") for name, table in found.scores.groupby("series")}
    assert set(scores) == {TRANSFERRED, OWN, "control task", "random init"}
    for layer in own.layers:
        f1 = own.row("trained model", layer).f1
        assert scores[TRANSFERRED].loc[layer, "f1"] == pytest.approx(f1, abs=1e-6)
        assert scores[OWN].loc[layer, "gain"] == 0
        for ours, theirs in (("control task", "control task"), ("random init", "random init")):
            assert scores[ours].loc[layer, "f1"] == pytest.approx(own.row(theirs, layer).f1, abs=1e-6)
            gain = f1 - own.row(theirs, layer).f1
            assert scores[ours].loc[layer, "gain"] == pytest.approx(gain, abs=1e-6)
    bare = scores[TRANSFERRED]
    assert (bare.f1_spans >= bare.f1 - 0.2).all()
    assert np.isfinite(bare.f1_spans).all()
    assert found.best == own.best


def test_what_was_never_trained_transfers_worse_than_what_was(ask: Any) -> None:
    found = ask("untrained", "whole")
    gain = found.scores[(found.scores.series == OWN) & (found.scores.layer == found.best)].iloc[0]
    assert gain.gain_high < 0
    assert f"{abs(gain.gain):.2f} below its own probe" in found.headline()
    assert "not clearly" not in found.headline().partition("its own probe")[0]
    assert len(found.snippets) == len(found.scores) * found.snippets.snippet.nunique()


@pytest.mark.parametrize(
    ("probe", "run", "code"),
    [("another", "whole", "E-TRANSFER"), ("0" * 32, "whole", "E-RUN-UNKNOWN"), ("whole", "0" * 32, "E-RUN-UNKNOWN")],
)
def test_other_models_and_unknown_runs_are_refused(ask: Any, probe: str, run: str, code: str) -> None:
    with pytest.raises(StrataError) as caught:
        ask(probe, run)
    assert caught.value.code == code
