"""Which columns of a table are read: those the corpus name says, or the one that can only be meant."""

from probes.corpora.names import Name
from probes.corpora.rows import Table
from probes.corpora.texts import Chosen
from probes.errors import StrataError, did_you_mean

USUAL = ("text", "code", "content", "func_code_string", "function", "sentence")
"""A column of this name is the text when no other is named; a table of one column needs none."""
_NAMED = 40
"""Columns listed in a message."""


def choose(asked: Name, table: Table, file: str) -> tuple[Chosen, tuple[int, ...]]:
    """Return what is taken of each row and where it is; E-TABLE-COLUMN when a column is missing or none is named."""
    text = asked.get("text") or usual(table.columns)
    if not text:
        raise _which(f"'{file}' has {len(table.columns)} columns; which one holds the text?", table, "text=COLUMN")
    language = asked.get("language")
    names = [text, *([language] if language else []), *asked.labels]
    for name in names:
        if name in table.unread:
            fix = "Write it out as text, or choose another."
            raise StrataError("E-TABLE-COLUMN", f"Column '{name}' of '{file}' holds lists or records.", fix=fix)
        if name not in table.columns:
            raise _which(f"'{file}' has no column '{name[:80]}'.", table, "text=COLUMN", near=name)
    chosen = Chosen(
        labels=asked.labels,
        has_language=bool(language),
        skip=asked.get("skip") == "yes",
        original=asked.get("original") == "yes",
        encoding=table.facts.get("encoding", ""),
        noun="line" if table.facts.get("as") in ("jsonl", "txt") else "row",
        file=file,
    )
    return chosen, tuple(table.columns.index(name) for name in names)


def usual(columns: tuple[str, ...]) -> str:
    """Return the column that holds the text when a table leaves no choice, or ""."""
    if len(columns) == 1:
        return columns[0]
    return next((name for name in USUAL if name in columns), "")


def _which(what: str, table: Table, fix: str, near: str = "") -> StrataError:
    more = f" and {len(table.columns) - _NAMED} more" if len(table.columns) > _NAMED else ""
    there = ", ".join(name[:60] for name in table.columns[:_NAMED]) or "none"
    why = f"{did_you_mean(near, table.columns) if near else ''}There are: {there}{more}."
    return StrataError("E-TABLE-COLUMN", what, why, f"Name it in the corpus: ?{fix}")
