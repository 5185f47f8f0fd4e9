"""A chart's large tables made small for measuring: fewer rows, the same axes and legends.

Each draw of 100,000 points takes seconds and a page's width is found in several. What decides how wide axes and
legends come out are the extremes of numbers and the distinct texts, so the rows that hold those are kept.
"""

from typing import Any

ENOUGH = 2_000
"""Tables up to this long are drawn as they are."""
_CHANGES = ("transform", "aggregate", "bin", "timeUnit", "stack", "impute", "facet", "row", "column")


def thinned(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the specification with its long tables thinned; one that aggregates or divides its rows is unchanged."""
    tables = spec.get("datasets", {})
    if all(len(rows) <= ENOUGH for rows in tables.values()) or _computes(spec):
        return spec
    return spec | {"datasets": {name: _few(rows) for name, rows in tables.items()}}


def _computes(part: Any) -> bool:
    """Say whether marks are made of more than one row, or their number depends on the rows."""
    if isinstance(part, list):
        return any(_computes(item) for item in part)
    if not isinstance(part, dict):
        return False
    return any(part.get(name) for name in _CHANGES) or any(
        _computes(value) for name, value in part.items() if name not in ("datasets", "config")
    )


def _few(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that hold a column's least or greatest number or the first of a text, in their order."""
    if len(rows) <= ENOUGH:
        return rows
    kept: set[int] = set()
    for name in dict.fromkeys(key for row in rows[:1] for key in row):
        numbers = [(row[name], i) for i, row in enumerate(rows) if isinstance(row.get(name), int | float)]
        if numbers:
            kept |= {min(numbers)[1], max(numbers)[1]}
        first: dict[Any, int] = {}
        for i, row in enumerate(rows):
            if isinstance(row.get(name), str):
                first.setdefault(row[name], i)
        kept |= set(first.values())
    return [rows[i] for i in sorted(kept)]
