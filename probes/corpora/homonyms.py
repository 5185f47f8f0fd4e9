"""`homonyms`: twelve English words of two senses each, in six sentences a sense, written for Strata.

Each word stands once in its sentence, as it is written in the column `word`; `sense` names the sense, and `living` says
whether it is a living being, which one sense of every word is and the other is not.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from probes.corpora import previews, table_file
from probes.corpora.delimited import open_delimited
from probes.corpora.names import Keys, Name
from probes.corpora.previews import Preview
from probes.corpora.rows import Row, Table
from probes.errors import StrataError
from probes.values import Text

NAME = "homonyms"
KEYS: Keys = {}
FILE = Path(__file__).parents[2] / "data" / "samples" / "homonyms.csv"
LABELS = ("word", "sense", "living")


def pin(name: str = NAME) -> str:
    """Return the name that means the sentences as they are here, `homonyms@0123456789ab`; a pin stays."""
    return name if "@" in name else f"{NAME}@{table_file.digest(FILE)}"


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream the sentences in an order drawn by `seed`; E-CORPUS-MOVED when `name` pins others."""
    _same(name)
    if language not in (None, "en"):
        what = f"The corpus '{NAME}' has no {language}: its sentences are English."
        raise StrataError("E-CORPUS-LANGUAGE", what, fix="Leave the language out.")
    rows = [row for row in _table().read((0, 1, 2, 3)) if isinstance(row, Row)]
    return (_text(rows[i]) for i in np.random.default_rng(seed).permutation(len(rows)))


def preview(name: str, n: int) -> Preview:
    """Look at the first sentences."""
    _same(name)
    asked = Name("table", NAME, (("text", "text"), *(("label", label) for label in LABELS)))
    return previews.of_table(asked, _table(), NAME, n=n, keys=table_file.KEYS)


def _text(row: Row) -> Text:
    text, *labels = row.cells
    return Text(text, "en", f"{NAME}:{row.number}", tuple(zip(LABELS, labels, strict=True)))


def _table() -> Table:
    size = FILE.stat().st_size
    return open_delimited(FILE, FILE.read_text("utf-8"), size, encoding="utf-8", sep=",", header="yes")


def _same(name: str) -> None:
    if name not in (NAME, pin()):
        raise StrataError(
            "E-CORPUS-MOVED",
            f"The corpus '{name}' holds other sentences than are here, which are '{pin()}'.",
            fix=f"Ask for '{NAME}' to use what is here now.",
        )
