import unicodedata

import pytest

from probes.figures.words import shorten, visible

HOSTILE = [
    "<script>alert(1)</script>",
    "\u202egnp",
    "a\x00b",
    "line\nend",
    "\r",
    "\t",
    "",
    "  ",
    "x" * 300,
    "\ud800",
    "é",
]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("return", "return"),
        ("a b", "a b"),
        ("if\n", "if⏎"),
        ("\tx", "⇥x"),
        ("\r\n", "‹U+000D›⏎"),
        ("\x00", "‹U+0000›"),
        ("\u202egnp.exe", "‹U+202E›gnp.exe"),
        ("\u200b", "‹U+200B›"),
        ("\ud800", "‹U+D800›"),
        ("\u2028", "‹U+2028›"),
        ("", "∅"),
        ("   ", "␣␣␣"),
        ("\u0301x", "◌\u0301x"),
        ("<b>&amp;", "<b>&amp;"),  # escaping belongs to the renderer, once
        ("→Ġ▁日本", "→Ġ▁日本"),
    ],
)
def test_a_word_is_shown_with_all_its_characters(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_unseen_or_unencodable_is_left(text: str) -> None:
    shown = visible(text)
    assert shown
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")


def test_different_control_characters_stay_different() -> None:
    controls = [chr(i) for i in range(32)] + ["\x7f", "\u202d", "\u202e", "\u2066"]
    assert len({visible(c) for c in controls}) == len(controls)


def test_shortening_keeps_the_length_and_says_so() -> None:
    assert shorten("return", 6) == "return"
    assert shorten("returned", 6) == "retur…"
    assert shorten("ab", 1) == "…"
