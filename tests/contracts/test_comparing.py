"""What an analysis says can be compared is what it reports: the same means, the same intervals, the same best place."""

from typing import Any

import pytest

from probes import analyses
from probes.analyses import ANALYSES
from probes.compare import compare
from probes.contract import Analysis
from probes.errors import StrataError

comparing = pytest.mark.parametrize("analysis", [a for a in ANALYSES if a.compare_at], ids=lambda a: a.kind)


@comparing
def test_what_is_compared_is_what_the_headline_says(analysis: Analysis, small_run: Any) -> None:
    result = small_run.results[analysis.kind]
    main, *_ = analysis.comparables(small_run.specs[analysis.kind], result)
    means = main.items.groupby("place").value.mean()
    assert f"{means[main.best]:.2f}" in result.headline()
    assert f"{main.axis} {main.best}" in result.headline()


@comparing
def test_every_measure_has_a_value_for_each_place_and_text(analysis: Analysis, small_run: Any) -> None:
    found = analysis.comparables(small_run.specs[analysis.kind], small_run.results[analysis.kind])
    assert len({c.measure for c in found}) == len(found)
    for one in found:
        assert not one.items.duplicated(["place", "text"]).any()
        assert len(one.items) == one.items.place.nunique() * one.items.text.nunique()
        made = compare({"a": one, "b": one})
        assert (made.differences[["difference", "low", "high"]].to_numpy() == 0).all()


def test_an_analysis_that_says_nothing_is_not_compared(small_run: Any) -> None:
    snippet = analyses.find("snippet")
    assert snippet.comparables(small_run.specs["snippet"], small_run.results["snippet"]) == ()


def test_syntax_is_compared_by_the_scores_and_their_intervals(small_run: Any) -> None:
    spec, result = small_run.specs["syntax"], small_run.results["syntax"]
    f1, above = analyses.find("syntax").comparables(spec, result)
    scores = {name: table.set_index("layer") for name, table in result.scores.groupby("series")}
    shown = compare({"a": f1, "b": f1}).values
    shown = shown[shown.run == "a"].set_index("place")
    trained, control = scores["trained model"], scores["control task"]
    for name, column in (("value", "f1"), ("low", "low"), ("high", "high")):
        assert shown[name].to_dict() == pytest.approx(trained[column].to_dict())
    selective = above.items.groupby("place").value.mean()
    assert selective.to_dict() == pytest.approx((trained.f1 - control.f1).to_dict())


def test_stored_runs_are_compared_and_what_is_not_there_is_said(small: Any) -> None:
    syntax = small.specs["syntax"].digest
    assert analyses.measures([syntax, syntax]) == ["F1 of constituents", "F1 above the control task"]
    assert analyses.measures([]) == []
    for digests, said in (
        ([syntax], "1 runs"),
        ([syntax, syntax], "1 runs"),
        ([], "0 runs"),
        ([syntax, "0" * 32], "is not stored here"),
    ):
        with pytest.raises(StrataError, match=said) as refusal:
            analyses.compared(digests)
        assert refusal.value.code == "E-COMPARE"
    with pytest.raises(StrataError, match="nothing in common"):
        analyses.compared([syntax], "no such measure")
