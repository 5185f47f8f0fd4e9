"""Concepts: the list itself, the best code of each, codes taken together, and what is left out."""

import time
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import regex
from sklearn.metrics import f1_score
from small_books import made

from probes.codebooks import CodebookResult, CodebookSpec, ConceptsSpec, finding, kept, marks
from probes.codebooks.concept_list import CONCEPTS, Concept
from probes.codebooks.methods import concepts as methods
from probes.contract import Progress
from probes.errors import StrataError
from probes.figures.concepts import concepts_by_layer, f1_of_concepts

RUN = "0" * 32
SMALL = (
    Concept("words", "self", r"\bself\b"),
    Concept("brackets", "round ones", r"[()]"),
    Concept("tree", "paren", "paren", "leaf"),
    Concept("tree", "lambda", "lambda", "leaf"),
    Concept("words", "zebra", "zebra"),
    Concept("words", "the letter x", "x"),
)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CodebookResult:
    result = made(texts=60)
    monkeypatch.setattr(kept, "fitted", lambda digest: (CodebookSpec(), result))
    monkeypatch.setattr(finding, "CONCEPTS", SMALL)
    return result


def found(**asked: Any) -> Any:
    return finding.find(ConceptsSpec(run=RUN, **asked), Progress())


def test_the_list_is_long_has_no_name_twice_and_parses() -> None:
    assert len(CONCEPTS) >= 40
    assert len({concept.name for concept in CONCEPTS}) == len(CONCEPTS)
    assert len({concept.group for concept in CONCEPTS}) >= 6
    for concept in CONCEPTS:
        if concept.by == "regex":
            assert regex.compile(concept.pattern).groups <= 1  # of two groups the second would be ignored


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("indentation of 4", "if a:\n    b\n        c", ["    "]),
        ("indentation of 8", "if a:\n    b\n        c", ["        "]),
        ("comparison", "a == b != c <= d += e = f -> g", ["==", "!=", "<="]),
        ("name being defined", "def total(x): undef y", ["total"]),
        ("names of errors", "raise ValueError from Terror", ["ValueError"]),
        ("plural nouns", "some of the files are less than others.", ["files"]),
        ("years", "1999 2024 20240 12", ["1999", "2024"]),
        ("inside triple quotes", '"""one"""\nx = """two"""', ["one", "two"]),
        ("capitalised words", "The ABC of Python", ["The", "Python"]),
        ("hash of a comment", "  # one\nx = '#'  # two", ["#"]),
    ],
)
def test_a_pattern_means_what_its_name_says(name: str, text: str, said: list[str]) -> None:
    (concept,) = [concept for concept in CONCEPTS if concept.name == name]
    spans = marks.matches(marks.compiled(concept.pattern), text, deadline=time.monotonic() + 5)
    assert [text[a:b] for a, b in spans] == said


def test_a_concept_with_a_code_is_found_and_one_without_is_not(run: CodebookResult) -> None:
    result = found()
    rows = result.concepts.set_index("concept")
    assert rows.found.to_dict() == {"self": True, "round ones": True, "paren": True, "the letter x": False}
    assert (rows.code["self"], rows.code["round ones"], rows.layer["self"]) == (3, 5, "1")
    assert rows.word_f1["self"] == 1
    assert rows.word_f1["round ones"] == pytest.approx(2 / 3)  # of two brackets a word is one
    assert result.summary.iloc[0].to_dict() == {"concepts": 4, "found": 3, "more": 2, "union": 3}
    assert "3 of 4 concepts have a code with F1 of 0.8 or more on 120 unseen tokens" in result.headline()
    assert result.left_out == {"no such leaf in these texts": 1, "fewer than 10 tokens": 1}


def test_f1_is_that_of_the_textbook_in_every_layer(run: CodebookResult) -> None:
    result, cut = found(), run.sizes[0]
    patterns = {concept.name: concept for concept in SMALL}
    for row in result.by_layer.itertuples():
        concept = patterns[row.concept]
        true = marks.marked(run, concept.pattern, concept.by)
        at = run.layers.index(row.layer)
        fires = run.ids[at][:, row.book] == row.code
        assert row.f1 == pytest.approx(f1_score(true[cut:], fires[cut:], zero_division=0))
        others = [f1_score(true[:cut], run.ids[at][:cut, 0] == code, zero_division=0) for code in range(8)]
        assert f1_score(true[:cut], fires[:cut]) == pytest.approx(max(others))


def test_codes_are_taken_together_while_that_helps() -> None:
    taken = np.array([[[10, 10, 40, 5]]])
    hits = np.array([[[9, 8, 10, 0]]])
    union = finding.together(hits, taken, true=20, most=3)
    every = [c for n in (1, 2, 3) for c in combinations(range(4), n)]
    best = max(every, key=lambda c: 2 * hits[0, 0, list(c)].sum() / (20 + taken[0, 0, list(c)].sum()))
    assert (set(union.codes), union.f1) == (set(best), pytest.approx(34 / 40))
    assert finding.together(hits, taken, true=20, most=1).codes == (0,)


def test_a_union_is_of_one_layer_and_one_book(run: CodebookResult) -> None:
    result = found(union=8)
    row = result.concepts.set_index("concept").loc["the letter x"]
    fires = np.isin(run.ids[int(row.union_layer)][:, 0], [int(code) for code in row.codes.split(", ")])
    true, cut = marks.marked(run, "x", "regex"), run.sizes[0]
    assert row.union_f1 == pytest.approx(f1_score(true[cut:], fires[cut:], zero_division=0))
    assert row.together == len(row.codes.split(", "))


def test_texts_without_any_concept_are_refused(run: CodebookResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "CONCEPTS", SMALL[4:5])
    with pytest.raises(StrataError, match="None of the 1 concepts has 10 tokens on either side") as refusal:
        found()
    assert (refusal.value.code, bool(refusal.value.fix)) == ("E-CONCEPTS-NONE", True)


def test_layers_can_be_left_out_and_unknown_ones_are_said(run: CodebookResult) -> None:
    assert set(found(layers="0").by_layer.layer) == {"0"}
    with pytest.raises(StrataError, match="no layer '7'"):
        found(layers="7")


def test_the_figures_have_a_mark_a_concept_and_the_methods_their_counts(run: CodebookResult) -> None:
    result = found()
    for figure, rows in ((f1_of_concepts, 4), (concepts_by_layer, 8)):
        assert rows in {len(data) for data in figure(result).to_dict()["datasets"].values()}
    said = " ".join(methods(ConceptsSpec(run=RUN), result))
    assert "each of 4 concepts" in said
    assert "(2 more were left out" in said
