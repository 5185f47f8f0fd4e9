"""Which characters a file's bytes stand for: told by its mark, seen in its bytes, or guessed; and lines out of it."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from probes.corpora.rows import LARGEST_CELL, too_large
from probes.errors import StrataError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LIKELY = (
    "cp1251",
    "cp1253",
    "koi8_r",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "big5",
    "euc_kr",
)
"""What files that are neither Unicode nor Western are written in: a guess among all there are takes an exotic one."""
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")
"""Bytes that cp1252 has no character for."""
_GUESSED_FROM = 64 << 10
_WESTERN = 0.3
"""The share of letters beyond ASCII up to which a text is taken for a Western one: it has few é, not а or 日."""


def guess(sample: bytes) -> str:
    """Return the encoding of a file's first bytes by the name Python knows it by."""
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name
    wide = _wide(sample)
    if wide:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # a character cut in two at the end is no error
        return "utf-8"
    except UnicodeDecodeError:
        pass
    if b"\0" not in sample and _foreign(sample) > _WESTERN:
        start = max(0, next(i for i, byte in enumerate(sample) if byte > 127) - _GUESSED_FROM // 2)
        best = from_bytes(sample[start : start + _GUESSED_FROM], cp_isolation=list(LIKELY)).best()
        if best is not None:
            return best.encoding
    return "latin-1" if _UNDEFINED & set(sample) else "cp1252"


def _foreign(sample: bytes) -> float:
    """Return the share of bytes beyond ASCII among what may be letters."""
    beyond = sum(byte > 127 for byte in sample[:_GUESSED_FROM])
    letters = sum(chr(byte).isalpha() for byte in sample[:_GUESSED_FROM] if byte < 128)
    return beyond / max(1, beyond + letters)


def _wide(sample: bytes) -> str:
    """Recognise UTF-16 without a mark: every second byte of most Western texts is 0."""
    if len(sample) < 4:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.5 and even < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.5 and odd < half * 0.05 else ""


def known(encoding: str) -> str:
    """Return an encoding that Python can read text in; E-TABLE-ENCODING for any other word."""
    try:
        codec = codecs.lookup(encoding)
        "".encode(encoding)  # base64 and its like are codecs too, but not of text
    except (LookupError, ValueError):
        fix = "Name another: utf-8, utf-16, cp1252, latin-1, shift_jis, gb18030."
        raise StrataError("E-TABLE-ENCODING", f"There is no encoding '{encoding[:60]}'.", fix=fix) from None
    return codec.name


def lines(path: Path, encoding: str) -> Iterator[str]:
    """Yield a file's lines with their ends; a byte that is no character becomes half a surrogate pair, U+DC80 and on.

    So a wrong byte spoils its own row and no other: whoever reads the row sees it and can say its number.
    """
    wide = encoding.replace("_", "-").startswith(("utf-16", "utf-32"))
    done = 0
    try:
        with path.open(encoding=encoding, errors="surrogatepass" if wide else "surrogateescape", newline="") as source:
            while line := source.readline(LARGEST_CELL + 1):
                done += 1
                if len(line) > LARGEST_CELL:
                    fix = "Break the line up, or leave the cell out."
                    raise too_large(f"Line {done} of '{path.name}' does not end.", f"{LARGEST_CELL:,} characters", fix)
                yield line.removeprefix("\ufeff") if done == 1 else line
    except UnicodeDecodeError as error:
        why = f"It stops being so after line {done}: {error.reason}."
        fix = "Name its encoding: encoding=utf-8, encoding=cp1252 …"
        raise StrataError("E-TABLE-ENCODING", f"'{path.name}' is not in {encoding}.", why, fix) from error


def flaw(text: str, encoding: str) -> str:
    """Say what keeps a text from being text: a byte its encoding has no character for; empty when nothing does."""
    if text.isascii():
        return ""
    for character in text:
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF and not encoding.startswith("utf-16"):
            return f"byte 0x{code - 0xDC00:02X} is not {encoding or 'text'}"
        if 0xD800 <= code <= 0xDFFF:
            return f"half a character (U+{code:04X})"
    return ""
