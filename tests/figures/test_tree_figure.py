import json

import pytest
from fakes import LONGER, FakeSnippet, add, parsed, snippet_of
from marks import checked, rows_of, text, units

from probes.figures.trees import COLUMNS, gold_and_predicted

MANY = [f"w{i}" for i in range(80)]


@pytest.mark.parametrize("result", [add(), parsed(LONGER)], ids=["add", "forty words"])
def test_both_trees_stand_over_one_row_of_words(result: FakeSnippet) -> None:
    spec = checked(gold_and_predicted(result))
    words = rows_of(spec, "text", "shown")
    assert [row["position"] for row in words] == list(range(len(result.words)))
    assert len(rows_of(spec, "bar", "agreement")) == len(result.nodes)
    assert len(rows_of(spec, "rule", "x")) == len(result.edges)
    assert spec["width"] <= 820


def test_the_title_says_which_tree_is_which_and_how_good() -> None:
    shown = text(checked(gold_and_predicted(add())))
    assert "Gold tree above, predicted tree below" in shown
    assert "layer 3, F1 0.71" in shown


def test_hovering_reads_the_span_of_words_bars_and_stems_alike() -> None:
    spec = checked(gold_and_predicted(add()))
    assert spec["params"][0]["select"]["fields"] == ["first", "last"]
    assert spec["params"][0]["select"]["on"] == "pointerover"
    assert spec["params"][0]["views"] == [COLUMNS]
    assert COLUMNS in {view.get("name") for view, _ in units(spec)}
    for view, rows in units(spec):
        if "hover" in json.dumps(view.get("encoding", {})):
            assert all({"first", "last"} <= set(row) for row in rows), view["mark"]


def test_agreeing_spans_are_filled_and_the_others_hollow() -> None:
    view = next(v for v, _ in units(gold_and_predicted(add()).to_dict()) if v["mark"]["type"] == "bar")
    fill, dash = view["encoding"]["fill"]["scale"]["range"], view["encoding"]["strokeDash"]["scale"]["range"]
    assert fill[0].startswith("#")
    assert fill[1:] == ["transparent", "transparent"]
    assert dash[1] != dash[2]  # missed and extra differ without colour


def test_a_long_snippet_says_that_it_is_long() -> None:
    result = snippet_of(MANY, ["identifier"] * 80, ("module", list(range(80))), None)
    spec = checked(gold_and_predicted(result))
    assert "80 words: more than a page is wide" in text(spec)
    assert spec["width"] == 14 * 80 + 40


def test_no_word_is_a_message_and_one_word_is_a_tree() -> None:
    assert "There is no word to draw" in text(checked(gold_and_predicted(snippet_of([], [], None, None))))
    one = snippet_of(["pass"], ["keyword"], ("module", [0]), ("module", [0]))
    assert len(rows_of(checked(gold_and_predicted(one)), "bar", "agreement")) == 2


def test_a_tree_without_a_prediction_is_drawn_alone() -> None:
    spec = checked(gold_and_predicted(snippet_of(["a", "b"], ["identifier"] * 2, ("module", [0, 1]), None)))
    assert {row["tree"] for row in rows_of(spec, "bar", "agreement")} == {"gold"}
