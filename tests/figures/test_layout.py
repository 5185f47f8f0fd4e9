from dataclasses import replace

import pandas as pd
import pytest
from fakes import LONGER, FakeSnippet, add, parsed, snippet_of

from probes.figures.layout import BOTH, EXTRA, MISSED, MOST_WORDS, lay_out, shown_words


def long(n: int) -> FakeSnippet:
    pairs = [("pair", [i, i + 1]) for i in range(0, n - 1, 2)] + ([n - 1] if n % 2 else [])
    return snippet_of([f"word{i}" for i in range(n)], ["identifier"] * n, ("module", pairs), ("module", pairs))


@pytest.mark.parametrize("result", [add(), parsed(LONGER), long(60)])
def test_gold_stands_above_the_words_and_the_prediction_below(result: FakeSnippet) -> None:
    layout = lay_out(result)
    gold, predicted = (layout.bars[layout.bars["tree"] == tree] for tree in ("gold", "predicted"))
    assert (gold["low"] > layout.band).all()
    assert (predicted["high"] < -layout.band).all()
    assert gold["high"].max() < layout.top
    assert predicted["low"].min() > layout.bottom


@pytest.mark.parametrize("result", [add(), parsed(LONGER), long(61)])
def test_bars_and_labels_of_one_level_never_overlap(result: FakeSnippet) -> None:
    for _, row in lay_out(result).bars.groupby(["tree", "level"]):
        ordered = row.sort_values("middle")
        left, right = ordered["middle"] - ordered["room"] / 2, ordered["middle"] + ordered["room"] / 2
        assert (ordered["left"].to_numpy()[1:] >= ordered["right"].to_numpy()[:-1]).all()
        assert (left.to_numpy()[1:] >= right.to_numpy()[:-1] - 1e-9).all()


def test_agreement_is_told_for_each_tree() -> None:
    bars = lay_out(add()).bars.set_index(["tree", "label"])["agreement"]
    assert bars["gold", "module"] == bars["predicted", "module"] == BOTH
    assert bars["gold", "return_statement"] == MISSED
    assert bars["predicted", "parameters"] == EXTRA


def test_a_stem_joins_a_child_to_its_parents_bar() -> None:
    result = add()
    layout = lay_out(result)
    bars = layout.bars[layout.bars["tree"] == "gold"]
    for stem in layout.stems[layout.stems["tree"] == "gold"].itertuples():
        over = bars[(bars["low"] - stem.high).abs() < 1e-9]
        assert ((over["left"] < stem.x) & (stem.x < over["right"])).any()
        under = bars[(bars["high"] - stem.low).abs() < 1e-9]
        assert stem.low == pytest.approx(layout.band) or (under["middle"] == stem.x).any()


def test_a_spans_words_are_told() -> None:
    bars = lay_out(add()).bars.set_index(["tree", "label"])["text"]
    assert bars["gold", "parameters"] == "( a , b )"


def test_more_words_than_fit_are_left_out_and_it_is_said() -> None:
    layout = lay_out(long(320))
    assert len(layout.words) == MOST_WORDS
    assert layout.bars["last"].max() < MOST_WORDS
    assert layout.notes == ("the first 150 of 320 words; spans that reach beyond them are not drawn",)
    assert lay_out(long(MOST_WORDS)).notes == ()


def test_more_marks_than_a_figure_holds_are_left_out_and_it_is_said() -> None:
    result = long(4)
    nodes = pd.concat([result.nodes] * 1500, ignore_index=True)
    edges = pd.concat([result.edges] * 500, ignore_index=True)
    layout = lay_out(replace(result, nodes=nodes, edges=edges))
    assert len(layout.bars) + len(layout.stems) <= 5_000
    assert layout.notes == (f"the lowest 1,666 of {len(nodes):,} spans",)


def test_words_are_safe_and_cut_and_the_raw_text_stays_out() -> None:
    words = snippet_of(["\u202ea", "x" * 500, "\n"], ["literal"] * 3, None, None).words
    shown = shown_words(words, 10)
    assert shown["shown"].tolist() == ["‹U+202E›a", "x" * 12 + "…", "⏎"]
    assert shown["full"].str.len().max() == 400
    assert "word" not in shown


def test_deep_trees_stay_legible() -> None:
    tree = ("leafy", [0, 1])
    for depth in range(60):
        tree = (f"level{depth}", [tree])
    layout = lay_out(snippet_of(["a", "b"], ["identifier"] * 2, tree, tree))
    assert layout.step >= 15
    assert layout.levels == (61, 61)
