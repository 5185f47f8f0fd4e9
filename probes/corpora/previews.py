"""What a corpus looks like before it is used: its first rows, its texts' lengths, what is wrong; a bounded look."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from probes.corpora.columns import choose, usual
from probes.corpora.names import Keys, Name
from probes.corpora.rows import Problem, Row, Table, unique
from probes.corpora.texts import NO_TEXT, problem_of
from probes.errors import StrataError

MOST_ROWS = 20_000
MOST_CHARACTERS = 8 << 20
"""How far a preview reads: whichever comes first."""
MOST_COLUMNS = 40
LONGEST_CELL = 2_000
"""Characters of a cell that are shown."""
MOST_PROBLEMS = 50
SHARES = {"shortest": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "longest": 1.0}


@dataclass(frozen=True)
class Preview:
    """A bounded look at a corpus."""

    name: str
    """The corpus name with the guesses written out: what to copy."""
    title: str
    """The file, folder or dataset, in short."""
    noun: str
    """What is counted: rows, lines, functions."""
    columns: tuple[str, ...]
    rows: pd.DataFrame
    """The first rows as texts, each with its number; of code, functions with their origin."""
    count: int | None
    """How many there are in all; None when nothing tells."""
    exact: bool
    """Whether `count` was counted; else it is an estimate."""
    text: str = ""
    """The column of the texts: named, or the only likely one; "" when a person must choose."""
    facts: dict[str, str] = field(default_factory=dict)
    lengths: pd.DataFrame = field(default_factory=lambda: lengths_of([]))
    """share and characters: how long the texts are."""
    problems: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"row": [], "problem": []}))
    """row and problem: what cannot be read, the first of them."""
    wrong: int = 0
    """How many rows cannot be read, of those looked at."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What would be left out and why, with counts, of what was looked at."""
    looked_at: int = 0
    notes: tuple[str, ...] = ()

    def headline(self) -> str:
        """Say what is there, with its numbers."""
        about = "" if self.exact else "about "
        many = f"{about}{self.count:,}" if self.count is not None else f"at least {self.looked_at:,}"
        text = f"{self.title}: {many} {self.noun if self.count != 1 else self.noun.removesuffix('s')}"
        if len(self.lengths):
            low, half, high = (
                self.lengths.set_index("share").characters[name] for name in ("shortest", "median", "longest")
            )
            text += f", texts of {low:,} to {high:,} characters (median {half:,})"
        if self.wrong:
            text += f"; {self.wrong:,} cannot be read"
        return f"{text}."


def lengths_of(sizes: list[int]) -> pd.DataFrame:
    """Return how long texts are, by share: the shortest, the middle one, the longest and what lies between."""
    if not sizes:
        return pd.DataFrame({"share": pd.Series(dtype=str), "characters": pd.Series(dtype=int)})
    values = np.quantile(sizes, list(SHARES.values()), method="nearest")
    return pd.DataFrame({"share": list(SHARES), "characters": values.astype(int)})


def shown(cell: Any) -> str:
    """Return a cell as a text of bounded length that any encoding can write."""
    text = "" if cell is None else str(cell)
    cut = text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
    return cut.encode("utf-8", "backslashreplace").decode()


@dataclass
class _Look:
    """What was seen so far."""

    rows: int = 0
    characters: int = 0
    ended: bool = False
    first: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    wrong: int = 0
    sizes: list[int] = field(default_factory=list)


def of_table(asked: Name, table: Table, file: str, *, n: int, keys: Keys, most: int | None = None) -> Preview:
    """Read the first rows of an opened table (at most `most`), and judge them as `stream` would."""
    columns = table.columns[:MOST_COLUMNS]
    text = asked.get("text") or usual(table.columns) or _longest(table, columns)
    named = asked.with_choices(keys, {"text": text, **table.facts})
    if not text:
        raise StrataError("E-TABLE-COLUMN", f"'{file}' has no column of texts.", fix="Choose another file.")
    chosen, wanted = choose(named, table, file)
    all_columns = tuple(range(len(columns)))
    look = _Look()
    for row in table.read(wanted + all_columns):
        judged = Row(row.number, row.cells[: len(wanted)]) if isinstance(row, Row) else row
        problem = judged if isinstance(judged, Problem) else problem_of(judged, chosen)
        _see(look, row, problem, skip=len(wanted), n=n)
        if look.rows >= (most or MOST_ROWS) or look.characters >= MOST_CHARACTERS:
            break
    else:
        look.ended = True
    notes = list(table.notes)
    if len(table.columns) > len(columns):
        notes.append(f"The first {len(columns)} of {len(table.columns)} columns are shown.")
    if table.unread:
        notes.append(
            f"Columns of lists or records are not read: {', '.join(shown(c)[:60] for c in table.unread[:20])}."
        )
    seen = _preview(named, table, look, columns, skip=len(wanted))
    return replace(seen, title=file, notes=tuple(notes))


def _see(look: _Look, row: Row | Problem, problem: Problem | None, *, skip: int, n: int) -> None:
    look.rows += 1
    if isinstance(row, Row):
        look.characters += sum(len(c) + 1 if isinstance(c, str) else 8 for c in row.cells[skip:])
        if len(look.first) < n:
            look.first.append(row)
    if problem is not None:
        look.wrong += 1
        if len(look.problems) < MOST_PROBLEMS:
            look.problems.append(problem)
    elif isinstance(row, Row):
        size = len(row.cells[0]) if isinstance(row.cells[0], str) and row.cells[0].strip() else 0
        look.sizes.append(size)


def _preview(named: Name, table: Table, look: _Look, columns: tuple[str, ...], *, skip: int) -> Preview:
    count, exact = (look.rows, True) if look.ended else (table.count, True)
    if count is None and look.rows and table.size:
        count, exact = max(look.rows, round(look.rows * table.size / max(1, look.characters))), False
    cells = {c: [shown(row.cells[skip + i]) for row in look.first] for i, c in enumerate(columns)}
    noun = "lines" if table.facts.get("as") in ("jsonl", "txt") else "rows"
    frame = pd.DataFrame({noun[:-1]: [row.number for row in look.first]})
    frame = pd.concat([frame, pd.DataFrame(cells, dtype=object)], axis=1)
    frame.columns = pd.Index(unique([shown(c) for c in frame.columns]))
    empty = look.sizes.count(0)
    return Preview(
        str(replace(named, pin="")),
        "",
        noun,
        table.columns,
        frame,
        count,
        exact,
        named.get("text"),
        dict(table.facts),
        lengths_of([size for size in look.sizes if size]),
        pd.DataFrame({"row": [p.number for p in look.problems], "problem": [shown(p.why) for p in look.problems]}),
        look.wrong,
        {NO_TEXT: empty} if empty else {},
        look.rows,
    )


def _longest(table: Table, columns: tuple[str, ...]) -> str:
    """Return the column whose first cells hold the longest texts: what a person most likely means."""
    total: Counter[str] = Counter()
    for row in _few(table.read(tuple(range(len(columns))))):
        for name, cell in zip(columns, row.cells, strict=True):
            total[name] += len(cell) if isinstance(cell, str) else 0
    return total.most_common(1)[0][0] if total else (columns[0] if columns else "")


def _few(rows: Iterator[Row | Problem], n: int = 50) -> Iterator[Row]:
    for i, row in enumerate(rows):
        if i >= n:
            return
        if isinstance(row, Row):
            yield row
