"""Files somebody uploads: kept under the store by the digest of their bytes, under a name that no system trips over."""

import hashlib
import io
import os
import re
import unicodedata
from pathlib import Path
from typing import BinaryIO

from probes.corpora.code_folder import BY_EXTENSION
from probes.corpora.kinds import ARRAYS, of_suffix
from probes.corpora.names import Name
from probes.corpora.sniff import SAMPLE, refuse
from probes.errors import StrataError
from probes.store import home, writing
from probes.store.folders import MANIFEST, write_entry

LARGEST = 50 << 20
"""Bytes of one upload: it passes through memory. A larger file is read where it lies, by its path."""
LONGEST_NAME = 80
_RESERVED = {"con", "prn", "aux", "nul", "manifest", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}
"""Names Windows keeps for devices, and the one of the store's own file beside it."""


def keep(name: str, data: bytes | BinaryIO) -> str:
    """Store an upload and return the corpus name that reads it: `table:`, `code:` for source, `parallel:` for TMX,
    `matrix:` for arrays.

    The same file under the same name is stored once. E-UPLOAD-LARGE before it is read, E-TABLE-FORMAT for an archive, a
    pickle or anything else that is no table, judged by its bytes and not its name.
    """
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    safe = safe_name(name)
    if size > LARGEST:
        raise StrataError(
            "E-UPLOAD-LARGE",
            f"'{safe}' has {size / 2**20:,.0f} MB.",
            f"An upload may have {LARGEST >> 20} MB: it passes through memory.",
            "Put the file on this machine and name its path: table:/path/to/file.",
        )
    if not size:
        raise StrataError("E-CORPUS-EMPTY", f"'{safe}' is empty.", "It holds no text.", "Choose another file.")
    if Path(safe).suffix.lower() not in ARRAYS:  # those are judged when they are opened, and never unpickled
        refuse(source.read(SAMPLE), safe)
    source.seek(0)
    whole = source.read()
    place = home() / "uploads" / hashlib.sha256(safe.encode() + b"\0" + whole).hexdigest()[:32]
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (place / safe).is_file():
            write_entry(place, {safe: whole})  # into a folder of mode 0700, so the mode below comes in time
        (place / safe).chmod(0o600)
    return _name_of((place / safe).resolve())


def kept() -> list[str]:
    """Return the corpus names of the files kept here, the newest first."""
    try:
        folders = [entry for entry in (home() / "uploads").iterdir() if re.fullmatch("[0-9a-f]{32}", entry.name)]
        found = [path for folder in folders for path in folder.iterdir() if path.name != MANIFEST]
    except OSError:
        return []
    return [_name_of(path.resolve()) for path in sorted(found, key=lambda path: -path.stat().st_mtime)]


def _name_of(path: Path) -> str:
    if path.suffix.lower() in BY_EXTENSION:
        return f"code:{path.parent}"
    return str(Name(of_suffix(path.suffix), os.fspath(path)))


def safe_name(name: str) -> str:
    """Return a file name of letters, digits, `.`, `-` and `_`, of bounded length, that is no path and no device.

    >>> safe_name("../../x.py"), safe_name("con"), safe_name("Größe 1.csv")
    ('x.py', 'file_con', 'Größe_1.csv')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(c if c.isalnum() or c in "._-" else "_" for c in last).rstrip("._")
    found = re.search(r"\.[A-Za-z0-9]{1,10}$", plain)
    extension = found[0] if found else ""
    kept = plain.removesuffix(extension).strip("._")
    stem = _cut(kept, LONGEST_NAME - len(extension)) or "upload"
    return f"file_{stem}{extension}" if stem.split(".")[0].lower() in _RESERVED else stem + extension


def _cut(text: str, length: int) -> str:
    """Return as much of a text as stays under twice `length` bytes too: file systems count bytes."""
    text = text[:length]
    while len(text.encode("utf-8", "replace")) > 2 * length:
        text = text[:-1]
    return text.strip("._")
