"""`parallel:FILE`: translations in one table (CSV, TSV, JSONL, Parquet) or one TMX file.

A *wide* table has a column a language, `en,de,sw`; a *long* one has a row a text, with columns that say its language
and its sentence. How the file is written is found as for `table:FILE`.
"""

import os
import re
from collections import Counter
from itertools import islice
from typing import Any

from probes.corpora import table_file, tmx
from probes.corpora.encodings import flaw
from probes.corpora.names import Keys, Name
from probes.corpora.parallel_reader import BROKEN, ParallelReader
from probes.corpora.rows import Problem, too_large
from probes.corpora.sampling import printable
from probes.corpora.table_file import Opened
from probes.corpora.versions import Versions
from probes.errors import StrataError
from probes.store import confined

TABLE_KEYS: Keys = {key: table_file.KEYS[key] for key in ("as", "encoding", "sep", "header")}
KEYS: Keys = {"text": (), "language": (), "sentence": (), **TABLE_KEYS, "skip": ("yes",)}
MOST_TEXTS = 5_000_000
"""Cells that are held at once."""
_CODE = re.compile(r"[A-Za-z]{2,3}([_@-][A-Za-z0-9]{2,8})*")
_NUMBERED = ("sentence", "sentence_id", "id", "key", "tuid")
"""Columns that may say which sentence a row is."""


def read(asked: Name) -> Versions:
    """Read a TMX file, a wide table or a long one."""
    if asked.place.lower().endswith(".tmx"):
        path = table_file.existing(asked)
        units = tmx.read(path, printable(path.name))
        return Versions(printable(path.name), units.texts)
    told = tuple((key, value) for key, value in asked.choices if key in TABLE_KEYS)
    found = table_file.opened(str(Name("table", asked.place, told)))
    columns = found.table.columns
    for key in ("text", "language", "sentence"):
        if asked.get(key) and asked.get(key) not in columns:
            raise _column(found, f"has no column '{asked.get(key)[:80]}'")
    if asked.get("language") or {"language", "text"} <= set(columns):
        return _long(found, asked)
    return _wide(found, asked)


def _column(found: Opened, what: str) -> StrataError:
    there = ", ".join(name[:60] for name in found.table.columns[:40])
    fix = "A wide table has a column a language (en, deu_Latn); of a long one name ?language=COLUMN&text=COLUMN."
    return StrataError("E-TABLE-COLUMN", f"'{found.file}' {what}.", f"There are: {there}.", fix)


def _wide(found: Opened, asked: Name) -> Versions:
    columns = found.table.columns
    numbers = asked.get("sentence") or next((c for c in columns if c.casefold() in _NUMBERED and c != "id"), "")
    languages = [c for c in columns if _CODE.fullmatch(c) and c != numbers]
    if "id" in languages and not numbers and _numbers(found, columns.index("id")):
        languages.remove("id")  # and not Indonesian
        numbers = "id"
    if len(languages) < 2:
        raise _column(found, "has no two columns named after languages")
    wanted = tuple(columns.index(c) for c in (*([numbers] if numbers else []), *languages))
    return _collect(found, asked, wanted, languages, bool(numbers))


def _numbers(found: Opened, column: int) -> bool:
    """Say whether a column's first cells are identifiers: none has a blank, and none comes twice."""
    rows = islice(found.table.read((column,)), 50)
    cells = [str(row.cells[0]) for row in rows if not isinstance(row, Problem)]
    return bool(cells) and len(set(cells)) == len(cells) and not any(" " in cell.strip() for cell in cells)


def _collect(found: Opened, asked: Name, wanted: tuple[int, ...], languages: list[str], named: bool) -> Versions:
    texts: dict[str, dict[str, str]] = {name: {} for name in languages}
    left_out: Counter[str] = Counter()
    for row in found.table.read(wanted):
        if isinstance(row, Problem):
            _refuse(row, found, asked, left_out)
            continue
        first, *rest = row.cells if named else (row.number, *row.cells)
        for name, cell in zip(languages, rest, strict=True):
            texts[name][str(first)] = _cell(cell, found, left_out)
        _within(texts, len(texts[languages[0]]) * len(languages), found)
    return Versions(found.file, texts, left_out=dict(left_out))


def _long(found: Opened, asked: Name) -> Versions:
    columns = found.table.columns
    language, text = asked.get("language") or "language", asked.get("text") or "text"
    if text not in columns:
        raise _column(found, f"has a column '{language}', but none called 'text'")
    number = asked.get("sentence") or next((c for c in columns if c.casefold() in _NUMBERED), "")
    if not number:
        raise _column(found, f"has a row a text, but no column ({', '.join(_NUMBERED)}) says which sentence it is")
    texts: dict[str, dict[str, str]] = {}
    left_out: Counter[str] = Counter()
    for row in found.table.read(tuple(columns.index(c) for c in (language, text, number))):
        if isinstance(row, Problem):
            _refuse(row, found, asked, left_out)
            continue
        spoken, said, sentence = row.cells
        mine = texts.setdefault(str(spoken).strip(), {})
        if str(sentence) in mine:
            left_out["second text of a sentence in one language"] += 1
            continue
        mine[str(sentence)] = _cell(said, found, left_out)
        _within(texts, len(mine) * len(texts), found)
    return Versions(found.file, texts, left_out=dict(left_out))


def _cell(cell: Any, found: Opened, left_out: Counter[str]) -> str:
    text = cell.strip() if isinstance(cell, str) else ""
    if flaw(text, found.table.facts.get("encoding", "")):
        left_out[BROKEN] += 1
        return ""
    return text


def _within(texts: dict[str, dict[str, str]], cells: int, found: Opened) -> None:
    if cells > MOST_TEXTS:
        what = f"'{found.file}' has more than {MOST_TEXTS:,} texts in {len(texts)} languages."
        raise too_large(what, f"{MOST_TEXTS:,} texts", "Write out the rows you need.")


def _refuse(row: Problem, found: Opened, asked: Name, left_out: Counter[str]) -> None:
    if asked.get("skip") == "yes":
        left_out["row that cannot be read"] += 1
        return
    fix = "Mend it, or add skip=yes to the name to leave such rows out and count them."
    raise StrataError("E-TABLE-ROW", f"{found.file}, row {row.number}: {row.why}.", fix=fix)


READER = ParallelReader(KEYS, read, lambda asked: os.fspath(confined(asked.place)))
