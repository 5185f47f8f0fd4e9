"""The table under a figure as a file: CSV whose cells no spreadsheet runs, or Parquet, which keeps everything."""

import io
import re
from typing import Any

import pandas as pd

from probes.export.names import unknown

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def frame_bytes(frame: pd.DataFrame, fmt: str) -> bytes:
    """Return the table as UTF-8 CSV whose cells no spreadsheet runs, or as Parquet, which keeps types and texts."""
    if fmt == "csv":
        safe = frame.rename(columns=_safe).astype(object)  # objects: a column of str refuses half a surrogate pair
        for column, name in enumerate(frame):
            if not _numeric(frame[name]):
                safe.isetitem(column, pd.Series([_safe(cell) for cell in frame[name]], frame.index, dtype=object))
        return safe.to_csv(index=False, lineterminator="\n").encode("utf-8", "backslashreplace")
    if fmt == "parquet":
        target = io.BytesIO()
        frame.to_parquet(target, index=False)
        return target.getvalue()
    raise unknown("E-EXPORT-FORMAT", f"A table cannot be saved as '{fmt}'.", ("csv", "parquet"))


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def _safe(cell: Any) -> Any:
    """Put ' before a text that a spreadsheet would run as a formula (OWASP, CSV injection); numbers are left alone."""
    return "'" + cell if isinstance(cell, str) and _FORMULA.match(cell) else cell


def original(cell: Any) -> Any:
    """Return what a cell of our CSV was before it was made safe: `original(_safe(x)) == x` for every text."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell
