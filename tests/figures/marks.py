"""What the tests of every figure ask: does it validate, and do the fields it draws exist in its data."""

from collections.abc import Iterator
from typing import Any

Unit = tuple[dict[str, Any], list[dict[str, Any]]]


def units(spec: dict[str, Any]) -> Iterator[Unit]:
    """Yield each view that has marks, with the rows it draws."""
    data = spec.get("datasets", {})

    def walk(view: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[Unit]:
        rows = data.get(view.get("data", {}).get("name"), rows)
        if "mark" in view:
            yield view, rows
        for part in (*view.get("layer", ()), *view.get("hconcat", ()), *view.get("vconcat", ())):
            yield from walk(part, rows)

    yield from walk(spec, [])


def fields(view: dict[str, Any]) -> set[str]:
    """Return the columns that a view's channels name."""
    found = set()
    for channel in view.get("encoding", {}).values():
        for part in channel if isinstance(channel, list) else [channel]:
            found |= {part["field"]} if "field" in part else set()
    return found


def checked(chart: Any) -> dict[str, Any]:
    """Return the chart's validated specification; fail when a mark names a column that its rows do not have."""
    spec = chart.to_dict()
    assert spec == chart.to_dict()
    drawn = 0
    for view, rows in units(spec):
        for row in rows:
            assert fields(view) <= set(row), f"{view['mark']} draws {fields(view) - set(row)}, which its rows lack"
        drawn += len(rows)
    assert drawn > 0
    return spec


def text(spec: dict[str, Any]) -> str:
    """Return the title and subtitle lines of every view, and the text of a message."""
    lines: list[str] = []
    for view in (spec, *spec.get("hconcat", ()), *spec.get("vconcat", ())):
        title = view.get("title") or {}
        lines += [title.get("text", "")] + list(title.get("subtitle", []) if title else [])
    for _, rows in units(spec):
        lines += [row["message"] for row in rows if "message" in row]
    return "\n".join(lines)


def rows_of(spec: dict[str, Any], mark: str, field: str) -> list[dict[str, Any]]:
    """Return the rows drawn by the first `mark` that names `field`."""
    for view, rows in units(spec):
        if view["mark"]["type"] == mark and field in fields(view):
            return rows
    raise AssertionError(f"no {mark} draws {field}")
