"""The table under a figure as a file: CSV whose cells no spreadsheet runs, or Parquet, which keeps everything."""

import io

import pandas as pd

from probes.corpora.formulas import safe
from probes.export.names import unknown


def frame_bytes(frame: pd.DataFrame, fmt: str) -> bytes:
    """Return the table as UTF-8 CSV whose cells no spreadsheet runs, or as Parquet, which keeps types and texts."""
    if fmt == "csv":
        table = frame.rename(columns=safe).astype(object)  # objects: a column of str refuses half a surrogate pair
        for column, name in enumerate(frame):
            if not _numeric(frame[name]):
                table.isetitem(column, pd.Series([safe(cell) for cell in frame[name]], frame.index, dtype=object))
        # lines end as RFC 4180 has it; a cell with any part of such an end is put in quotes, as a bare "\r" must be
        return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8", "backslashreplace")
    if fmt == "parquet":
        target = io.BytesIO()
        frame.to_parquet(target, index=False)
        return target.getvalue()
    raise unknown("E-EXPORT-FORMAT", f"A table cannot be saved as '{fmt}'.", ("csv", "parquet"))


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))
