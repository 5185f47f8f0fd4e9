"""Text of others made safe to look at: what cannot be seen, or would rearrange its neighbours, is spelt out.

A word of code may hold anything: a newline, NUL, a right-to-left override (U+202E) that would turn the figure's own
text around, half a surrogate pair that no file can hold. Charts draw `visible(word)`; escaping is the renderer's.
"""

import unicodedata

_NAMED = {"\n": "⏎", "\t": "⇥", "\u00a0": "␣", "\u3000": "␣"}
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories without a glyph: controls, formats and bidi, surrogates, private, unassigned, separators."""


def visible(text: str) -> str:
    """Return `text` with every character seen: newline ⏎, tab ⇥, no text ∅, only blanks ␣, and the rest as ‹U+202E›.

    >>> visible("a\\nb"), visible(""), visible("\\x00"), visible("\\u202egnp")
    ('a⏎b', '∅', '‹U+0000›', '‹U+202E›gnp')
    """
    if not text.strip(" "):
        return "␣" * len(text) or "∅"
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(_seen(character) for character in text)
    return "◌" + shown if unicodedata.combining(shown[0]) else shown


def _seen(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    return f"‹U+{ord(character):04X}›" if unicodedata.category(character) in _UNSEEN else character


def shorten(text: str, length: int) -> str:
    """Return at most `length` (at least 1) characters of `text`, the last one an ellipsis when something was cut."""
    return text if len(text) <= length else text[: max(length, 1) - 1].rstrip() + "…"
