"""`table:FILE`: the texts of a CSV, JSONL, Parquet or text file.

What the name leaves open (format, encoding, separator, header, text column) is guessed from the file's first bytes; a
pinned name says it all, and the digest of the file.
"""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from probes.corpora import previews
from probes.corpora.columns import choose
from probes.corpora.delimited import SEPARATORS, open_delimited
from probes.corpora.encodings import guess, known
from probes.corpora.grammars import LANGUAGES, grammar
from probes.corpora.jsonlines import open_jsonlines
from probes.corpora.names import Keys, Name, parse
from probes.corpora.parquet_file import open_parquet
from probes.corpora.plain_text import UNITS, open_text
from probes.corpora.previews import Preview
from probes.corpora.rows import Problem, Row, Table
from probes.corpora.sampling import printable
from probes.corpora.sniff import FORMATS, SAMPLE, format_of, refuse
from probes.corpora.texts import SLICE, finished, in_order, text_of
from probes.errors import StrataError, did_you_mean
from probes.store import confined
from probes.values import Text

KEYS: Keys = {
    "text": (),
    "language": (),
    "label": (),
    "as": FORMATS,
    "encoding": (),
    "sep": tuple(SEPARATORS),
    "header": ("yes", "no"),
    "by": UNITS,
    "skip": ("yes",),
    "original": ("yes",),
}
"""What a name may say: columns first, then how the file is written, then what to do with its rows."""
PIN = "[0-9a-f]{12}"


@dataclass(frozen=True)
class Opened:
    """A table, the name it was asked by, and its file."""

    asked: Name
    path: Path
    table: Table

    @property
    def file(self) -> str:
        """The file's name, as any encoding can write it."""
        return printable(self.path.name)


def opened(name: str) -> Opened:
    """Open the file a name means, and find out how it is written; says so when it is missing, empty or no table."""
    asked = parse(name, KEYS, PIN)
    path = existing(asked)
    try:
        with path.open("rb") as source:
            data = source.read(SAMPLE)
        size = path.stat().st_size
    except OSError as error:
        fix = "Check its permissions."
        raise StrataError(
            "E-TABLE-FILE", f"Cannot read '{printable(path.name)}'.", f"{error.strerror}.", fix
        ) from error
    shown = printable(path.name)
    if not data.strip(b"\0\t\n\r \xef\xbb\xbf\xfe\xff"):
        raise StrataError("E-CORPUS-EMPTY", f"'{shown}' is empty.", "It holds no text.", "Name another file.")
    refuse(data, shown)
    encoding = known(asked.get("encoding")) if asked.get("encoding") else guess(data)
    sample = data.decode(encoding, "replace").removeprefix("\ufeff")
    form = asked.get("as") or format_of(data, path.name, sample)
    if (form == "parquet") != data.startswith(b"PAR1"):
        why = "Its first bytes say so."
        what = f"'{shown}' is {'no' if form == 'parquet' else 'a'} Parquet file."
        raise StrataError("E-TABLE-FORMAT", what, why, "Leave 'as=' out, and the format is found.")
    if form == "parquet":
        return Opened(asked, path, open_parquet(path))
    if form == "jsonl":
        return Opened(asked, path, open_jsonlines(path, size, encoding=encoding))
    if form == "txt":
        return Opened(asked, path, open_text(path, size, encoding=encoding, by=asked.get("by")))
    told = {key: asked.get(key) for key in ("sep", "header")}
    return Opened(asked, path, open_delimited(path, sample, size, encoding=encoding, **told))


def existing(asked: Name) -> Path:
    """Return the file a name means; E-TABLE-FILE says why it cannot be read."""
    fix = "Name an existing file: table:/path/to/file.csv."
    if not asked.place:
        raise StrataError("E-TABLE-FILE", f"No file is named in '{asked}'.", fix=fix)
    path = confined(asked.place)
    try:
        kind = path.stat().st_mode
    except OSError as error:
        why = "There is no such file." if isinstance(error, FileNotFoundError) else f"{error.strerror}."
        raise StrataError("E-TABLE-FILE", f"Cannot read '{asked.place}'.", why, _neighbour(path) or fix) from error
    if stat.S_ISDIR(kind):
        raise StrataError(
            "E-TABLE-FILE", f"'{asked.place}' is a folder.", fix=f"Try: code:{path}, or name a file in it."
        )
    if not stat.S_ISREG(kind):  # reading a pipe would wait for ever
        raise StrataError("E-TABLE-FILE", f"'{asked.place}' is no ordinary file.", fix=fix)
    return path


def _neighbour(path: Path) -> str:
    try:
        return did_you_mean(path.name, sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())[:1000])
    except OSError:
        return ""


# ---- pins ------------------------------------------------------------------------------------------------------------


def digest(path: Path) -> str:
    """Return 12 hex digits over the file's bytes; not computed again while its size and times stay."""
    return _digest(str(path), _state(path))


def _state(path: Path) -> tuple[int, ...]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino


@lru_cache(maxsize=64)
def _digest(path: str, _state: tuple[int, ...]) -> str:
    with open(path, "rb") as source:  # noqa: PTH123 (a string, so that equal paths are one key)
        return hashlib.file_digest(source, "sha256").hexdigest()[:12]


def pin(name: str) -> str:
    """Return the name with nothing left to guess, and the digest of the file; a pinned name comes back as it is."""
    if parse(name, KEYS, PIN).pin:
        return name
    found = opened(name)
    _, wanted = choose(found.asked, found.table, found.file)
    told = found.asked.with_choices(KEYS, {"text": found.table.columns[wanted[0]], **found.table.facts})
    return str(Name(told.kind, os.fspath(found.path), told.choices, digest(found.path)))


# ---- texts -----------------------------------------------------------------------------------------------------------


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream a table's texts, as functions when a programming language is asked for; E-CORPUS-MOVED after a change."""
    found = opened(name)
    chosen, wanted = choose(found.asked, found.table, found.file)
    if language is not None and not chosen.has_language and language not in LANGUAGES:
        grammar(language)  # refuses: without a column that says so, only code can be told to be in a language
    if found.asked.pin and found.asked.pin != digest(found.path):
        raise _moved(found)
    before = _state(found.path)
    counts: Counter[str] = Counter() if skipped is None else skipped

    def read() -> Iterator[Row | Problem]:
        if _state(found.path) != before:
            raise _moved(found)
        return found.table.read(wanted)

    def text(row: Row | Problem, counts: Counter[str]) -> Text | None:
        return text_of(row, chosen, language=language, counts=counts)

    slices = max(1, -(-found.table.size // SLICE))
    return finished(in_order(read, text, slices, seed=seed, counts=counts), name, language=language, counts=counts)


def _moved(found: Opened) -> StrataError:
    return StrataError(
        "E-CORPUS-MOVED",
        f"The file '{found.file}' has changed since it was named.",
        f"Its digest is now {digest(found.path)}.",
        "Put the same file back, or leave out what follows the last @ to use what is there now.",
    )


def preview(name: str, n: int) -> Preview:
    """Look at the first rows of a table, and far enough into it to know its texts' lengths and its problems."""
    found = opened(name)
    return previews.of_table(found.asked, found.table, found.file, n=n, keys=KEYS)
