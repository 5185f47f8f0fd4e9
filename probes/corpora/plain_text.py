"""Plain text: one text a line, or a paragraph (lines up to a blank one); its one column is called `text`."""

from collections.abc import Iterator
from pathlib import Path

from probes.corpora.encodings import lines
from probes.corpora.rows import LARGEST_CELL, Problem, Row, Table, too_large

UNITS = ("line", "paragraph")


def open_text(path: Path, size: int, *, encoding: str, by: str) -> Table:
    """Open a text file, whose row numbers are line numbers: of a paragraph, its first."""
    by = by or "line"

    def rows(wanted: tuple[int, ...]) -> Iterator[Row | Problem]:
        for number, text in (_paragraphs if by == "paragraph" else _lines)(path, encoding):
            yield Row(number, (text,) * len(wanted))

    return Table(("text",), rows, size, {"as": "txt", "encoding": encoding, "by": by})


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines(path, encoding), 1):
        text = line.rstrip("\r\n")
        if text.strip():
            yield number, text


def _paragraphs(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    start, part, length = 0, list[str](), 0
    for number, line in enumerate(lines(path, encoding), 1):
        text = line.rstrip("\r\n")
        if text.strip():
            start = start if part else number
            part.append(text)
            length += len(text)
            if length > LARGEST_CELL:
                fix = "Put blank lines between paragraphs, or read it by line: by=line."
                raise too_large(f"The paragraph in line {start} is too long.", f"{LARGEST_CELL:,} characters", fix)
        elif part:
            yield start, "\n".join(part)
            part, length = [], 0
    if part:
        yield start, "\n".join(part)
