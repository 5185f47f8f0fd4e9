"""`conllu:FILE`: sentences with their dependency trees, as Universal Dependencies writes them (CoNLL-U, ten columns).

A sentence's text is put together from its words, a blank between two unless `SpaceAfter=No` says otherwise, so that
every word has a range of characters. The words of a multiword token (`du` = `de` + `le`) have the parts of it they
spell, or else all of it, together. Empty nodes are no words of the text and are left out; comments are not read.
`conllu:sample` is sentences of our own.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from probes.corpora import previews, table_file
from probes.corpora.dependencies import Sentence, Wrong, sentence_of
from probes.corpora.encodings import lines
from probes.corpora.names import Keys, Name, parse
from probes.corpora.previews import Preview
from probes.corpora.rows import Problem, Row, Table
from probes.corpora.sampling import printable
from probes.corpora.texts import SLICE, Chosen, finished, in_order, text_of
from probes.errors import StrataError
from probes.values import Text

KEYS: Keys = {"text": ("text",), "skip": ("yes",)}
PIN = "[0-9a-f]{12}"
SAMPLE = "sample"
"""The place that means our own sentences, on every machine."""
_SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "trees.conllu"


def sentences(name: str, *, seed: int, skipped: Counter[str] | None = None) -> Iterator[Sentence]:
    """Stream a file's sentences in an order fixed by `seed`; E-TABLE-ROW names the line that cannot be read."""
    found = opened(name)
    chosen = _chosen(found)

    def read() -> Iterator[Row | Problem]:
        return _read(found.path, found.file)

    def take(row: Row | Problem, counts: Counter[str]) -> Sentence | None:
        if isinstance(row, Problem):
            text_of(row, chosen, language=None, counts=counts)  # refuses it, or counts it
            return None
        given: Sentence = row.cells[0]
        return given

    counts: Counter[str] = Counter() if skipped is None else skipped
    return in_order(read, take, max(1, -(-found.table.size // SLICE)), seed=seed, counts=counts)


def opened(name: str) -> table_file.Opened:
    """Open the file a name means; E-CORPUS-MOVED when it is no longer the one that was pinned."""
    asked = parse(name, KEYS, PIN)
    path = _SAMPLE if asked.place == SAMPLE else table_file.existing(asked)
    if asked.pin and asked.pin != table_file.digest(path):
        raise StrataError(
            "E-CORPUS-MOVED",
            f"The file '{printable(path.name)}' has changed since it was named.",
            f"Its digest is now {table_file.digest(path)}.",
            "Put the same file back, or leave out what follows the last @ to use what is there now.",
        )

    def texts(wanted: tuple[int, ...]) -> Iterator[Row | Problem]:
        for row in _read(path, printable(path.name)):
            yield row if isinstance(row, Problem) else Row(row.number, (row.cells[0].text,) * len(wanted))

    return table_file.Opened(asked, path, Table(("text",), texts, path.stat().st_size))


def _chosen(found: table_file.Opened) -> Chosen:
    return Chosen(skip=found.asked.get("skip") == "yes", encoding="utf-8", noun="line", file=found.file)


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream the sentences as texts without their trees."""
    found, counts = opened(name), Counter[str]() if skipped is None else skipped
    chosen = _chosen(found)

    def text(row: Row | Problem, counts: Counter[str]) -> Text | None:
        return text_of(row, chosen, language=language, counts=counts)

    slices = max(1, -(-found.table.size // SLICE))
    given = in_order(lambda: found.table.read((0,)), text, slices, seed=seed, counts=counts)
    return finished(given, name, language=language, counts=counts)


def pin(name: str) -> str:
    """Return the name with the digest of the file; a pinned name comes back as it is."""
    asked = parse(name, KEYS, PIN)
    if asked.pin:
        return name
    found = opened(name)
    place = SAMPLE if asked.place == SAMPLE else os.fspath(found.path)
    return str(Name(asked.kind, place, asked.choices, table_file.digest(found.path)))


def preview(name: str, n: int) -> Preview:
    """Look at the first sentences, and far enough into the file to know its problems."""
    found = opened(name)
    return previews.of_table(found.asked, found.table, found.file, n=n, keys=KEYS)


def _read(path: Path, file: str) -> Iterator[Row | Problem]:
    """Yield each sentence with the number of its first line, or the line that is wrong and why."""
    for block in _blocks(path):
        try:
            yield Row(block[0][0], (sentence_of(block, file),))
        except Wrong as wrong:
            yield Problem(wrong.number, wrong.why)


def _blocks(path: Path) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, raw in enumerate(lines(path, "utf-8"), 1):
        line = raw.rstrip("\r\n")
        if line.strip() and not line.startswith("#"):
            block.append((number, line))
        elif block and not line.strip():
            yield block
            block = []
    if block:
        yield block
