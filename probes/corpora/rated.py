"""Pairs of texts and how alike people find them: three sets inside gensim's wheel, or a table with three columns.

`lee` is 50 news items, every pair rated (Lee, Pincombe & Welsh, 2005); `wordsim` is WordSim-353 (Finkelstein et al.,
2002) and `simlex` is SimLex-999 (Hill et al., 2015), of words. A table names its columns in order, `text=` the one
side, `label=` the other, `label=` the score; without names they are found by the usual ones.
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from probes.corpora import packages, table_file
from probes.corpora.names import Name, parse
from probes.corpora.rows import Problem, too_large
from probes.errors import StrataError

_DATA = "gensim/test/test_data/"
SETS = {"lee": "news items", "wordsim": "words of WordSim-353", "simlex": "words of SimLex-999"}
"""Sets that need nothing but the package index, and what is rated in them."""
SIDES = ("sentence1", "text1", "first", "word1", "a"), ("sentence2", "text2", "second", "word2", "b")
SCORES = ("score", "similarity", "rating", "gold", "label")
"""Usual names of the three columns, whatever their letters' case."""
MOST = 50_000


@dataclass(frozen=True)
class Rated:
    """Texts two by two, each pair with its score: larger is more alike."""

    title: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    score: tuple[float, ...]
    spare: tuple[str, ...] = ()
    """Texts of the same kind that nobody rated."""

    def __len__(self) -> int:
        return len(self.score)


def rated(name: str) -> Rated:
    """Return the pairs of a set or of a table; E-TABLE-… says what is wrong with a table, and in which row."""
    if name in SETS:
        return _lee() if name == "lee" else _words(name)
    return _table(name)


def pin(name: str) -> str:
    """Return the name of a table with its columns and the digest of its file; a set is pinned by its wheel."""
    if name in SETS or parse(name, table_file.KEYS, table_file.PIN).pin:
        return name
    found = table_file.opened(name)
    first, *labels = _columns(found)
    told = found.asked.with_choices(
        table_file.KEYS, {"text": first, **found.table.facts}, labels=(labels[0], labels[1])
    )
    return str(Name(told.kind, os.fspath(found.path), told.choices, table_file.digest(found.path)))


# ---- the wheel -------------------------------------------------------------------------------------------------------


def _member(name: str) -> str:
    found = dict(packages.members(packages.packages()["gensim"], name))
    return found[_DATA + name].decode("utf-8", "replace")


def _lee() -> Rated:
    texts = _lines(_member("lee.cor"))
    scores = [[float(cell) for cell in line.split("\t")] for line in _lines(_member("similarities0-1.txt"))]
    pairs = [(i, j) for i in range(len(texts)) for j in range(i + 1, len(texts))]  # the file's other half is empty
    spare = tuple(dict.fromkeys(_lines(_member("lee_background.cor"))))
    first, second = (tuple(texts[pair[side]] for pair in pairs) for side in (0, 1))
    return Rated("Lee's news items", first, second, tuple(scores[i][j] for i, j in pairs), spare)


def _words(name: str) -> Rated:
    files = {"wordsim": "wordsim353.tsv", "simlex": "simlex999.txt"}
    rows = {key: _word_rows(_member(file)) for key, file in files.items()}
    first, second, score = zip(*rows[name], strict=True)
    mine = {*first, *second}
    other = next(key for key in files if key != name)
    spare = dict.fromkeys(word for a, b, _ in rows[other] for word in (a, b) if word not in mine)
    title = {"wordsim": "WordSim-353", "simlex": "SimLex-999"}[name]
    return Rated(title, first, second, score, tuple(spare))


def _word_rows(text: str) -> list[tuple[str, str, float]]:
    cells = (line.split("\t") for line in _lines(text) if not line.startswith("#"))
    return [(a, b, float(score)) for a, b, score in cells if a != b]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


# ---- a table ---------------------------------------------------------------------------------------------------------


def _table(name: str) -> Rated:
    found = table_file.opened(name)
    if found.asked.pin and found.asked.pin != table_file.digest(found.path):
        raise StrataError(
            "E-CORPUS-MOVED",
            f"The file '{found.file}' has changed since it was named.",
            fix="Put the same file back, or leave out what follows the last @ to use what is there now.",
        )
    wanted = tuple(found.table.columns.index(column) for column in _columns(found))
    rows = list(_rows(found, wanted))
    if not rows:
        raise StrataError("E-CORPUS-EMPTY", f"'{found.file}' holds no pair of texts with a score.")
    first, second, score = zip(*rows, strict=True)
    return Rated(found.file, first, second, score)


def _columns(found: table_file.Opened) -> tuple[str, str, str]:
    """Return the names of the three columns; E-TABLE-COLUMN when they are not told and cannot be guessed."""
    there, asked = found.table.columns, found.asked
    named = (asked.get("text"), *asked.labels)
    if asked.get("text") and len(named) == 3:
        chosen: Sequence[str] = named
    elif asked.get("text") or asked.labels:
        raise _wanted(found, "its columns are named only in part")
    else:
        known = {name.casefold(): name for name in there}
        usual = [next((known[n] for n in names if n in known), "") for names in (*SIDES, SCORES)]
        chosen = usual if all(usual) else there
    if len(chosen) != 3 or not set(chosen) <= set(there) or len(set(chosen)) < 3:
        raise _wanted(found, f"it has {len(there)} columns: {', '.join(c[:40] for c in there[:20])}")
    return chosen[0], chosen[1], chosen[2]


def _wanted(found: table_file.Opened, why: str) -> StrataError:
    return StrataError(
        "E-TABLE-COLUMN",
        f"Which columns of '{found.file}' hold the two texts and the score? Here, {why}.",
        "Three columns are wanted: two texts and a number that is larger the more alike they are.",
        "Name them in order: table:FILE?text=FIRST&label=SECOND&label=SCORE",
    )


def _rows(found: table_file.Opened, wanted: tuple[int, ...]) -> Iterator[tuple[str, str, float]]:
    skip = found.asked.get("skip") == "yes"
    for count, row in enumerate(found.table.read(wanted)):
        if count >= MOST:
            raise too_large(f"'{found.file}' holds too many pairs.", f"{MOST:,} rows", "Take a part of it.")
        why = row.why if isinstance(row, Problem) else _wrong(row.cells)
        if not why and not isinstance(row, Problem):
            first, second, score = row.cells
            yield first, second, float(score)
        elif not skip:
            fix = "Mend it, or add skip=yes to the name to leave such rows out."
            raise StrataError("E-TABLE-ROW", f"{found.file}, row {row.number}: {why}.", fix=fix)


def _wrong(cells: tuple[Any, ...]) -> str:
    """Say what is wrong with two texts and a score, or ""."""
    for cell in cells[:2]:
        if not isinstance(cell, str) or not cell.strip():
            return "one of its two texts is empty or no text"
    try:
        good = not isinstance(cells[2], bool) and math.isfinite(float(cells[2]))
    except (TypeError, ValueError):
        good = False
    return "" if good else f"its score is no number: {str(cells[2])[:40]!r}"
