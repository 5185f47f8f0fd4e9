"""Texts out of rows: the columns somebody chose, rows refused or skipped with a count, in a fair order.

A table is often sorted, so its first rows are no sample of it. Each row is drawn a place by the seed, and the file is
read once for every slice of that order: the first slice needs one pass, whatever the size of the file, and memory holds
one slice. The first pass also meets every row that cannot be read, before any text is given out.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from probes.corpora.encodings import flaw
from probes.corpora.formulas import original
from probes.corpora.grammars import LANGUAGES, grammar
from probes.corpora.rows import Problem, Row
from probes.corpora.snippets import normalise, parse_snippet
from probes.errors import StrataError
from probes.values import Text

Given = TypeVar("Given")

SLICE = 16 << 20
"""Bytes of a table that are held at once."""
NO_TEXT = "row without a text"
OTHER_LANGUAGE = "row of another language"
NO_FUNCTION = "cell that is not one function"
ALIASES = {"c++": "cpp", "c#": "csharp", "js": "javascript", "ts": "typescript", "py": "python", "golang": "go"}
"""What a language column says → what Strata calls it."""


@dataclass(frozen=True)
class Chosen:
    """What is taken of a row: `cells` are the text, the language (where there is a column of it) and the labels."""

    labels: tuple[str, ...] = ()
    has_language: bool = False
    """The second cell says the language of the first."""
    skip: bool = False
    """Rows that cannot be read are left out and counted, instead of refused."""
    original: bool = False
    """Cells are what they were before a CSV of ours made them safe for spreadsheets."""
    encoding: str = ""
    noun: str = "row"
    file: str = ""


def text_of(row: Row | Problem, chosen: Chosen, *, language: str | None, counts: Counter[str]) -> Text | None:
    """Return a row's text, or None when it is left out and counted; E-TABLE-ROW when it cannot be read.

    With `chosen.skip` a row that cannot be read is left out too.
    """
    found = row if isinstance(row, Problem) else _text(row, chosen)
    if isinstance(found, Problem):
        _refuse(found, chosen, counts)
        return None
    if found is None:
        counts[NO_TEXT] += 1
    elif chosen.has_language and language and not _same(found.language, language):
        counts[OTHER_LANGUAGE] += 1
        return None
    return found


def problem_of(row: Row, chosen: Chosen) -> Problem | None:
    """Return what is wrong with a row that was read, if anything is."""
    found = _text(row, chosen)
    return found if isinstance(found, Problem) else None


def _text(row: Row, chosen: Chosen) -> Text | Problem | None:
    first, *rest = row.cells
    if first is None or (isinstance(first, float) and first != first) or (isinstance(first, str) and not first.strip()):
        return None
    if not isinstance(first, str):
        return Problem(row.number, f"its text is {_said(first)}")
    for cell in row.cells:
        wrong = flaw(cell, chosen.encoding) if isinstance(cell, str) else ""
        if wrong:
            return Problem(row.number, wrong)
    cells = [original(cell) for cell in (first, *rest)] if chosen.original else [first, *rest]
    language = "" if not chosen.has_language or cells[1] is None else str(cells[1]).strip()
    labels = cells[2 if chosen.has_language else 1 :]
    origin = f"{chosen.file}:{row.number}"
    return Text(cells[0], language, origin, tuple(zip(chosen.labels, labels, strict=True)))


def _said(value: Any) -> str:
    return "true or false" if isinstance(value, bool) else f"the number {value!r:.40}"


def _refuse(problem: Problem, chosen: Chosen, counts: Counter[str]) -> None:
    if chosen.skip:
        counts[f"{chosen.noun} that cannot be read"] += 1
        return
    fix = "Mend it, or add skip=yes to the name to leave such rows out and count them."
    if "byte 0x" in problem.why:
        fix = f"Name the encoding it is in, as in encoding=cp1252. {fix}"
    what = f"{chosen.file}, {chosen.noun} {problem.number}: {problem.why}."
    raise StrataError("E-TABLE-ROW", what, fix=fix)


def _same(said: str, language: str) -> bool:
    said, language = said.casefold(), language.casefold()
    return ALIASES.get(said, said) == ALIASES.get(language, language)


def in_order(
    read: Callable[[], Iterator[Row | Problem]],
    text: Callable[[Row | Problem, Counter[str]], Given | None],
    slices: int,
    *,
    seed: int,
    counts: Counter[str],
) -> Iterator[Given]:
    """Yield the text of every row once, by places drawn for the rows; only the first pass counts what is left out."""
    for part in range(slices):
        places = random.Random(seed)  # the same place for the same row in every pass
        tally = counts if part == 0 else Counter[str]()
        held: list[tuple[float, int, Given]] = []
        for row in read():
            place = places.random()
            mine = int(place * slices) == part
            if mine or part == 0:
                found = text(row, tally)
                if mine and found is not None:
                    held.append((place, len(held), found))
        held.sort(key=lambda item: item[:2])
        yield from (found for _, _, found in held)


def finished(found: Iterator[Text], name: str, *, language: str | None, counts: Counter[str]) -> Iterator[Text]:
    """Yield the texts, as functions when a programming language is asked for; E-CORPUS-EMPTY if there was none."""
    none = True
    for text in found:
        given = function(text, language) if language in LANGUAGES else text
        if given is None:
            counts[NO_FUNCTION] += 1
            continue
        none = False
        yield given
    if none:
        asked = f" in {language}" if language else ""
        why = f"Left out: {', '.join(f'{reason} ({n:,})' for reason, n in counts.items()) or 'nothing'}."
        fix = "Choose another column or language: python -m probes corpora preview NAME."
        if language in LANGUAGES:
            fix = f"If these texts are no code, ask for them without a language; else: {fix[0].lower()}{fix[1:]}"
        raise StrataError("E-CORPUS-EMPTY", f"The corpus '{name[:300]}' holds no text{asked}.", why, fix)


def function(text: Text, language: str | None) -> Text | None:
    """Return a cell as a function laid out as its author did, or None when it is anything else or not whole."""
    if language is None:
        return None
    code = dedented(normalise(text.text))
    snippet = parse_snippet(code.encode(), language)
    tops = [node for node in snippet.tops if node.is_named and not node.is_extra]
    kinds = grammar(language).functions
    whole = snippet.clean and len(tops) == 1
    if whole and (tops[0].type in kinds or any(node.type in kinds for node in tops[0].named_children)):
        return Text(code, language, text.origin, text.labels)
    return None


def dedented(code: str) -> str:
    """Take the indentation of the first line off every line that has it, and blank lines off both ends."""
    code = code.strip("\n").rstrip()
    indent = code[: len(code) - len(code.lstrip(" \t"))]
    return code[len(indent) :].replace("\n" + indent, "\n") if indent else code
