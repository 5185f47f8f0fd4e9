"""Which tokens a pattern is about: regular expressions with a time limit, literal text, leaves of the syntax tree."""

import difflib
import re
import time
from collections.abc import Sequence
from math import prod

import numpy as np
import regex

from probes.codebooks.analysis import CodebookResult
from probes.codebooks.search import By, Part
from probes.errors import StrataError

SECONDS = 5.0
"""The most that matching one pattern may take."""
REPEATS = 10_000
"""The largest product of the counts in braces: beyond it a parser unrolls a pattern into gigabytes."""
_COUNT = re.compile(r"\{(\d*)(?:,(\d*))?\}")


def marked(result: CodebookResult, pattern: str, by: By, part: Part = "every") -> np.ndarray:
    """Return bool [token]: which tokens of a run match.

    Raises StrataError E-PATTERN (with the parser's message), E-PATTERN-SLOW, and E-LEAF-UNKNOWN with the nearest names.
    """
    if by == "leaf":
        return _leaf(result, pattern)
    expression = compiled(re.escape(pattern) if by == "literal" else pattern)
    text, start, end = (result.tokens[name].to_numpy(np.int64) for name in ("text", "start", "end"))
    # all texts on one line of characters: tokens stand in the order of their texts
    length = result.passages["content"].str.len().to_numpy(np.int64)
    first = np.concatenate([[0], np.cumsum(length)])
    deadline, places, counts = time.monotonic() + SECONDS, list[tuple[int, int]](), list[int]()
    for content in result.passages["content"]:
        found = matches(expression, content, deadline)
        counts.append(len(found))
        places += found
    spans = np.array(places, np.int64).reshape(-1, 2) + np.repeat(first[:-1], counts)[:, None]
    spans = spans[spans[:, 1] > spans[:, 0]]  # a group may match nothing
    return covered(spans, start + first[text], end + first[text], part)


def compiled(pattern: str) -> "regex.Pattern[str]":
    """Return a regular expression; raises StrataError E-PATTERN with what the parser says is wrong, and where."""
    counts = [max(int(n[:12]) for n in found if n) for found in _COUNT.findall(pattern) if any(found)]
    if prod(counts) > REPEATS:
        what = f"The pattern repeats a part {prod(counts):,} times."
        raise StrataError("E-PATTERN", what, f"At most {REPEATS:,} are possible.", "Use * or + instead of the count.")
    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        what = f"This is no regular expression: {error}."
        fix = r"Correct it, or search for the text as it is (literal). A bracket that is meant is written \(."
        raise StrataError("E-PATTERN", what, "", fix) from error


def matches(expression: "regex.Pattern[str]", text: str, deadline: float) -> list[tuple[int, int]]:
    """Return the characters of each match, or of its first group; E-PATTERN-SLOW when the deadline passes."""
    group = 1 if expression.groups else 0
    left = max(deadline - time.monotonic(), 1e-3)
    try:
        # a list at once: a generator costs as much again as the matching
        return [match.span(group) for match in expression.finditer(text, timeout=left)]
    except TimeoutError as error:
        why = "Patterns that repeat a repetition, such as (a+)+, may try more ways than there are atoms."
        fix = "Write it without a repetition inside another."
        raise StrataError("E-PATTERN-SLOW", f"Matching took over {SECONDS:.0f} s.", why, fix) from error


def covered(spans: np.ndarray, start: np.ndarray, end: np.ndarray, part: Part) -> np.ndarray:
    """Return bool [token]: which tokens, [start, end) in order, share a character with a span [match, 2].

    A token that begins with the blank before a word has the word's characters, and counts.
    """
    first = np.searchsorted(end, spans[:, 0], side="right")
    last = np.searchsorted(start, spans[:, 1], side="left")
    there = first < last
    first, last = first[there], last[there]
    found = np.zeros(len(start) + 1, np.int64)
    if part == "first":
        found[first] = 1
    elif part == "last":
        found[last - 1] = 1
    else:
        np.add.at(found, first, 1)
        np.add.at(found, last, -1)
        found = np.cumsum(found)
    return np.asarray(found[:-1] > 0)


def _leaf(result: CodebookResult, name: str) -> np.ndarray:
    labels = result.tokens["label"].to_numpy(object)
    names: Sequence[str] = sorted({str(label) for label in labels} - {""})
    if name not in names:
        near = difflib.get_close_matches(name, names, 3)
        why = "" if names else "The texts of this run are no code."
        fix = f"Choose one of {', '.join(near or names[:20])}." if names else "Search by regex or literal."
        raise StrataError("E-LEAF-UNKNOWN", f"There is no leaf '{name[:60]}' in this run.", why, fix)
    return np.asarray(labels == name)
