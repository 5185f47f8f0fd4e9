"""A table, whatever file it comes from: named columns, and rows one at a time, each with its number or what is wrong.

Limits stand here. They are far above what a corpus for a probe needs, and below what would take the machine down.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from probes.errors import StrataError

LARGEST_CELL = 16 << 20
"""Characters of one cell or line; a file without line ends would otherwise be read as one."""
MOST_COLUMNS = 4096
"""A wider table is a matrix of numbers, as a rule."""


@dataclass(frozen=True)
class Row:
    """The cells asked for, and the row's number as a person finds it: a CSV's first line is 1, a JSONL's line too."""

    number: int
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class Problem:
    """A row that cannot be read, and why."""

    number: int
    why: str


@dataclass(frozen=True)
class Table:
    """An opened table; `read` starts from its first row each time, and gives the cells of the columns at `wanted`."""

    columns: tuple[str, ...]
    read: Callable[[tuple[int, ...]], Iterator[Row | Problem]]
    size: int
    """Bytes once decoded, about."""
    facts: dict[str, str] = field(default_factory=dict)
    """How it is written, in the words of a corpus name (`as`, `encoding`, `sep`, `header`): told or guessed."""
    count: int | None = None
    """Rows, where the file itself says so."""
    notes: tuple[str, ...] = ()
    """What a person should know of it."""
    unread: tuple[str, ...] = ()
    """Columns that hold no plain values (lists, records) and are not read."""


def too_large(what: str, limit: str, fix: str) -> StrataError:
    """Return the refusal of a file beyond a limit, which it names."""
    return StrataError("E-TABLE-LIMIT", what, f"The limit is {limit}.", fix)


def unique(names: list[str]) -> tuple[str, ...]:
    """Name every column differently: one without a name by its place, one that repeats another with a number."""
    if len(names) > MOST_COLUMNS:
        fix = "Write out the columns you need."
        raise too_large(f"The table has {len(names):,} columns.", f"{MOST_COLUMNS:,} columns", fix)
    taken: dict[str, None] = {}
    for i, name in enumerate(names):
        free, again = name.strip() or f"column {i + 1}", 1
        first = free
        while free in taken:
            again += 1
            free = f"{first} ({again})"
        taken[free] = None
    return tuple(taken)
