"""The whole run on tiny models: what comes back of every kind, what is refused, and figures true to the numbers."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import code_folder

from probes.codebooks import CodebookResult, CodebookSpec
from probes.codebooks import study as room
from probes.codebooks.methods import codebooks as methods
from probes.contract import Progress
from probes.errors import Cancelled, StrataError
from probes.figures import codebooks as figures
from probes.store import pack, unpack

FIGURES = ("explained_by_layer", "bits_by_layer", "stability_by_layer", "usage", "leaf_types")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"code:{code_folder(tmp_path_factory.mktemp('code') / 'code')}"


def spec_of(model: Path, corpus: str, **other: Any) -> CodebookSpec:
    return CodebookSpec(
        **{"model": str(model), "corpus": corpus, "codes": 8, "n_fit": 400, "n_test": 150, "passes": 4, **other}
    )


def studied(spec: CodebookSpec, home: Path, progress: Progress | None = None) -> CodebookResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        return room.study(spec, progress or Progress())


@pytest.fixture(scope="module")
def result(tiny_llama: Path, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> CodebookResult:
    return studied(spec_of(tiny_llama, corpus), tmp_path_factory.mktemp("home"))


def test_every_layer_is_scored_and_its_codes_are_kept(result: CodebookResult) -> None:
    assert result.scores.layer.tolist() == ["0", "1", "2", "2 + norm"] == list(result.layers)
    assert np.isfinite(result.scores.select_dtypes("number")).all().all()
    assert (result.scores.low <= result.scores.explained).all()
    assert (result.scores.explained <= result.scores.high).all()
    assert result.scores.excess.tolist() == pytest.approx((result.scores.explained - result.scores.floor).tolist())
    assert result.codes.shape == (4, 1, 8, 16)
    assert (result.ids.shape, result.ids.dtype) == ((4, 550, 1), np.uint8)
    assert result.sizes == (400, 150)
    best = (result.scores.fit_explained - result.scores.fit_floor).argmax()
    assert result.best == result.layers[int(best)]


def test_the_best_layers_tables_agree_with_its_ids(result: CodebookResult) -> None:
    held = result.ids[result.layers.index(result.best), 400:, 0]
    assert result.usage["count"].tolist() == np.bincount(held, minlength=8).tolist()
    assert result.row(result.best).dead == pytest.approx((result.usage["count"] == 0).mean())
    assert result.tokens.held_out.sum() == 150
    assert result.others.shape == (4, 150, 1)
    assert result.errors.shape == (4, 150)
    for row in result.tokens.itertuples():
        assert result.passages.content[row.text][row.start : row.end] == row.token
    assert {"identifier", "layout"} <= set(result.leaves.label)
    means = result.texts.groupby("layer").value.mean()
    assert means[list(result.layers)].tolist() == pytest.approx(result.scores.explained.tolist())


@pytest.mark.parametrize(
    ("method", "codes", "choices", "capacity"),
    [
        ("spherical", (1, 8, 16), 2, 7),
        ("product", (2, 8, 8), 2, 6),
        ("residual", (2, 8, 16), 2, 6),
    ],
)
def test_every_kind_answers_survives_the_store_and_is_described(
    method: str, codes: tuple[int, ...], choices: int, capacity: float, tiny_bert: Path, corpus: str, tmp_path: Path
) -> None:
    spec = spec_of(tiny_bert, corpus, method=method, books=2, layers="1, 2", batch=64)
    found = studied(spec, tmp_path)
    assert found.layers == ("1", "2")
    assert found.codes.shape[1:] == codes
    assert found.ids.shape == (2, 550, choices)
    assert set(found.scores.capacity) == {capacity}
    back = unpack(CodebookResult, pack(found))
    for part in dataclasses.fields(found):
        if part.type is pd.DataFrame:
            pd.testing.assert_frame_equal(getattr(back, part.name), getattr(found, part.name), check_exact=True)
    assert np.array_equal(back.ids, found.ids)
    assert "mini-batches of 64" in " ".join(methods(spec, found))
    for name in FIGURES:
        getattr(figures, name)(found).to_dict()


def test_text_that_is_no_code_has_codes_and_no_leaves(tiny_gpt2: Path, tmp_path: Path) -> None:
    lines = [
        f"The {word} of number {i} is <b>{i * 7}</b> \u202e." for i, word in enumerate(["sum", "name", "list"] * 30)
    ]
    (tmp_path / "notes.txt").write_text("\n".join(lines), "utf-8")
    spec = spec_of(tiny_gpt2, f"table:{tmp_path / 'notes.txt'}", language="", layers="1")
    found = studied(spec, tmp_path / "home")
    assert found.leaves.empty
    assert "not code" in json.dumps(figures.leaf_types(found).to_dict())
    shown = json.dumps(figures.usage(found).to_dict(), ensure_ascii=False)
    assert "\u202e" not in shown


def test_figures_draw_the_numbers(result: CodebookResult) -> None:
    for name in FIGURES:
        getattr(figures, name)(result).to_dict()
    drawn = json.loads(json.dumps(figures.explained_by_layer(result).to_dict()))
    rows = [row for data in drawn["datasets"].values() for row in data if "series" in row and "note" not in row]
    for row in result.scores.itertuples():
        points = {r["series"]: r["value"] for r in rows if r["layer"] == row.layer}
        assert points == pytest.approx(dict(zip(figures.EXPLAINED, (row.explained, row.word, row.floor), strict=True)))
    said = figures.usage(result).to_dict()["title"]["subtitle"][0]
    assert f"{(result.usage['count'] == 0).sum()} without a held-out token" in said


def test_below_its_floor_is_called_below(result: CodebookResult) -> None:
    worse = result.scores.assign(excess=-0.25, low=0.0, high=0.1, floor=0.35, explained=0.1)
    text = dataclasses.replace(result, scores=worse).headline()
    assert "0.25 below noise" in text
    doubtful = worse.assign(low=0.0, high=0.4)
    assert "not clearly 0.25 below" in dataclasses.replace(result, scores=doubtful).headline()


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "code", "said"),
    [
        ({"codes": 401}, "E-CODES-ROWS", "401 codes cannot be fitted to 400"),
        ({"method": "pursuit", "codes": 4, "books": 5}, "E-CODES-K", "5 different ones of 4 codes"),
        ({"method": "itda", "codes": 4, "books": 5}, "E-CODES-K", "5 different ones of 4 codes"),
        ({"site": "head:99"}, "E-SITE-UNKNOWN", "no 'head:99'"),
        ({"layers": "9"}, "E-LAYER-UNKNOWN", "no layer '9'"),
        ({"layers": ","}, "E-LAYER-UNKNOWN", "no layer ','"),
        ({"method": "product", "books": 3}, "E-GROUPS", "Layer 0: States of width 16 cannot be cut into 3"),
        ({"language": "pyton"}, "E-LANGUAGE-UNKNOWN", "pyton"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    other: dict[str, Any], code: str, said: str, tiny_bert: Path, corpus: str, tmp_path: Path
) -> None:
    with pytest.raises(StrataError, match=said) as refusal:
        studied(spec_of(tiny_bert, corpus, **other), tmp_path)
    assert refusal.value.code == code
    assert refusal.value.fix or refusal.value.why


@pytest.mark.parametrize(("bad", "code"), [(np.nan, "E-STATES-NAN"), (0.0, "E-CODES-CONSTANT")])
def test_a_layer_that_holds_nothing_is_refused_by_its_name(
    bad: float, code: str, tiny_bert: Path, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = room.States.at
    monkeypatch.setattr(
        room.States, "at", lambda self, layer: real(self, layer) * bad if layer == "1" else real(self, layer)
    )
    with pytest.raises(StrataError, match="Layer 1: ") as refusal:
        studied(spec_of(tiny_bert, corpus), tmp_path)
    assert refusal.value.code == code


def test_a_run_can_be_cancelled_while_codes_are_fitted(tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    class Stop(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            if done / total > 0.6:
                raise Cancelled

    with pytest.raises(Cancelled):
        studied(spec_of(tiny_bert, corpus), tmp_path, Stop())


def test_a_short_corpus_is_said(tiny_bert: Path, corpus: str, tmp_path: Path) -> None:
    found = studied(spec_of(tiny_bert, corpus, n_fit=5000, layers="1"), tmp_path)
    assert any("of the 5,000 asked for" in note for note in found.source.notes)


def test_the_question_and_its_methods_need_no_torch() -> None:
    code = (
        "import sys, probes.analyses, probes.codebooks.methods, probes.codebooks.comparable, probes.figures.codebooks\n"
        "print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
