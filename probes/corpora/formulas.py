"""Cells that a spreadsheet would run as a formula: a CSV of ours puts ' before them, and this takes it off again."""

import re
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def original(cell: Any) -> Any:
    """Return what a cell of our CSV was before it was made safe; `probes.export` has the other half."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell
