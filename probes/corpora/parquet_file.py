"""Parquet: read a batch at a time, texts through their dictionaries, and never beyond what the limits allow.

A few kilobytes of Parquet can stand for terabytes: a page of zeros, or one long text repeated by a run of references.
So the declared sizes are judged before anything is decoded, and a repeated text is decoded once. Extension types are
read as what they store; whatever code their metadata carries is never looked at.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from probes.corpora.rows import MOST_COLUMNS, Problem, Row, Table, too_large, unique
from probes.errors import StrataError

LARGEST_CHUNK = 512 << 20
"""Bytes of one column in one row group, decoded: all of it is in memory at once."""
LARGEST_RATIO = 1000
"""Times a chunk may grow when it is unpacked; text grows tenfold, a bomb a million times."""
SMALL_CHUNK = 8 << 20
"""Bytes below which a chunk may grow as it likes: a column of one repeated word does."""
_BATCH = 1024


def open_parquet(path: Path) -> Table:
    """Open a Parquet file; E-TABLE-FORMAT when it is damaged, E-TABLE-LIMIT when it is made to grow."""
    try:
        with pq.ParquetFile(path, arrow_extensions_enabled=False) as file:
            schema, facts = file.schema_arrow, file.metadata
            if len(schema.names) > MOST_COLUMNS:
                unique(list(schema.names))
            size = _checked(facts, path.name)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    plain = [i for i, field in enumerate(schema) if not pa.types.is_nested(_storage(field.type))]
    names = unique([schema.names[i] for i in plain])
    columns = {name: schema.names[i] for name, i in zip(names, plain, strict=True)}

    def rows(wanted: tuple[int, ...]) -> Iterator[Row | Problem]:
        return _rows(path, [columns[names[i]] for i in wanted])

    unread = tuple(field.name for i, field in enumerate(schema) if i not in plain)
    return Table(names, rows, size, {"as": "parquet"}, facts.num_rows, unread=unread)


def _checked(facts: Any, name: str) -> int:
    """Add up the declared sizes, refusing a chunk that would not fit in memory or grows like a bomb."""
    total = 0
    for g in range(facts.num_row_groups):
        group = facts.row_group(g)
        for c in range(group.num_columns):
            chunk = group.column(c)
            packed, whole = chunk.total_compressed_size, chunk.total_uncompressed_size
            if whole > LARGEST_CHUNK:
                said = (
                    f"Column '{chunk.path_in_schema}' of '{name}' unpacks to {whole / 2**20:,.0f} MB in one row group."
                )
                raise too_large(said, f"{LARGEST_CHUNK >> 20} MB", "Write it again with smaller row groups.")
            if whole > SMALL_CHUNK and whole > LARGEST_RATIO * max(packed, 1):
                times = whole // max(packed, 1)
                said = f"Column '{chunk.path_in_schema}' of '{name}' grows {times:,} times when unpacked."
                raise too_large(said, f"{LARGEST_RATIO:,} times", "Write it again from its source.")
            total += whole
    return total


def _rows(path: Path, columns: list[str]) -> Iterator[Row | Problem]:
    number = 0
    try:
        # a dictionary of texts stays one: a million references to a long text do not become a million long texts
        with pq.ParquetFile(path, arrow_extensions_enabled=False, read_dictionary=columns, pre_buffer=False) as file:
            for batch in file.iter_batches(_BATCH, columns=list(dict.fromkeys(columns)), use_threads=False):
                cells = [_cells(batch.column(batch.schema.get_field_index(name))) for name in columns]
                for row in zip(*cells, strict=True):
                    number += 1
                    yield Row(number, tuple(map(_plain, row)))
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _cells(column: Any) -> Iterable[Any]:
    """Return a batch's plain values; equal values of a dictionary are one object, the others are made one by one."""
    while isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        used = column.indices.unique().drop_null()
        values = dict(zip(used.to_pylist(), column.dictionary.take(used).to_pylist(), strict=True))
        return [values.get(index) for index in column.indices.to_pylist()]
    return column.to_pylist() if pa.types.is_primitive(column.type) else (cell.as_py() for cell in column)


def _plain(value: Any) -> Any:
    """Return a value that a label may be; bytes are text when they are UTF-8, with what is not marked as such."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _storage(kind: Any) -> Any:
    while isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _damaged(path: Path, error: Exception) -> StrataError:
    why = " ".join(str(error).split())[:300]
    return StrataError("E-TABLE-FORMAT", f"'{path.name}' cannot be read as Parquet.", why, "Write it again.")
