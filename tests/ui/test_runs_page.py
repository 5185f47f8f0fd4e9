"""The Runs page: empty, two thousand, every filter, every action, every address, and hostile words."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from asked import job, put
from streamlit.testing.v1 import AppTest

from probes import engine, store
from probes.syntax import SyntaxSpec

PAGE = "pages/Runs.py"
HOSTILE = "<img src=x onerror=alert(1)> **b** :red[r] :material/bolt: $x^2$ [a](javascript:alert(2)) `c` =1+1"
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


def table(at: AppTest) -> Any:
    return at.dataframe[0].value


def pick(at: AppTest, *rows: int) -> AppTest:
    at.session_state["history"] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return at.run()


@pytest.fixture
def history(strata_home: Any, here: Any) -> dict[str, str]:
    """Three runs and a failed job, newest first: a, b, c, broken is the newest of all."""
    made = {
        "a": put(strata_home, 1, hours=1, headline="Syntax peaks at layer 3."),
        "b": put(strata_home, 2, hours=2, headline="Syntax peaks at layer 4.", model="smollm2"),
        "c": put(strata_home, 3, hours=80, headline="Syntax peaks at layer 5.", corpus="code:/data/x@0123456789ab"),
    }
    error = {"code": "E-X", "what": "It broke.", "why": "", "fix": ""}
    return made | {"broken": job(4, "failed", error=error)}


# ---- empty and large -------------------------------------------------------------------------------------------------


def test_an_empty_history_says_where_to_begin(page: Open) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "What was asked before?"
    assert "Nothing was asked yet." in says(at)
    assert at.main.get("page_link")
    assert not at.dataframe


def test_a_filter_by_question_stands_in_the_address_as_it_is_read(page: Open, history: dict[str, str]) -> None:
    at = page(PAGE, kind="Syntax")
    assert not at.exception
    assert not at.warning
    assert at.selectbox(key="kind").value == "syntax"


def test_everything_asked_is_listed_with_how_it_stands(page: Open, history: dict[str, str], here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert table(at).found.tolist() == [
        "It broke.",
        "Syntax peaks at layer 3.",
        "Syntax peaks at layer 4.",
        "Syntax peaks at layer 5.",
    ]
    assert table(at).state.tolist() == ["failed", "done", "done", "done"]
    assert set(table(at).question) == {"Syntax"}
    assert here.submitted == []


def test_two_thousand_runs_are_listed(page: Open, strata_home: Any) -> None:
    for n in range(2_000):
        put(strata_home, n, hours=n)
    at = page(PAGE)
    assert not at.exception
    assert len(at.get("arrow_data_frame") or at.dataframe) == 1


# ---- filters and their address ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("model", "smollm2", ["b"]),
        ("corpus", "code:/data/x", ["c"]),
        ("state", "failed", ["broken"]),
        ("state", "cancelled", []),
        ("when", "Last 24 hours", ["broken", "a", "b"]),
        ("sort", "Oldest", ["c", "b", "a", "broken"]),
    ],
)
def test_every_filter_narrows_and_stands_in_the_address(
    page: Open, history: dict[str, str], name: str, value: str, kept: list[str]
) -> None:
    words = {"a": "layer 3", "b": "layer 4", "c": "layer 5", "broken": "broke"}
    at = page(PAGE)
    at.selectbox(key=name).set_value(value).run()
    assert not at.exception
    opened = page(PAGE, **{name: value})
    for shown in (at, opened):
        found = table(shown).found.tolist() if kept else []
        assert len(found) == len(kept)
        assert all(words[k] in text for k, text in zip(kept, found, strict=True))
        assert bool(kept) or "No run is like that." in says(shown)
    assert not opened.warning


def test_searching_and_pinned_only(page: Open, history: dict[str, str]) -> None:
    at = page(PAGE)
    at.text_input(key="search").set_value("LAYER 4 smollm2").run()
    assert table(at).found.tolist() == ["Syntax peaks at layer 4."]
    opened = page(PAGE, search="layer 5")
    assert opened.text_input(key="search").value == "layer 5", dict(opened.query_params)
    assert table(opened).found.tolist() == ["Syntax peaks at layer 5."]
    store.pin(history["c"])
    assert table(page(PAGE, pinned="true")).found.tolist() == ["Syntax peaks at layer 5."]


@pytest.mark.parametrize("name", ["model", "corpus", "state", "when", "kind", "sort"])
@pytest.mark.parametrize("value", ["NaN", "../../etc/passwd", "<script>", "x" * 100_000, "\u202e", "0", "[]"])
def test_a_filter_nobody_has_is_said_and_left_out(page: Open, history: dict[str, str], name: str, value: str) -> None:
    """Case 60."""
    at = page(PAGE, **{name: value})
    assert not at.exception
    assert "which is not among those here" in says(at)
    assert len(table(at)) == 4
    assert len(at.warning) == 1
    assert len(at.warning[0].value) < 500


def test_ten_thousand_parameters_and_a_megabyte_give_the_default_view(page: Open, history: dict[str, str]) -> None:
    """Case 60."""
    for query in ({f"p{i}": "1" for i in range(10_000)}, {"search": "x" * 1_000_000}, {"compare": "," * 1_000_000}):
        at = page(PAGE, **query)
        assert not at.exception
        assert at.title[0].value == "What was asked before?"


# ---- actions ---------------------------------------------------------------------------------------------------------


def test_a_picked_run_can_be_opened_pinned_and_annotated(page: Open, history: dict[str, str]) -> None:
    at = pick(page(PAGE), 1)
    assert not at.exception
    links = [link for link in at.main.get("page_link") if history["a"] in link.proto.query_string]
    assert [link.proto.label for link in links] == ["Open in Syntax"]
    at.text_area(key=f"note_{history['a']}").set_value(HOSTILE).run()
    at.button(key="pin_picked").click().run()
    assert not at.exception
    assert store.mark(history["a"]) == store.Mark(history["a"], True, HOSTILE)
    again = page(PAGE)
    assert table(again).note.tolist()[0] == HOSTILE
    assert table(again).pinned.tolist() == [True, False, False, False]


def test_deleting_asks_once_more_and_can_be_undone(page: Open, history: dict[str, str]) -> None:
    at = pick(page(PAGE), 1)
    at.button(key="delete_picked").click().run()
    assert not at.exception
    assert history["a"] not in {e.digest for e in store.runs()}
    at.button(key="undo").click().run()
    assert not at.exception
    assert history["a"] in {e.digest for e in store.runs()}
    assert not store.deleted()


def test_a_deleted_run_can_be_put_back_later_from_another_window(page: Open, history: dict[str, str]) -> None:
    store.delete(history["b"])
    at = page(PAGE)
    at.button(key=f"restore_{history['b']}").click().run()
    assert not at.exception
    assert history["b"] in {e.digest for e in store.runs()}


def test_a_pinned_run_is_not_deleted_and_the_page_says_why(page: Open, history: dict[str, str]) -> None:
    store.pin(history["a"])
    at = pick(page(PAGE), 0)
    at.button(key="delete_picked").click().run()
    assert not at.exception
    assert "is pinned" in says(at)
    assert history["a"] in {e.digest for e in store.runs()}


def test_a_failed_job_can_be_run_again(page: Open, here: Any) -> None:
    spec = SyntaxSpec()
    store.note(spec.digest, "queued", question=json.loads(spec.canonical()))
    store.note(spec.digest, "failed", error={"code": "E-X", "what": "It broke."})
    at = pick(page(PAGE), 0)
    assert "It broke." in at.main.markdown[0].value.replace("\\", "")
    at.button(key="again_picked").click().run()
    assert not at.exception
    assert here.submitted == [spec]


def test_a_job_whose_question_is_gone_says_so(page: Open, history: dict[str, str], here: Any) -> None:
    at = pick(page(PAGE), 0)  # its journal holds a question of another digest
    at.button(key="again_picked").click().run()
    assert not at.exception
    assert "can no longer be asked" in says(at)
    assert here.submitted == []


def test_several_can_be_pinned_and_deleted_at_once(page: Open, history: dict[str, str]) -> None:
    at = pick(page(PAGE), 1, 2)
    at.button(key="pin_picked").click().run()
    assert {d for d, m in store.marks().items() if m.pinned} == {history["a"], history["b"]}
    at = pick(page(PAGE), 0, 1)
    at.button(key="pin_picked").click().run()
    assert store.marks() == {}
    at = pick(page(PAGE), 1, 2, 3)
    at.button(key="delete_picked").click().run()
    assert not at.exception
    assert store.runs() == []
    at.button(key="undo").click().run()
    assert len(store.runs()) == 3


def test_a_selection_of_rows_that_are_not_there_is_ignored(page: Open, history: dict[str, str]) -> None:
    """Case 61."""
    at = pick(page(PAGE), 10**9, -5)
    assert not at.exception
    assert "Pick rows" in " ".join(c.value for c in at.caption)


def test_a_job_under_way_can_be_cancelled_and_not_deleted(page: Open, here: Any) -> None:
    under_way = job(9, "running")
    here.says[under_way] = engine.Status("running", 0.5, "reading", 3.0, 9.0)
    at = pick(page(PAGE), 0)
    assert "delete_picked" not in [b.key for b in at.button]
    at.button(key="cancel_picked").click().run()
    assert here.cancelled == [under_way]


def test_hostile_words_are_literal(page: Open, strata_home: Any) -> None:
    """Case 40."""
    digest = put(strata_home, 1, headline=HOSTILE, model=HOSTILE, corpus=HOSTILE)
    store.note_on(digest, HOSTILE)
    at = pick(page(PAGE), 0)
    assert not at.exception
    shown = at.main.markdown[0].value
    assert r"\<img" in shown
    assert ":material/bolt:" not in shown.replace("\\", "")
    assert table(at).model.tolist() == [HOSTILE]
