"""One sentence of a CoNLL-U file: its text, where its words lie in it, and what each of them hangs on."""

from dataclasses import dataclass

import numpy as np

from probes.corpora.encodings import flaw

COLUMNS = 10
MOST_WORDS, _DIGITS = 1000, 6


@dataclass(frozen=True)
class Sentence:
    """A text, its words as ranges of characters, and its tree."""

    text: str
    words: tuple[str, ...]
    spans: np.ndarray
    """int64 [range, 2]: the ranges that are read, in order, not overlapping."""
    at: np.ndarray
    """int64 [word]: the range of each; the words of a multiword token may share one."""
    heads: np.ndarray
    """int64 [word]: the word that each hangs on, from 0; -1 of the root."""
    kinds: tuple[str, ...]
    """The universal part of speech of each word."""
    origin: str
    """The file and the line of its first word."""


class Wrong(Exception):  # noqa: N818 (it never leaves the corpora)
    """What is wrong with a sentence, and the line that says so."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number, self.why = number, why


@dataclass(frozen=True)
class _Line:
    number: int
    name: str
    """What its first column says: 3, or 3-4 of a multiword token."""
    form: str
    upos: str
    head: str
    glued: bool
    """Nothing stands between it and what follows."""


def sentence_of(block: list[tuple[int, str]], file: str) -> Sentence:
    """Return the sentence of some lines with their numbers; raises Wrong with the line that is no part of a tree."""
    words, tokens = _words([line for number, raw in block for line in _lines(number, raw)], block[-1][0])
    text, spans, at = _laid_out(tokens, words)
    names, kinds = tuple(word.form for word in words), tuple(word.upos for word in words)
    return Sentence(text, names, spans, at, _heads(words), kinds, f"{file}:{block[0][0]}")


def _lines(number: int, raw: str) -> list[_Line]:
    """Return the line taken apart, or nothing for an empty node (`8.1`), which is no word of the text."""
    cells = raw.split("\t")
    if len(cells) != COLUMNS:
        raise Wrong(number, f"it has {len(cells)} columns between tabs, not {COLUMNS}")
    if "." in cells[0]:
        return []
    form = cells[1].strip()
    wrong = flaw(raw, "utf-8") or ("" if form else "its form is empty")
    if wrong:
        raise Wrong(number, wrong)
    return [_Line(number, cells[0], form, cells[3], cells[6], "SpaceAfter=No" in cells[9].split("|"))]


def _words(found: list[_Line], last: int) -> tuple[list[_Line], list[tuple[int, _Line]]]:
    """Return the words, and the tokens as they are written, each with how many words it has."""
    words, tokens, inside = list[_Line](), list[tuple[int, _Line]](), 0
    for line in found:
        first, dash, end = line.name.partition("-")
        if dash:
            inside = int(end) - int(first) + 1 if _number(first) and _number(end) and not inside else 0
            if inside < 1 or int(first) != len(words) + 1:
                raise Wrong(line.number, f"the multiword token '{line.name[:20]}' is not that of the words that follow")
            tokens.append((inside, line))
            continue
        if line.name != str(len(words) + 1):
            raise Wrong(line.number, f"word {len(words) + 1} is expected here, not '{line.name[:20]}'")
        words.append(line)
        if inside:
            inside -= 1
        else:
            tokens.append((1, line))
    if inside or not words:
        raise Wrong(last, "the sentence ends before its words do")
    if len(words) > MOST_WORDS:
        raise Wrong(last, f"the sentence has more than {MOST_WORDS:,} words")
    return words, tokens


def _number(cell: str) -> bool:
    """Return whether a cell is a number that a sentence can have; Python refuses to read one of 5,000 digits."""
    return cell.isascii() and cell.isdecimal() and len(cell) <= _DIGITS


def _laid_out(tokens: list[tuple[int, _Line]], words: list[_Line]) -> tuple[str, np.ndarray, np.ndarray]:
    """Return the text, the ranges in it, and which of them each word has."""
    text, spans, at, done = "", list[tuple[int, int]](), list[int](), 0
    for many, token in tokens:
        mine = [word.form for word in words[done : done + many]]
        done, start = done + many, len(text)
        text += token.form + ("" if token.glued else " ")
        spelt = "".join(mine) == token.form
        for form in mine if spelt else [token.form]:
            spans.append((start, start + len(form)))
            start += len(form)
        at += range(len(spans) - many, len(spans)) if spelt else [len(spans) - 1] * many
    return text.rstrip(), np.array(spans, np.int64), np.array(at, np.int64)


def _heads(words: list[_Line]) -> np.ndarray:
    """Return the head of each word from 0, -1 of the root; refuses what is no tree with one root."""
    heads = []
    for i, word in enumerate(words):
        if not (_number(word.head) and int(word.head) <= len(words)):
            raise Wrong(word.number, f"its head is '{word.head[:20]}', not a number from 0 to {len(words)}")
        if int(word.head) == i + 1:
            raise Wrong(word.number, "it is its own head")
        heads.append(int(word.head) - 1)
    roots = [i for i, head in enumerate(heads) if head < 0]
    if len(roots) != 1:
        raise Wrong(words[roots[1] if roots else 0].number, f"the sentence has {len(roots)} roots, not 1")
    for i, word in enumerate(words):
        above, steps = heads[i], 0
        while above >= 0 and steps <= len(words):
            above, steps = heads[above], steps + 1
        if above >= 0:
            raise Wrong(word.number, "it hangs, in the end, on itself")
    return np.array(heads, np.int64)
