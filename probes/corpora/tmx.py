"""TMX, the exchange format of translation memories: read as a stream of units, and never as more XML than that.

Entities are how a small XML file becomes gigabytes, or reads another file: a document that declares one is refused.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from probes.corpora.rows import LARGEST_CELL, too_large
from probes.errors import StrataError

MOST_UNITS = 200_000
_CHUNK = 1 << 20
_SKIPPED = frozenset({"bpt", "ept", "it", "ph", "ut"})
"""Elements inside a segment that hold markup of the original, not words."""


@dataclass
class Units:
    """What was read so far: for each language, the segment of each unit."""

    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    count: int = 0
    unit: str = ""
    language: str = ""
    parts: list[str] | None = None
    length: int = 0
    skipping: int = 0
    root: str = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        self.root = self.root or name
        if name == "tu":
            self.count += 1
            self.unit = attributes.get("tuid") or str(self.count)
        elif name == "tuv":
            self.language = attributes.get("xml:lang") or attributes.get("lang") or ""
        elif name == "seg":
            self.parts, self.length = [], 0
        elif name in _SKIPPED and self.parts is not None:
            self.skipping += 1

    def data(self, text: str) -> None:
        """Take characters."""
        if self.parts is not None and not self.skipping:
            self.parts.append(text)
            self.length += len(text)

    def end(self, name: str) -> None:
        """Take the end of an element; a segment's text becomes its unit's in its language."""
        if name == "seg" and self.parts is not None:
            if self.language:
                self.texts.setdefault(self.language, {})[self.unit] = " ".join("".join(self.parts).split())
            self.parts = None
        elif name in _SKIPPED and self.skipping:
            self.skipping -= 1


def read(path: Path, shown: str) -> Units:
    """Read a TMX file; E-TABLE-FORMAT for what is none, is not well-formed or declares entities; E-TABLE-LIMIT."""
    units = Units()
    parser = _parser(units, shown)
    try:
        with path.open("rb") as source:
            while chunk := source.read(_CHUNK):
                parser.Parse(chunk, False)
                if units.count > MOST_UNITS or units.length > LARGEST_CELL:
                    limit = f"{MOST_UNITS:,} units, and {LARGEST_CELL:,} characters a segment"
                    raise too_large(f"'{shown}' is beyond what is read.", limit, "Cut it into several files.")
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        why = f"It is not well-formed: {expat.ErrorString(error.code)} (line {error.lineno})."
        raise StrataError("E-TABLE-FORMAT", f"'{shown}' cannot be read as TMX.", why, "Export it again.") from error
    if units.root != "tmx":
        fix = "Name a .tmx file, or a table."
        raise StrataError("E-TABLE-FORMAT", f"'{shown}' is XML, but no TMX: its root is '{units.root[:40]}'.", fix=fix)
    return units


def _parser(units: Units, shown: str) -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: Any) -> Any:
        why = "An entity can make a small file unpack without end, or read another one."
        fix = "Export it again without a document type that declares entities."
        raise StrataError("E-TABLE-FORMAT", f"'{shown}' declares XML entities.", why, fix)

    parser.StartElementHandler = units.start
    parser.EndElementHandler = units.end
    parser.CharacterDataHandler = units.data
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.UnparsedEntityDeclHandler = refuse
    return parser
