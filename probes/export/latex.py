"""The table under a figure as LaTeX (booktabs): headings in words, numbers as precise as their uncertainty."""

import math
from typing import Any

import numpy as np
import pandas as pd

from probes.errors import StrataError
from probes.export.tex_text import PREAMBLE, tex

MOST_ROWS = 1_000
"""A longer table is data, not something to print."""
_PAGE = 45  # rows that stand on one page; longer tables break across pages
_NEEDS = r"% In the document's preamble: \usepackage{booktabs}"


def table(frame: pd.DataFrame, *, caption: str, label: str) -> str:
    """Return the frame as a table environment, or as a longtable when it is longer than a page.

    A column before `low` and `high` is rounded, with them, to the first digit in doubt (the second when the first is
    1); other numbers to three significant digits. Raises StrataError E-EXPORT-LONG above 1,000 rows.
    """
    if len(frame) > MOST_ROWS:
        raise StrataError(
            "E-EXPORT-LONG",
            f"A table of {len(frame):,} rows cannot be printed.",
            f"At most {MOST_ROWS:,} can.",
            "Save it as CSV or Parquet.",
        )
    places = _places(frame)
    columns = [_cells(frame.iloc[:, i], places[i]) for i in range(frame.shape[1])]
    rows = [" & ".join(cells) + r" \\" for cells in zip(*columns, strict=True)]
    head = " & ".join(tex(heading(str(name))) for name in frame.columns) + r" \\"
    spec = "".join("r" if _number(frame.iloc[:, i]) else "l" for i in range(frame.shape[1]))
    build = _long if len(rows) > _PAGE else _short
    return "\n".join([*build(spec, head, rows, rf"\caption{{{tex(caption)}}}\label{{{label}}}"), ""])


def _short(spec: str, head: str, rows: list[str], caption: str) -> list[str]:
    body = [rf"\begin{{tabular}}{{{spec}}}", r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}"]
    start = [_NEEDS, PREAMBLE, r"\begin{table}[t]", r"\centering\footnotesize\setlength{\tabcolsep}{4pt}"]
    return [*start, *body, caption, r"\end{table}"]


def _long(spec: str, head: str, rows: list[str], caption: str) -> list[str]:
    again = [r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endlastfoot"]
    begin = [
        f"{_NEEDS} and \\usepackage{{longtable}}",
        PREAMBLE,
        r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}",
    ]
    top = [rf"\begin{{longtable}}{{{spec}}}", caption + r" \\", r"\toprule", head, r"\midrule", r"\endfirsthead"]
    return [*begin, *top, *again, *rows, r"\end{longtable}", r"\endgroup"]


def heading(name: str) -> str:
    """Return a column's name in words: `valid_f1` is "Valid F1".

    >>> heading("valid_f1"), heading("layer"), heading("n")
    ('Valid F1', 'Layer', 'n')
    """
    words = [
        word.upper() if word in ("f1", "x", "y", "x2", "y2") and len(word) > 1 else word for word in name.split("_")
    ]
    text = " ".join(word for word in words if word)
    return text[:1].upper() + text[1:] if len(text) > 1 else text


def _number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _places(frame: pd.DataFrame) -> list[int | None]:
    """Return each column's decimals; None for whole numbers, texts and what needs an exponent."""
    places = [_own_places(frame.iloc[:, i]) for i in range(frame.shape[1])]
    names = list(frame.columns)
    if "low" in names and "high" in names and _number(frame["low"]) and _number(frame["high"]):
        half = ((frame["high"] - frame["low"]).astype(float) / 2).replace([np.inf, -np.inf], np.nan).median()
        if half > 0:
            digits = _digits_of(half)
            estimate = next((i for i in range(names.index("low") - 1, -1, -1) if _number(frame.iloc[:, i])), None)
            for i in (estimate, names.index("low"), names.index("high")):
                if i is not None and pd.api.types.is_float_dtype(frame.iloc[:, i]):
                    places[i] = digits
    return places


def _digits_of(half: float) -> int:
    """Return the decimals that an uncertainty leaves standing: 0.03 → 2, 0.012 → 3."""
    power = math.floor(math.log10(half))
    first = round(half / 10**power, 6)
    return min(max(-power + (1 if first < 2 else 0), 0), 12)


def _own_places(column: pd.Series) -> int | None:
    if not pd.api.types.is_float_dtype(column):
        return None
    finite = column[np.isfinite(column.astype(float))].abs()
    top = float(finite.max()) if len(finite) else 0.0
    if top == 0.0:
        return 1
    power = math.floor(math.log10(top))
    return None if power < -4 or power > 6 else max(2 - power, 0)


def _cells(column: pd.Series, places: int | None) -> list[str]:
    return [_cell(value, places) for value in column.tolist()]


def _cell(value: Any, places: int | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return r"\textendash{}"
    if isinstance(value, int):
        return f"${value}$" if value < 0 else str(value)
    if not isinstance(value, float):
        return tex(value)
    if math.isinf(value):
        return r"$\infty$" if value > 0 else r"$-\infty$"
    if places is None and value:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return rf"${mantissa} \times 10^{{{int(power)}}}$"
    text = f"{value:.{places or 0}f}"
    return f"${text}$" if text.startswith("-") else text
