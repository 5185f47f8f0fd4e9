"""Matrices inside tables (Parquet, CSV, JSONL): which columns are dimensions, and which say what a row is.

A column of lists of numbers (Parquet) is a layer by itself. Else numbered columns of numbers (`dim_0`, `dim_1`, … or
`0`, `1`, …) are dimensions, and what stands before the number names the layer. All other columns are about the rows.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from probes.corpora.arrays import MOST_LAYERS, damaged, natural
from probes.corpora.rows import Problem, Table
from probes.errors import StrataError

LARGEST = 1 << 30
"""Bytes of a table, decoded: its numbers pass through Python and are held in memory."""
_NUMBERED = re.compile(r"(.*?)[ _.\-\[]*(\d{1,6})\]?")
Layers = dict[str, np.ndarray]


def split(table: Table, path: Path) -> tuple[Layers, pd.DataFrame]:
    """Return a table's layers float32 [row, width] and its other columns; E-MATRIX-SHAPE when it has no dimensions."""
    small(table, path)
    lists = _lists(path) if table.facts.get("as") == "parquet" else {}
    rest = [c for c in table.columns if c not in lists]
    groups = {} if lists else _groups(rest)
    numbers = {column for columns in groups.values() for column in columns}
    about = [c for c in rest if c not in numbers]
    cells = _cells(table, path, [*about, *numbers])
    layers = {name: _array(cells, columns, path) for name, columns in groups.items()} or lists
    if not layers:
        raise StrataError(
            "E-MATRIX-SHAPE",
            f"'{path.name}' has no columns of dimensions.",
            f"Its columns are: {', '.join(c[:40] for c in table.columns[:20])}.",
            "Number them (dim_0, dim_1, …), or write lists of numbers in one Parquet column.",
        )
    return layers, pd.DataFrame({c: cells[c] for c in about})


def about(table: Table, path: Path) -> pd.DataFrame:
    """Return all columns of a table that says what the rows of a matrix in another file are."""
    small(table, path)
    return pd.DataFrame(_cells(table, path, list(table.columns)))


def small(table: Table, path: Path) -> None:
    """Refuse a table that would not fit in memory (E-MATRIX-LARGE)."""
    if table.size > LARGEST:
        why = f"A table of numbers may have {LARGEST >> 20:,} MB: it is held in memory."
        fix = "Save the numbers as .npy or .safetensors, which are read where they lie."
        raise StrataError("E-MATRIX-LARGE", f"'{path.name}' has {table.size / 2**20:,.0f} MB.", why, fix)


def _groups(columns: list[str]) -> dict[str, list[str]]:
    """Return layer → its columns in the order of their numbers; a single numbered column is no layer."""
    found: dict[str, list[str]] = {}
    for column in columns:
        if match := _NUMBERED.fullmatch(column):
            found.setdefault(match[1] or "values", []).append(column)
    return {
        name: sorted(some, key=natural)
        for name, some in sorted(found.items(), key=lambda pair: natural(pair[0]))
        if len(some) > 1
    }


def _cells(table: Table, path: Path, wanted: list[str]) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {name: [] for name in wanted}
    for row in table.read(tuple(table.columns.index(name) for name in wanted)):
        if isinstance(row, Problem):
            raise _row(path, row.number, row.why)
        for name, cell in zip(wanted, row.cells, strict=True):
            cells[name].append(cell)
    return cells


def _array(cells: dict[str, list[Any]], columns: list[str], path: Path) -> np.ndarray:
    found = np.empty((len(cells[columns[0]]), len(columns)), np.float32)
    for j, column in enumerate(columns):
        try:
            found[:, j] = np.array(cells[column], np.float64)
        except (TypeError, ValueError):
            for i, cell in enumerate(cells[column]):
                if not _number(cell):
                    said = f"column '{column[:40]}' is {str(cell)[:40]!r}, which is no number"
                    raise _row(path, i + 1, said) from None
    return found


def _number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _lists(path: Path) -> Layers:
    """Return the columns of lists of numbers as layers; E-MATRIX-ROW when lists are missing or of several lengths."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: Layers = {}
    try:
        with pq.ParquetFile(path, arrow_extensions_enabled=False) as file:
            for field in file.schema_arrow:
                kind = field.type
                if _is_list(kind) and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
                    batches = file.iter_batches(4096, columns=[field.name], use_threads=False)
                    parts = [_rows_of(batch.column(0), field.name, path) for batch in batches]
                    _alike(parts, field.name, path)
                    found[field.name] = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error
    if len(found) > MOST_LAYERS:
        raise StrataError("E-MATRIX-SHAPE", f"'{path.name}' has {len(found)} layers.", f"At most {MOST_LAYERS}.")
    return dict(sorted(found.items(), key=lambda pair: natural(pair[0])))


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _rows_of(column: Any, name: str, path: Path) -> np.ndarray:
    import pyarrow.compute as pc

    sizes = pc.list_value_length(column).to_numpy(zero_copy_only=False).astype(float)
    wrong = np.flatnonzero(sizes != (sizes[0] if len(sizes) else 0))
    if wrong.size or not len(sizes) or not sizes[0] > 0:
        at = int(wrong[0]) if wrong.size else 0
        said = f"column '{name[:40]}' holds {sizes[at] if len(sizes) else 0:g} numbers, others {sizes[0]:g}"
        raise _row(path, at + 1, said.replace("nan", "no"))
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(len(sizes), -1)


def _alike(parts: list[np.ndarray], name: str, path: Path) -> None:
    done = 0
    for part in parts:
        if part.shape[1] != parts[0].shape[1]:
            said = f"column '{name[:40]}' holds {part.shape[1]} numbers, others {parts[0].shape[1]}"
            raise _row(path, done + 1, said)
        done += len(part)


def _row(path: Path, number: int, why: str) -> StrataError:
    fix = "Every row needs as many numbers. Mend it, or leave it out."
    return StrataError("E-MATRIX-ROW", f"'{path.name}', row {number}: {why}.", fix=fix)
