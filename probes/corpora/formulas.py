"""Cells that a spreadsheet would run as a formula: a CSV of ours puts ' before them, and reading it takes that off."""

import re
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def safe(cell: Any) -> Any:
    """Put ' before a text that a spreadsheet would run as a formula (OWASP, CSV injection); numbers are left alone."""
    return "'" + cell if isinstance(cell, str) and _FORMULA.match(cell) else cell


def original(cell: Any) -> Any:
    """Return what a cell of our CSV was before it was made safe: `original(safe(x)) == x` for every text."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell
