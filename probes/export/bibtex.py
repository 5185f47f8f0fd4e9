"""The papers that methods rest on: `data/references.bib`, entry by entry."""

import re
from functools import cache
from pathlib import Path

from probes.errors import StrataError

FILE = Path(__file__).parents[2] / "data" / "references.bib"
_ENTRY = re.compile(r"^@\w+\{([a-z0-9-]+),\n.*?^\}\n", re.MULTILINE | re.DOTALL)
_CITED = re.compile(r"\[@([a-z0-9-]+)\]")


@cache
def entries() -> dict[str, str]:
    """Return every entry by its key, as it stands in the file."""
    return {found[1]: found[0] for found in _ENTRY.finditer(FILE.read_text("utf-8"))}


def cited(text: str) -> list[str]:
    """Return the keys cited as `[@key]`, each once, in the order of first mention; unknown ones are left out."""
    return [key for key in dict.fromkeys(_CITED.findall(text)) if key in entries()]


def bibliography(keys: list[str]) -> str:
    """Return the entries of these keys as one BibTeX file; raises StrataError E-CITE for a key that has none."""
    lost = [key for key in keys if key not in entries()]
    if lost:
        raise StrataError("E-CITE", f"There is no reference '{lost[0]}'.", fix=f"Add it to data/{FILE.name}.")
    return "\n".join(entries()[key] for key in sorted(set(keys)))
