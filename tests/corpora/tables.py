"""Read a table corpus the way a test wants it: by the rows' numbers, and its refusal."""

from collections import Counter
from pathlib import Path

import pytest

from probes import corpora
from probes.corpora.names import Name
from probes.corpora.table_file import KEYS
from probes.errors import StrataError


def name_of(path: Path, labels: tuple[str, ...] = (), **choices: str) -> str:
    """Return the name of a table, its choices written as any name writes them."""
    return str(Name("table", str(path)).with_choices(KEYS, choices, labels=labels))


def numbered(name: str, *, language: str | None = None, skipped: Counter[str] | None = None) -> dict[int, str]:
    """Return the texts of a corpus by the number of their row."""
    return {
        int(text.origin.rpartition(":")[2]): text.text
        for text in corpora.stream(name, language=language, skipped=skipped)
    }


def texts(name: str) -> list[str]:
    """Return the texts of a corpus in the file's order."""
    return [text for _, text in sorted(numbered(name).items())]


def refusal(name: str, *, language: str | None = None) -> StrataError:
    """Return the refusal that reading the corpus ends in."""
    with pytest.raises(StrataError) as caught:
        list(corpora.stream(name, language=language))
    return caught.value
