"""How a written text reads, counted: how many of its words and word pairs are different, and how much it repeats."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+|[^\w\s]")


def distinct(text: str, n: int) -> float:
    """Return distinct-n (Li et al., 2016): the share of runs of n words that are different ones; 1 without any."""
    runs = _runs(text, n)
    return len(set(runs)) / len(runs) if runs else 1.0


def repetition(text: str, n: int = 4) -> float:
    """Return which share of runs of n words has stood before in the text; 0 without any."""
    return 1.0 - distinct(text, n)


def _runs(text: str, n: int) -> Sequence[tuple[str, ...]]:
    words = _WORD.findall(text)
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
