"""What a file is, by its first bytes and only then by its name; what is no table is refused before it is read."""

import json
from pathlib import Path

from probes.errors import StrataError

SAMPLE = 1 << 20
"""Bytes looked at: enough to see an encoding and a separator, read in a moment."""
FORMATS = ("csv", "jsonl", "parquet", "txt")
BY_EXTENSION = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
    **dict.fromkeys((".txt", ".text", ".md"), "txt"),
}
_SAVE_AS = "Save it as CSV, JSONL, Parquet or plain text."
REFUSED = (
    (b"PK\x03\x04", "a zip archive (Excel, Word and NumPy files are zips too)", "Unpack it, or save the sheet as CSV."),
    (b"PK\x05\x06", "an empty zip archive", "Pack something into it."),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it first: gunzip FILE."),
    (b"BZh", "compressed with bzip2", "Unpack it first: bunzip2 FILE."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Unpack it first: unxz FILE."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first: unzstd FILE."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"%PDF", "a PDF", "Save its text as a .txt file."),
    (b"\xd0\xcf\x11\xe0", "an old Office file", "Save the sheet as CSV."),
    (b"SQLite format 3\x00", "a SQLite database", "Export the table as CSV."),
    (b"ARROW1", "an Arrow file", "Save it as Parquet."),
    (b"FEA1", "a Feather file", "Save it as Parquet."),
    (b"\x93NUMPY", "a NumPy array", _SAVE_AS),
    (b"\x89HDF", "an HDF5 file", _SAVE_AS),
    (b"\x89PNG", "a picture", _SAVE_AS),
    (b"\xff\xd8\xff", "a picture", _SAVE_AS),
    (b"GIF8", "a picture", _SAVE_AS),
    (b"\x7fELF", "a program", _SAVE_AS),
    (b"Obj\x01", "an Avro file", _SAVE_AS),
    (b"ORC", "an ORC file", "Save it as Parquet."),
    *((b"\x80" + bytes([protocol]), "a Python pickle, which is never opened", _SAVE_AS) for protocol in range(2, 6)),
)
"""First bytes, what they mean, and what to do."""


def refuse(data: bytes, name: str) -> None:
    """Raise E-TABLE-FORMAT when a file that starts with `data` is no table at all."""
    for magic, what, fix in REFUSED:
        # three letters of a heading are no proof of an ORC file: a binary one has NUL bytes soon
        if data.startswith(magic) and (len(magic) > 3 or not magic.isascii() or b"\0" in data[:4096]):
            raise StrataError("E-TABLE-FORMAT", f"'{name}' is {what}.", "Its first bytes say so.", fix)


def format_of(data: bytes, name: str, text: str) -> str:
    """Return which of FORMATS a file is: `data` its first bytes, `text` the same decoded."""
    if data.startswith(b"PAR1"):
        return "parquet"
    extension = Path(name).suffix.lower()
    if extension in (".parquet", ".pq"):
        fix = "Write it again; a Parquet file starts and ends with PAR1."
        raise StrataError("E-TABLE-FORMAT", f"'{name}' is no Parquet file.", "Its first bytes say so.", fix)
    if extension == ".txt":
        return "txt"
    if _is_object(text):
        return "jsonl"
    return BY_EXTENSION.get(extension) or ("csv" if any(sep in text[:4096] for sep in ",;\t|") else "txt")


def _is_object(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first.startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
