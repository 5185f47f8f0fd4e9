"""JSONL: one JSON object a line. A key inside an object becomes the column `outer.inner`; a list stays JSON."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from probes.corpora.encodings import lines
from probes.corpora.rows import Problem, Row, Table, unique
from probes.errors import StrataError

_LOOKED_AT = 500
"""Lines in which a column must appear to be known."""


def open_jsonlines(path: Path, size: int, *, encoding: str) -> Table:
    """Open a JSONL file; its columns are the keys of its first lines."""
    found: dict[str, None] = {}
    for _, value in islice(_objects(path, encoding), _LOOKED_AT):
        if isinstance(value, dict):
            found.update(dict.fromkeys(value))
    _check_lines(path, encoding, found)
    columns = tuple(found)
    unique([*columns])  # refuses too many

    def rows(wanted: tuple[int, ...]) -> Iterator[Row | Problem]:
        names = [columns[i] for i in wanted]
        for number, value in _objects(path, encoding):
            if isinstance(value, dict):
                yield Row(number, tuple(value.get(name) for name in names))
            else:
                yield Problem(number, value)

    return Table(columns, rows, size, {"as": "jsonl", "encoding": encoding})


def _objects(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield each line's number with its flat object, or with what is wrong; blank lines are layout."""
    for number, line in enumerate(lines(path, encoding), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.rstrip("\r\n"))
            yield number, flat(value) if isinstance(value, dict) else f"not a JSON object but {_said(value)}"
        except RecursionError:
            yield number, "JSON nested too deeply"
        except ValueError as error:
            yield number, f"not JSON: {_reason(error)}"


def _reason(error: ValueError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    return f"{error.msg.removesuffix(' at').removesuffix(' starting')} at character {error.colno}"


def _said(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "null", bool: "true or false"}.get(type(value), "a number")


def flat(value: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Return an object without objects inside: {"a": {"b": 1}} as {"a.b": 1}; lists as the JSON they are."""
    whole: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            whole |= flat(inner, f"{before}{key}.")
        else:
            whole[before + key] = json.dumps(inner, ensure_ascii=False) if isinstance(inner, list | dict) else inner
    return whole


def _check_lines(path: Path, encoding: str, found: dict[str, None]) -> None:
    """Refuse one JSON document over many lines, some of which may look like rows, and what holds no object at all."""
    first = next((line.strip() for line in lines(path, encoding) if line.strip()), "")
    if not first or (found and first not in ("[", "{")):
        return
    why = "It is one JSON document over several lines." if first[0] in "[{" else "Its first lines hold none."
    fix = f"Write one object a line, for instance: jq -c '.[]' '{path.name}' > lines.jsonl"
    raise StrataError("E-TABLE-FORMAT", f"'{path.name}' does not hold one JSON object a line.", why, fix)
