"""The whole syntax run on tiny models: what comes back, what is refused, and that it comes back the same."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_run import folder_of, spec_of, studied

from probes.contract import Progress
from probes.errors import StrataError
from probes.models import load
from probes.store import pack, unpack
from probes.syntax import study as room
from probes.syntax.analysis import CONTROL, NONCE, RANDOM, TRAINED, SyntaxResult, SyntaxSpec
from probes.syntax.closer import BLIND, LEFT, OUTER, RIGHT
from probes.syntax.second import JOINED, LEAVES
from probes.values import Source

LESS = {"control": False, "random_init": False, "controls": False, "dimensions": False}
"""Leaves out all but the probes themselves."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return folder_of(tmp_path_factory.mktemp("code"))


@pytest.fixture(scope="module")
def result(tiny_llama: Path, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> SyntaxResult:
    return studied(spec_of(tiny_llama, corpus), tmp_path_factory.mktemp("home"))


def test_every_series_is_scored_on_every_layer(result: SyntaxResult) -> None:
    layers = ["0", "1", "2", "2 + norm"]
    assert {name: part.layer.tolist() for name, part in result.scores.groupby("series")} == {
        name: layers for name in (TRAINED, CONTROL, RANDOM, NONCE)
    }
    assert result.sizes == (40, 8, 12)
    assert result.layers == tuple(layers)
    assert result.depth == 2
    assert np.isfinite(result.scores.drop(columns="valid_f1").select_dtypes("number")).all().all()
    assert set(result.scores.series[result.scores.valid_f1.isna()]) == {NONCE}  # which chooses nothing
    assert result.basis.shape == (4, 16, 8)
    trained = result.scores[result.scores.series == TRAINED]
    assert result.best == trained.layer.iloc[int(trained.valid_f1.argmax())]
    assert set(result.gain) == {CONTROL, RANDOM, LEAVES} | ({"layer 0"} if result.best != "0" else set())
    for name in (CONTROL, "trained model"):
        assert set(result.validation[result.validation.series == name].epoch) == {0, 1, 2}
    assert (result.validation.loss > 0).all()
    assert result.recall.n.sum() > 0
    assert (result.recall.layer == result.best).all()


def test_the_best_layer_stands_beside_everything_that_could_explain_it(result: SyntaxResult) -> None:
    table = result.controls.set_index("name")
    expected = {TRAINED, CONTROL, RANDOM, NONCE, LEAVES, RIGHT, LEFT, OUTER, BLIND}
    assert set(table.index) == expected | ({"layer 0", JOINED} if result.best != "0" else set())
    top = result.row(TRAINED, result.best)
    assert table.index[0] == TRAINED
    assert table.loc[TRAINED, ["f1", "low", "high"]].tolist() == pytest.approx([top.f1, top.low, top.high])
    assert table.loc[TRAINED, "gain"] == 0
    for name, gain in result.gain.items():
        assert tuple(table.loc[name, ["gain", "gain_low", "gain_high"]]) == pytest.approx(gain)
    assert np.allclose((top.f1 - table.f1 - table.gain).drop(BLIND), 0)
    coded = table.bits.dropna()
    assert set(coded.index) == {TRAINED, RANDOM, LEAVES, BLIND} | ({"layer 0"} if result.best != "0" else set())
    assert coded[LEAVES] < coded[BLIND]  # a random model of width 16 need not make forty trees any shorter


def test_the_dimension_curve_ends_at_the_rank_asked_for(result: SyntaxResult) -> None:
    curve = result.dimension
    assert curve["rank"].tolist() == [1, 2, 4, 8]
    top = result.row(TRAINED, result.best)
    assert curve.iloc[-1][["f1", "low", "high"]].tolist() == pytest.approx([top.f1, top.low, top.high])
    assert curve.smallest.sum() == 1
    assert (curve.low <= curve.f1).all()


def test_the_source_says_what_was_read(result: SyntaxResult, corpus: str) -> None:
    assert result.source.corpus == corpus
    assert "tree-sitter-python" in result.source.versions
    assert len(result.source.notes) == 1
    assert re.match(r"The control task can be memorised for \d+% of test gaps", result.source.notes[0])
    assert all(count > 0 for count in result.left_out.values())


@pytest.mark.parametrize("recipe", ["strata", "published"])
def test_the_same_question_has_the_same_answer(recipe: str, tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    spec = spec_of(tiny_bert, corpus, recipe=recipe, epochs=2)
    first, again, fresh = (studied(spec, tmp_path / home) for home in ("a", "a", "b"))
    for other in (again, fresh):
        assert pack(other) == pack(first)
    assert pack(unpack(SyntaxResult, pack(first))) == pack(first)
    moved = studied(spec_of(tiny_bert, corpus, recipe=recipe, epochs=2, seed=1), tmp_path / "a")
    assert not np.array_equal(moved.basis, first.basis)


def test_without_baselines_the_headline_names_none(tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    bare = dict.fromkeys(("control", "random_init", "controls", "dimensions"), False)
    found = studied(spec_of(tiny_bert, corpus, **bare, input="leaves", seeds=2), tmp_path)
    assert found.controls.name.isin([TRAINED, "layer 0"]).all()
    assert found.dimension.empty
    assert set(found.scores.series) == {TRAINED}
    assert set(found.gain) <= {"layer 0"}
    assert "control" not in found.headline()
    assert "random" not in found.headline()
    assert f"{found.row(TRAINED, found.best).f1:.2f}" in found.headline()


def test_a_corpus_with_less_than_asked_for_says_so(tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    asked = spec_of(tiny_bert, corpus, n_train=5000, n_valid=8, n_test=5000, control=False, random_init=False, epochs=1)
    found = studied(asked, tmp_path)
    train, _, test = found.sizes
    assert found.source.notes == (
        f"The corpus gave {train} training functions of the 5000 asked for.",
        f"The corpus gave {test} test functions of the 5000 asked for.",
    )


def test_progress_rises_to_one(tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    class Watch(Progress):
        seen: list[float] = []

        def report(self, done: float, total: float, note: str = "") -> None:
            self.seen.append(done / total)

    studied(spec_of(tiny_bert, corpus), tmp_path, Watch())
    assert Watch.seen == sorted(Watch.seen)
    assert Watch.seen[0] >= 0
    assert 0.9 < Watch.seen[-1] <= 1


# ---- refusals --------------------------------------------------------------------------------------------------------


def refused(asked: SyntaxSpec, home: Path) -> StrataError:
    with pytest.raises(StrataError) as caught:
        studied(asked, home)
    return caught.value


def test_a_rank_beyond_the_width_is_refused(tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    error = refused(spec_of(tiny_bert, corpus, rank=17), tmp_path)
    assert error.code == "E-RANK"
    assert "rank 17" in str(error)
    assert "at most 16" in error.fix


def test_a_corpus_without_enough_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    error = refused(spec_of(tiny_bert, folder_of(tmp_path / "few", 4)), tmp_path)
    assert error.code == "E-CORPUS-SMALL"


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0])
def test_states_that_are_not_numbers_are_refused(bad: float, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class States:
        layers = ("0", "1")

        def at(self, layer: str) -> np.ndarray:
            rows = np.ones((3, 4), np.float32)
            return rows * bad if layer == "1" else rows

    monkeypatch.setattr(room, "extract", lambda *args, **kw: States())
    source: Any = Source("m", "", "", "", "", "", "", 0)

    class Empty:
        snippets = ()

    data: Any = Empty()
    with pytest.raises(StrataError, match="Layer 1 of .* NaN, infinite numbers or only zeros in float32") as caught:
        room.states_of(load(str(tiny_bert), device="cpu"), data, source, Progress())
    assert caught.value.code == "E-STATES-NAN"


# ---- real weights ----------------------------------------------------------------------------------------------------


@pytest.mark.weights
def test_syntax_is_in_the_middle_of_minilm(minilm: str, strata_home: Path) -> None:
    asked = {"n_train": 80, "n_valid": 20, "n_test": 40, "max_words": 80, "epochs": 8, "rank": 64}
    found = studied(SyntaxSpec(model=minilm, **LESS, **asked), strata_home)
    f1: pd.Series = found.scores[found.scores.series == TRAINED].set_index("layer").f1
    assert found.best in {"1", "2", "3", "4"}
    assert f1[["2", "3", "4"]].max() > f1["6"] + 0.05
    assert f1[["2", "3", "4"]].max() > 0.3


def test_the_chart_decodes_the_same_probes_in_another_way(tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    greedy, chart = (
        studied(spec_of(tiny_bert, corpus, decoding=name, **LESS, epochs=1, seeds=2), tmp_path / name)
        for name in ("greedy", "chart")
    )
    assert np.array_equal(greedy.basis, chart.basis)
    assert not np.array_equal(greedy.snippets.f1, chart.snippets.f1)
    assert greedy.agreement.equals(chart.agreement)
    assert len(chart.agreement) == len(chart.layers) ** 2  # two starts: every layer with every other, and with itself
    assert chart.agreement.overlap.between(0, 1).all()
