"""CSV and its relatives: cells between commas, semicolons, tabs or bars, read row by row.

Quotes and line ends inside quotes follow RFC 4180. A row that breaks it, or has another number of cells than the
header, is a Problem with its number, and reading goes on behind it.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from probes.corpora.encodings import lines
from probes.corpora.rows import LARGEST_CELL, Problem, Row, Table, too_large, unique

SEPARATORS = {",": ",", ";": ";", "tab": "\t", "|": "|"}
"""How a corpus name writes them → what they are."""
_LOOKED_AT = 200
_CONSISTENT = 0.6
"""The share of rows, the first among them, that must have as many cells before a sign is taken for the separator."""
_NUMBER = re.compile(r"[+-]?(\d[\d_.,]*|\.\d+)([eE][+-]?\d+)?%?")

csv.field_size_limit(LARGEST_CELL)  # the module's own 128 KB is less than a long source file


def open_delimited(path: Path, sample: str, size: int, *, encoding: str, sep: str, header: str) -> Table:
    """Open a delimited file; what is not told is guessed from its first rows (`sample`)."""
    sep = sep or separator(sample, path.suffix.lower())
    read = csv.reader(chain(sample.splitlines(keepends=True)), delimiter=SEPARATORS[sep])
    first = next((row for row in _lenient(read) if row), [])
    has_header = header == "yes" if header else _looks_like_header(first)
    columns = unique(first if has_header else [""] * len(first))

    def rows(wanted: tuple[int, ...]) -> Iterator[Row | Problem]:
        whole = _rows(path, encoding, SEPARATORS[sep], len(columns))
        if has_header:
            next(whole, None)
        for row in whole:
            yield Row(row.number, tuple(row.cells[i] for i in wanted)) if isinstance(row, Row) else row

    facts = {"as": "csv", "encoding": encoding, "sep": sep, "header": "yes" if has_header else "no"}
    return Table(columns, rows, size, facts)


def _rows(path: Path, encoding: str, sep: str, width: int) -> Iterator[Row | Problem]:
    """Yield every row that is not blank, the header too, numbered as a spreadsheet numbers them."""
    reader = csv.reader(lines(path, encoding), delimiter=sep, strict=True)
    number = 0
    while True:
        number += 1
        starts = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(number, _reason(error, starts, path.name))
            continue
        if len(cells) == width:
            yield Row(number, tuple(cells))
        elif cells:
            yield Problem(number, f"{len(cells)} cells where {width} are wanted (line {starts})")


def _reason(error: csv.Error, line: int, name: str) -> str:
    said = str(error)
    if "field limit" in said:
        fix = "Look for a quote that is not closed, or leave the cell out."
        raise too_large(
            f"The row of '{name}' that starts in line {line} does not end.", f"{LARGEST_CELL:,} characters", fix
        )
    if "unexpected end" in said:
        return f"a quote opened in line {line} or below is never closed, so the rest of the file is inside it"
    return f"its quotes do not fit ({said}; line {line})"


def separator(sample: str, extension: str = "") -> str:
    """Return the sign that cuts the sample's rows into the same number of cells; a comma when none does."""
    first = {".tsv": "tab", ".tab": "tab", ".psv": "|"}.get(extension, ",")
    best, score = first, (0.0, 0)
    for sep in dict.fromkeys((first, *SEPARATORS)):
        found = list(
            islice(_lenient(csv.reader(sample.splitlines(keepends=True), delimiter=SEPARATORS[sep])), _LOOKED_AT)
        )
        widths = Counter(len(row) for row in found if row)
        if len(widths) > 1 and len(found) < _LOOKED_AT:
            widths[len(found[-1])] -= 1  # the sample may end inside a row
        width, often = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        share = often / max(1, widths.total())
        heads = next((len(row) for row in found if row), 0) == width
        if width > 1 and heads and share >= _CONSISTENT and (share, width) > score:
            best, score = sep, (share, width)
    return best


def _lenient(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield what can be read of a sample, which may break off inside quotes."""
    while True:
        try:
            yield next(reader)
        except csv.Error:
            continue
        except StopIteration:
            return


def _looks_like_header(first: list[str]) -> bool:
    """Say whether a first row names columns: no number among them, nothing long, not all of them empty."""
    return any(first) and not any(_NUMBER.fullmatch(cell.strip()) or len(cell) > 200 or "\n" in cell for cell in first)
