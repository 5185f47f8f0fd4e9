"""`matrix:FILE`: vectors from any system at all, and what is known of each row; a corpus when a column holds texts.

`.npy` (never a pickle), `.safetensors`, Parquet and CSV. Several arrays, or an array [layer, row, width], are several
layers. `about=FILE` names a table whose rows say what the rows of the matrix are; a Parquet file or a CSV carries them
itself. `text=` and `kind=` name the columns that a point shows and is coloured by.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from probes.corpora import matrix_tables, table_file
from probes.corpora.arrays import open_npy, open_safetensors
from probes.corpora.names import Keys, Name, parse
from probes.corpora.previews import Preview
from probes.corpora.sampling import printable
from probes.errors import StrataError, did_you_mean
from probes.store import confined
from probes.values import Text

KEYS: Keys = {"text": (), "kind": (), "about": ()}
PIN = "[0-9a-f]{12}"
TEXTS = ("text", "word", "token", "sentence", "content", "title", "label", "name")
KINDS = ("kind", "label", "class", "category", "topic", "cluster", "language", "type")
"""Columns that are taken when the name does not say which."""
_MOST_KINDS = 50


@dataclass(frozen=True)
class Matrix:
    """Layers [row, width] by name, not yet read, and the columns of their rows."""

    name: Name
    file: str
    layers: dict[str, np.ndarray]
    columns: pd.DataFrame
    text: str
    """The column of the texts, or "" when there is none."""
    kind: str
    digest: str

    def __len__(self) -> int:
        return len(next(iter(self.layers.values())))

    def texts(self) -> list[str]:
        """Return what each row says: its text, or which row it is."""
        if self.text:
            return ["" if cell is None else str(cell) for cell in self.columns[self.text]]
        return [f"row {i + 1}" for i in range(len(self))]


def opened(name: str) -> Matrix:
    """Open a matrix and its columns; says so when rows do not match, when it moved, or when it is no matrix."""
    asked = parse(name, KEYS, PIN)
    path = table_file.existing(asked)
    layers, columns = _read(path)
    file = printable(path.name)
    digest = table_file.digest(path)
    if asked.get("about"):
        beside = table_file.opened(str(Name("table", asked.get("about"))))
        columns = matrix_tables.about(beside.table, beside.path)
        digest = hashlib.sha256(f"{digest} {table_file.digest(beside.path)}".encode()).hexdigest()[:12]
    _alike(layers, columns, file)
    if columns.columns.empty:  # nothing is known of the rows, but there are as many
        columns = pd.DataFrame(index=pd.RangeIndex(len(next(iter(layers.values())))))
    if asked.pin and asked.pin != digest:
        raise StrataError(
            "E-CORPUS-MOVED",
            f"The file '{file}' has changed since it was named.",
            f"Its digest is now {digest}.",
            "Put the same file back, or leave out what follows the last @ to use what is there now.",
        )
    columns.columns = [str(c) for c in columns.columns]
    text, kind = _column(asked.get("text"), TEXTS, columns), _column(asked.get("kind"), KINDS, columns)
    return Matrix(asked, file, layers, columns, text, kind or _few(columns, text), digest)


def _read(path: Path) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Read by the first bytes, and only then by the name."""
    with path.open("rb") as file:
        first = file.read(16)
    if first.startswith(b"\x93NUMPY"):
        return open_npy(path), pd.DataFrame()
    if path.suffix.lower() == ".safetensors":
        return open_safetensors(path), pd.DataFrame()
    if path.suffix.lower() == ".npy":
        raise StrataError("E-MATRIX-FILE", f"'{path.name}' is no .npy file.", "Its first bytes say so.")
    return matrix_tables.split(table_file.opened(str(Name("table", os.fspath(path)))).table, path)


def _alike(layers: dict[str, np.ndarray], columns: pd.DataFrame, file: str) -> None:
    sizes = {name: len(layer) for name, layer in layers.items()}
    if not sizes or len(set(sizes.values())) > 1:
        said = ", ".join(f"{name[:30]} {size:,}" for name, size in list(sizes.items())[:8]) or "none"
        why = "The layers of one cloud have the same rows."
        raise StrataError("E-MATRIX-SHAPE", f"The arrays of '{file}' have rows: {said}.", why, "Save others apart.")
    count = next(iter(sizes.values()))
    if len(columns.columns) and len(columns) != count:
        raise StrataError(
            "E-MATRIX-ROWS",
            f"'{file}' has {count:,} rows, and the table about them {len(columns):,}.",
            "Row i of one is about row i of the other.",
            "Give a table with one row for each, in the same order.",
        )


def _column(asked: str, usual: tuple[str, ...], columns: pd.DataFrame) -> str:
    there = list(columns.columns)
    if asked and asked not in there:
        why = f"{did_you_mean(asked, there)}There are: {', '.join(c[:40] for c in there[:20]) or 'none'}."
        raise StrataError("E-MATRIX-COLUMN", f"There is no column '{asked[:60]}'.", why, "Name one of them.")
    return asked or next((c for name in usual for c in there if c.casefold() == name), "")


def _few(columns: pd.DataFrame, text: str) -> str:
    """Return the first column of few values: what a person would colour by."""
    return next((c for c in columns if c != text and 1 < columns[c].astype(str).nunique() <= _MOST_KINDS), "")


def pin(name: str) -> str:
    """Return the name with both paths written out and the digest of the files; a pinned name comes back as it is."""
    found = opened(name)
    if found.name.pin:
        return name
    told = {"text": found.text, "kind": found.kind}
    if beside := found.name.get("about"):
        told["about"] = os.fspath(confined(beside))
    chosen = found.name.with_choices(KEYS, told).choices
    return str(Name("matrix", os.fspath(table_file.existing(found.name)), chosen, found.digest))


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream the texts of a matrix's rows in an order fixed by the seed; E-MATRIX-TEXT when no column holds texts."""
    found = opened(name)
    if not found.text:
        raise StrataError(
            "E-MATRIX-TEXT",
            f"'{found.file}' holds vectors, and no column of texts.",
            "A model reads texts.",
            "Map it or measure its shape (Embeddings), or name a column: ?text=COLUMN.",
        )
    texts = found.texts()
    order = np.random.default_rng(seed).permutation(len(texts))
    return (Text(texts[i], language or "", f"{found.file}:{i + 1}") for i in order if texts[i].strip())


def preview(name: str, n: int) -> Preview:
    """Say which layers and columns there are, and show the first rows of the columns."""
    found = opened(name)
    rows = found.columns.head(n).astype(str).reset_index(drop=True)
    rows.insert(0, "row", range(1, min(n, len(found)) + 1))
    widths = sorted({layer.shape[1] for layer in found.layers.values()})
    facts = {"layers": ", ".join(found.layers), "dimensions": ", ".join(map(str, widths))}
    told = {key: value for key, value in (("text", found.text), ("kind", found.kind)) if value}
    named = str(Name("matrix", found.name.place, found.name.with_choices(KEYS, told).choices))
    columns = tuple(found.columns.columns)
    return Preview(named, found.file, "rows", columns, rows, len(found), True, found.text, facts, looked_at=len(found))
