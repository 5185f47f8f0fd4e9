"""The comparison on the Runs page: its address, its sentence, its files, and every address that cannot be."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes import analyses, store
from probes.syntax import SyntaxSpec

PAGE = "pages/Runs.py"
UNKNOWN = "0123456789abcdef" * 2
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


def pick(at: AppTest, *rows: int) -> AppTest:
    at.session_state["history"] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return at.run()


@pytest.fixture
def two(stored: SyntaxSpec, here: Any) -> list[str]:
    """Two finished runs of the same answers: they differ by their seed alone, and so in nothing."""
    result = analyses.result_of(stored.digest)
    twin = stored.model_copy(update={"seed": 5})
    store.save(twin, result, 2.0)
    return [stored.digest, twin.digest]


def test_picked_runs_of_a_kind_are_compared_by_one_press(page: Open, two: list[str]) -> None:
    at = pick(page(PAGE), 0, 1)
    at.button(key="compare_picked").click().run()
    assert not at.exception
    asked = at.query_params["compare"]
    assert set((asked if isinstance(asked, str) else asked[0]).split(",")) == set(two)
    assert at.title[0].value == "How do these runs differ?"
    at.button(key="all_runs").click().run()
    assert dict(at.query_params) == {}
    assert at.title[0].value == "What was asked before?"


def test_a_comparison_has_its_address_sentence_figure_and_table(page: Open, two: list[str], here: Any) -> None:
    at = page(PAGE, compare=",".join(two))
    assert not at.exception
    assert "“seed 5” is exactly as “seed 0”" in at.html[0].value
    assert len(at.get("vega_lite_chart")) == 1
    assert (at.dataframe[0].value[["difference", "low", "high"]].to_numpy() == 0).all()
    assert [b.label for b in at.download_button] == ["PDF", "SVG", "PNG", "CSV", "Parquet", "LaTeX"]
    at.selectbox(key="measure").set_value("F1 above the control task").run()
    assert not at.exception
    assert here.submitted == []


@pytest.mark.parametrize(
    ("compare", "said"),
    [
        (UNKNOWN, "is not stored here"),
        (f"{UNKNOWN},{UNKNOWN[::-1]}", "is not stored here"),
        ("../../etc/passwd,x", "names something that is no run"),
        ("NaN", "names something that is no run"),
        ("<script>", "names something that is no run"),
        ("a" * 100_000, "names something that is no run"),
        (",".join(f"{i:032x}" for i in range(40)), "the first 8 are shown"),
        ("{0}", "1 runs cannot be compared"),
        ("{0},{0}", "1 runs cannot be compared"),
        ("{0}," + UNKNOWN, "is not stored here"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused_with_the_reason(
    page: Open, two: list[str], compare: str, said: str
) -> None:
    """Case 60: stale, unknown and hostile digests."""
    at = page(PAGE, compare=compare.replace("{0}", two[0]))
    assert not at.exception
    assert said in says(at)
    assert not at.get("vega_lite_chart")
    assert len(says(at)) < 1_000
