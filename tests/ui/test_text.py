"""Words of others never become markup, and times read as a person says them."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.ui.text import duration, literal, plain

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[a](javascript:1)",
    "$x$ and $$y$$",
    ":material/bolt: :red[alarm] :smile:",
    "`code` **bold** _it_ ~~no~~",
    "# title",
    "{{7*7}} | a | b |",
    "&lt;",
    "http://example.org",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_every_mark_is_escaped(text: str) -> None:
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>\[\]()$`*_~#|{}&!]", plain(text))


@given(st.text())
def test_taking_the_escapes_away_gives_the_words_back(text: str) -> None:
    words = "".join(c for c in text if c.isascii() and c.isalnum())
    back = re.sub(r"\\(.)", r"\1", plain(text)).replace("\u2060", "")
    assert words in "".join(c for c in back if c.isascii() and c.isalnum()) or "‹U+" in back


@given(st.text(alphabet=":[]/materildsx_ ", max_size=30))
def test_no_directive_survives(text: str) -> None:
    unescaped = plain(text).replace("\\", "")
    assert not re.search(r":[a-z_/-]+:|:[a-z-]+\[", unescaped)


def test_what_has_no_glyph_is_spelt_out() -> None:
    assert "U\\+202E" in plain("a\u202eb")
    assert "U\\+0000" in plain("\0")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3_600, "1 h 0 min"), (7_500, "2 h 5 min"), (-3, "0 s")],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_table_shows_every_character_and_leaves_numbers_alone() -> None:
    frame = pd.DataFrame(
        {"a\u202eb": ["\u202egnp", "", "x" * 1_000], "n": [1.5, 2.5, 3.5], "what": [None, [1], "\x00"]}
    )
    shown = literal(frame)
    assert list(shown.columns) == ["a‹U+202E›b", "n", "what"]
    assert shown.iloc[:, 0].tolist() == ["‹U+202E›gnp", "", "x" * 299 + "…"]
    assert shown["n"].tolist() == frame["n"].tolist()
    assert shown["what"].tolist() == [None, [1], "‹U+0000›"]
    assert frame.columns[0] == "a\u202eb", "the result's own table is left alone"
