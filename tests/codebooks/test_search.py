"""Searching codes: which tokens a pattern is about, F1 by the textbook, what is refused, and a time limit."""

import re
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score
from small_books import TEXT, WORDS, made

from probes.codebooks import CodebookResult, CodebookSpec, SearchSpec, kept, marks, seek
from probes.codebooks.methods import search as methods
from probes.contract import Progress
from probes.errors import StrataError
from probes.figures.codes import f1_of_codes

RUN = "0" * 32


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CodebookResult:
    result = made()
    monkeypatch.setattr(kept, "fitted", lambda digest: (CodebookSpec(), result))
    return result


def sought(pattern: str, **other: Any) -> Any:
    return seek.seek(SearchSpec(run=RUN, pattern=pattern, **other), Progress())


def words(result: CodebookResult, pattern: str, by: Any = "regex", part: Any = "every") -> list[str]:
    """The matching words of the first text."""
    return [w for w, hit in zip(WORDS, marks.marked(result, pattern, by, part), strict=False) if hit]


# ---- which tokens ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "by", "part", "found"),
    [
        (r"\bself\b", "regex", "every", ["self"]),
        (r"\(", "regex", "every", ["("]),
        (r"(?:a|b)", "regex", "every", ["a", "b"]),
        (r"(?i)SELF", "regex", "every", ["self"]),
        (r"\( (\w)", "regex", "every", ["b"]),
        (r"\( \w", "regex", "every", ["(", "b"]),
        (r"\( \w \)", "regex", "first", ["("]),
        (r"\( \w \)", "regex", "last", [")"]),
        (r"(zzz)?x", "regex", "every", []),
        (r"q*", "regex", "every", []),
        ("( b )", "literal", "every", ["(", "b", ")"]),
        ("paren", "leaf", "every", ["(", ")"]),
    ],
)
def test_a_pattern_is_about_the_tokens_that_share_its_characters(
    pattern: str, by: str, part: str, found: list[str]
) -> None:
    assert words(made(), pattern, by, part) == found


def test_tokens_are_found_as_by_looking_at_every_character() -> None:
    draw = np.random.default_rng(0)
    for _ in range(50):
        cuts = np.sort(draw.choice(60, 16, replace=False))
        start, end = cuts[::2], cuts[1::2]  # with gaps between tokens
        spans = np.sort(draw.choice(60, (4, 2)), axis=1)
        spans[:, 1] += 1
        inside = {i for a, b in spans.tolist() for i in range(a, b)}
        slow = [bool(inside & set(range(a, b))) for a, b in zip(start.tolist(), end.tolist(), strict=True)]
        assert marks.covered(spans, start, end, "every").tolist() == slow


def test_letters_of_many_bytes_before_a_match_move_nothing() -> None:
    content = "é🙂" + TEXT[2:]
    run = made()
    moved = made(passages=run.passages.assign(content=content))
    assert words(moved, r"\( b") == ["(", "b"]


# ---- which codes -----------------------------------------------------------------------------------------------------


def test_the_code_of_a_word_is_found_and_judged_on_held_out_tokens(run: CodebookResult) -> None:
    found = sought(r"[()]", top=4)
    top = found.codes.iloc[0]
    assert (top.layer, top.code, top.f1, top.precision, top.recall) == ("1", 5, 1, 1, 1)
    cut = run.sizes[0]
    true = marks.marked(run, r"[()]", "regex")
    for row in found.codes.itertuples():
        fires = run.ids[run.layers.index(row.layer)][:, row.book] == row.code
        assert row.fit_f1 == pytest.approx(f1_score(true[:cut], fires[:cut]))
        assert row.f1 == pytest.approx(f1_score(true[cut:], fires[cut:], zero_division=0))
        assert row.precision == pytest.approx(precision_score(true[cut:], fires[cut:], zero_division=0))
        assert row.recall == pytest.approx(recall_score(true[cut:], fires[cut:], zero_division=0))
    assert found.codes.fit_f1.is_monotonic_decreasing
    assert found.support == (12, 4)
    assert found.word_f1 == pytest.approx(2 / 3)  # of two brackets a word is one
    assert "F1 1.00" in found.headline()


def test_no_code_is_found_for_what_no_code_is_about(run: CodebookResult) -> None:
    assert sought("x").codes.f1.max() < 0.6
    assert sought("x").word_f1 == 1


def test_layers_can_be_left_out(run: CodebookResult) -> None:
    assert set(sought("self", layers="0").codes.layer) == {"0"}
    assert sought("self", layers="0").searched == 8


def test_the_figure_and_the_methods_escape_nothing_away(run: CodebookResult) -> None:
    found = sought(r"<b>|self")
    assert "<b>|self" in str(f1_of_codes(found).to_dict())
    said = " ".join(methods(SearchSpec(run=RUN, pattern="x"), found))
    assert "the 16 codes" in said
    assert "the 48 tokens that they were fitted to, 6 of which match" in said


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "by", "code", "said"),
    [
        ("(", "regex", "E-PATTERN", "missing ) at position 1"),
        ("[a", "regex", "E-PATTERN", "unterminated character set"),
        ("a{2000000000}", "regex", "E-PATTERN", "2,000,000,000 times"),
        ("(a{200}){200}", "regex", "E-PATTERN", "40,000 times"),
        ("zebra", "regex", "E-PATTERN-NOTHING", "“zebra” matches 0 tokens"),
        (r"\S", "regex", "E-PATTERN-ALL", "matches every token"),
        ("pare", "leaf", "E-LEAF-UNKNOWN", "no leaf 'pare'"),
    ],
)
def test_what_cannot_be_searched_is_refused(pattern: str, by: str, code: str, said: str, run: CodebookResult) -> None:
    with pytest.raises(StrataError, match=re.escape(said)) as refusal:
        sought(pattern, by=by)
    assert refusal.value.code == code
    assert refusal.value.fix


def test_leaves_of_texts_that_are_no_code_are_refused() -> None:
    with pytest.raises(StrataError, match="no leaf 'name'") as refusal:
        marks.marked(made(label=False), "name", "leaf")
    assert refusal.value.why == "The texts of this run are no code."


def test_a_pattern_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "SECONDS", 0.05)
    run = made()
    with pytest.raises(StrataError, match="Matching took over") as refusal:
        marks.marked(made(passages=run.passages.assign(content="x" * 5000)), "(x+x+)+y", "regex")
    assert refusal.value.code == "E-PATTERN-SLOW"


def test_a_run_that_is_not_stored_is_said(strata_home: Any) -> None:
    with pytest.raises(StrataError, match="no codebook run") as refusal:
        sought("self")
    assert refusal.value.code == "E-RUN-UNKNOWN"
