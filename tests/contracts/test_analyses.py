"""What every answer promises: the same bits, a store that keeps them, a headline and figures that are true to them."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from probes import analyses, engine, store
from probes.analyses import ANALYSES
from probes.contract import Analysis

each = pytest.mark.parametrize("analysis", ANALYSES, ids=lambda a: a.kind)


def same(a: Any, b: Any) -> None:
    """Check that two results hold the same bits."""
    assert type(a) is type(b)
    for part in dataclasses.fields(a):
        one, two = getattr(a, part.name), getattr(b, part.name)
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, two, check_exact=True)
        elif isinstance(one, np.ndarray):
            assert (one.dtype, one.shape) == (two.dtype, two.shape), part.name
            assert one.tobytes() == two.tobytes(), part.name
        else:
            assert one == two, part.name


# ---- the answer ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def again(ask_small: Callable[[str], Any]) -> Any:
    """The same questions, computed a second time in another home."""
    return ask_small("again")


@each
def test_the_same_question_gives_the_same_bits(analysis: Analysis, small_run: Any, again: Any) -> None:
    assert again.home != small_run.home
    assert again.specs[analysis.kind].digest == small_run.specs[analysis.kind].digest
    same(again.results[analysis.kind], small_run.results[analysis.kind])


@each
def test_a_result_survives_packing(analysis: Analysis, small_run: Any) -> None:
    result = small_run.results[analysis.kind]
    same(store.unpack(analysis.result, store.pack(result)), result)


@each
def test_a_result_survives_the_store(analysis: Analysis, own: Any) -> None:
    spec, result = own.specs[analysis.kind], own.results[analysis.kind]
    if analysis.live:
        assert store.asked(spec.digest) is None  # kept only when pinned
        store.save(spec, result, 0.1)
    same(store.load(spec.digest, analysis.result), result)
    assert analyses.spec_of(spec.digest) == spec
    same(analyses.result_of(spec.digest), result)
    assert {e.digest: e.headline for e in store.runs(analysis.kind)}[spec.digest] == result.headline()


@each
def test_a_result_is_frozen_and_of_the_type_it_says(analysis: Analysis, small_run: Any) -> None:
    result = small_run.results[analysis.kind]
    assert type(result) is analysis.result
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.source = None


def numbers(result: Any) -> Iterator[float]:
    """Yield every number that a result holds, and what a headline may make of them: half widths and counts."""
    for part in dataclasses.fields(result):
        value = getattr(result, part.name)
        if isinstance(value, pd.DataFrame):
            for name in value.select_dtypes("number"):
                yield from value[name].dropna()
            if {"low", "high"} <= set(value.columns):
                yield from (value.high - value.low).dropna() / 2
            for name in value.select_dtypes(["object", "string"]):
                for chosen in value[name].dropna().unique():
                    rows = value[value[name] == chosen]
                    yield len(rows)
                    yield from (int(rows[flag].sum()) for flag in rows.select_dtypes("bool"))
        else:
            yield from _plain(value)


def _plain(value: Any) -> Iterator[float]:
    if isinstance(value, bool):
        return
    number = isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value)
    if number or isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, dict | tuple):
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from _plain(item)


@each
def test_the_headline_is_one_sentence_of_numbers_that_are_in_the_result(analysis: Analysis, small_run: Any) -> None:
    result = small_run.results[analysis.kind]
    text = result.headline()
    assert text.endswith(".")
    assert "\n" not in text
    said = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]\d+)?", re.sub(r"\bF1\b|layer 0(?=[ .,])(?! of)", "", text))
    assert said
    have = {f"{abs(n):{form}}" for n in numbers(result) for form in (".0f", ".1f", ".2f", ".3f", ".0e")}
    assert set(said) <= have, f"{set(said) - have} of {text!r} is nowhere in the result"


@each
def test_the_frame_is_a_tidy_table(analysis: Analysis, small_run: Any) -> None:
    frame = small_run.results[analysis.kind].frame()
    assert len(frame)
    assert all(isinstance(name, str) for name in frame.columns)
    assert frame.columns.is_unique
    assert frame.index.equals(pd.RangeIndex(len(frame)))
    assert not frame.map(lambda cell: isinstance(cell, list | dict | tuple | np.ndarray)).any(axis=None)


@each
def test_the_source_says_where_the_numbers_came_from(analysis: Analysis, small_run: Any) -> None:
    source = small_run.results[analysis.kind].source
    assert source.model == small_run.model[analysis.kind]
    assert re.fullmatch("[0-9a-f]{64}|not read", source.weights)
    assert re.fullmatch("[0-9a-f]{32}", source.corpus_digest)
    assert {"python", "torch", "transformers", "numpy"} <= set(source.versions)
    assert all(source.versions.values())
    assert source.dtype == "float32"
    assert source.device
    assert source.corpus
    assert json.loads(json.dumps(source.as_dict())) == source.as_dict()


# ---- the figures -----------------------------------------------------------------------------------------------------


def views(spec: dict[str, Any], data: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[tuple[Any, Any]]:
    """Yield each view with its rows."""
    rows = data.get(spec.get("data", {}).get("name"), rows)
    if "mark" in spec:
        yield spec, rows
    for part in ("layer", "hconcat", "vconcat", "concat"):
        for view in spec.get(part, ()):
            yield from views(view, data, rows)
    if isinstance(spec.get("spec"), dict):
        yield from views(spec["spec"], data, rows)


@pytest.mark.parametrize(
    ("analysis", "at"), [pytest.param(a, at, id=at.rpartition(":")[2]) for a in ANALYSES for at in a.figures_at]
)
def test_every_field_a_figure_draws_exists_in_its_data(analysis: Analysis, at: str, small_run: Any) -> None:
    result = small_run.results[analysis.kind]
    chart = analysis.figures[at.rpartition(":")[2]](result)
    spec = chart.to_dict()
    assert spec == analysis.figures[at.rpartition(":")[2]](result).to_dict()  # drawing twice draws the same
    drawn = 0
    for view, rows in views(spec, spec.get("datasets", {}), []):
        channels = [c for e in view.get("encoding", {}).values() for c in (e if isinstance(e, list) else [e])]
        wanted = {c["field"] for c in channels if "field" in c}
        for row in rows:
            assert wanted <= set(row), f"{view['mark']} draws {wanted - set(row)}, which its rows lack"
        drawn += len(rows)
    assert drawn


@each
def test_the_engine_serves_what_is_stored(analysis: Analysis, small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    same(engine.run(small.specs[analysis.kind]), small.results[analysis.kind])
