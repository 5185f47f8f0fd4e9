"""Message catalogues of gettext, `.po` and `.mo`: read as data, without ever evaluating their plural formulas.

Returns messages by their id (context and source text). Plural messages, fuzzy (unsure) and empty translations are
counted and left out.
"""

import codecs
import re
import struct
from collections import Counter
from collections.abc import Iterator

from probes.errors import StrataError

LARGEST = 32 << 20
"""Bytes of one catalogue."""
PLURAL, FUZZY, UNTRANSLATED = "message with plural forms", "translation marked as unsure", "message not translated"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r'\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|[ntrabfv"\\])')
_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s*)?"((?:[^"\\]|\\.)*)"\s*')
_CHARSET = re.compile(rb"Content-Type:[^\n]*?charset=([A-Za-z0-9_.:-]{1,40})")
_MAGIC = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}

Message = tuple[str, str]
"""Context ("" for none) and source text."""


def read(data: bytes, name: str, left_out: Counter[str]) -> dict[Message, str]:
    """Return the translations of a catalogue; E-TABLE-FORMAT, naming the file, when it is broken."""
    if len(data) > LARGEST:
        raise _broken(name, f"It has {len(data):,} bytes; the limit is {LARGEST:,}.")
    return _mo(data, name, left_out) if data[:4] in _MAGIC else _po(data, name, left_out)


def _broken(name: str, why: str) -> StrataError:
    fix = "Check it with msgfmt -c, or leave it out."
    return StrataError("E-TABLE-FORMAT", f"'{name}' is no message catalogue that can be read.", why, fix)


def _decoded(data: bytes, charset: bytes, name: str) -> str:
    encoding = charset.decode("ascii") or "utf-8"
    try:
        return codecs.decode(data, "utf-8" if encoding.upper() == "CHARSET" else encoding)
    except (LookupError, UnicodeDecodeError, TypeError) as error:
        raise _broken(name, f"It says its text is {encoding}: {error}.") from error


def _charset(data: bytes) -> bytes:
    found = _CHARSET.search(data[:65_536])
    return found[1] if found else b""


# ---- .po -------------------------------------------------------------------------------------------------------------


def _po(data: bytes, name: str, left_out: Counter[str]) -> dict[Message, str]:
    found: dict[Message, str] = {}
    for entry, unsure in _entries(_decoded(data, _charset(data), name).removeprefix("\ufeff"), name):
        source, context = entry.get("msgid", ""), entry.get("msgctxt", "")
        if not source:
            continue  # the header
        if "msgid_plural" in entry:
            left_out[PLURAL] += 1
        elif unsure:
            left_out[FUZZY] += 1
        elif not entry.get("msgstr"):
            left_out[UNTRANSLATED] += 1
        else:
            found.setdefault((context, source), entry["msgstr"])
    return found


def _entries(text: str, name: str) -> Iterator[tuple[dict[str, str], bool]]:
    """Yield the fields of each entry, and whether it is marked as unsure; obsolete ones are comments."""
    entry: dict[str, list[str]] = {}
    key, unsure = "", False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            if entry and (not line or "msgstr" in key):
                yield {k: "".join(v) for k, v in entry.items()}, unsure
                entry, key, unsure = {}, "", False
            unsure = unsure or (line.startswith("#,") and "fuzzy" in line)
            continue
        found = _LINE.fullmatch(line)
        if found is None or not (found[1] or key):
            raise _broken(name, f"Line {number} is neither a comment nor a quoted text.")
        if found[1] in ("msgctxt", "msgid") and "msgstr" in key:  # a new entry without a blank line before it
            yield {k: "".join(v) for k, v in entry.items()}, unsure
            entry, unsure = {}, False
        key = found[1] or key
        entry.setdefault(key, []).append(_unescaped(found[2]))
    if entry:
        yield {k: "".join(v) for k, v in entry.items()}, unsure


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    said = found[1]
    if said in _ESCAPES:
        return _ESCAPES[said]
    return chr(int(said[1:], 16) if said[0] == "x" else int(said, 8))


# ---- .mo -------------------------------------------------------------------------------------------------------------


def _mo(data: bytes, name: str, left_out: Counter[str]) -> dict[Message, str]:
    """Read the binary form: a header, two tables of (length, offset), texts; every offset is checked."""
    order = _MAGIC[data[:4]]
    try:
        version, count, sources, translations = struct.unpack_from(f"{order}4I", data, 4)
        if version >> 16 > 1:
            raise _broken(name, f"Its format has version {version >> 16}.")
        pairs = [(_text(data, order, sources, i), _text(data, order, translations, i)) for i in range(count)]
    except struct.error as error:
        raise _broken(name, "It ends before its tables do.") from error
    charset = next((_charset(said) for source, said in pairs if not source), b"")
    found: dict[Message, str] = {}
    for source, said in pairs:
        if not source:
            continue
        if b"\0" in source:
            left_out[PLURAL] += 1
        elif not said:
            left_out[UNTRANSLATED] += 1
        else:
            context, mark, text = _decoded(source, charset, name).rpartition("\x04")
            found[context if mark else "", text] = _decoded(said, charset, name)
    return found


def _text(data: bytes, order: str, table: int, i: int) -> bytes:
    length, start = struct.unpack_from(f"{order}2I", data, table + 8 * i)
    if start + length > len(data):
        raise struct.error("a text lies behind the end")
    return data[start : start + length]
