"""What a token is made of: the bytes it stands for, told from the tokenizer's own kind and never from guesses."""

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

BYTE_LEVEL = "byte-level BPE"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_PLAIN = [*range(33, 127), *range(161, 173), *range(174, 256)]
ALPHABET = {chr(byte): byte for byte in _PLAIN} | {
    chr(256 + i): byte for i, byte in enumerate(b for b in range(256) if b not in _PLAIN)
}
"""Character → the byte it stands for in a byte-level vocabulary (Radford et al., 2019): those with a
glyph stand for themselves, the others follow from U+0100 on."""


def kind_of(tokenizer: Any) -> str:
    """Name how a fast tokenizer cuts: WordPiece, Unigram, BPE, byte-level BPE, and whether bytes catch the rest."""
    backend = tokenizer.backend_tokenizer
    kind = type(backend.model).__name__
    if "ByteLevel" in f"{backend.pre_tokenizer}{backend.decoder}":
        return BYTE_LEVEL if kind == "BPE" else f"byte-level {kind}"
    return f"{kind} with byte fallback" if getattr(backend.model, "byte_fallback", False) else kind


def bytes_of(token: str, covered: str, *, byte_level: bool) -> bytes:
    """Return the bytes of the text that a token stands for; a token of no text has none.

    >>> bytes_of("Ġdef", " def", byte_level=True), bytes_of("<0xE2>", "€", byte_level=False)
    (b' def', b'\\xe2')
    """
    if found := _BYTE.fullmatch(token):
        return bytes([int(found[1], 16)]) if covered != token else token.encode()
    if byte_level and covered and all(character in ALPHABET for character in token):
        return bytes(ALPHABET[character] for character in token)
    return covered.encode("utf-8", "surrogatepass")


def table(tokenizer: Any, text: str) -> pd.DataFrame:
    """Return one row a token of the text: position, token, id, bytes, start, end, covers, added.

    `start` and `end` count characters of the text as it was given; `added` marks what the tokenizer puts around it.
    """
    whole = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
    ids, names = whole["input_ids"], tokenizer.convert_ids_to_tokens(whole["input_ids"])
    byte_level = kind_of(tokenizer).startswith("byte-level")
    added = [bool(flag) for flag in whole["special_tokens_mask"]]
    spans = [(0, 0) if special else span for span, special in zip(whole["offset_mapping"], added, strict=True)]
    covers = [text[start:end] for start, end in spans]
    given = set(tokenizer.get_added_vocab())  # these are written as they are, also in a byte-level vocabulary
    parts = [
        bytes_of(name, cover, byte_level=byte_level and name not in given)
        for name, cover in zip(names, covers, strict=True)
    ]
    return pd.DataFrame(
        {
            "position": range(len(ids)),
            "token": [str(name) for name in names],
            "id": [int(i) for i in ids],
            "bytes": [part.hex(" ") for part in parts],
            "start": [start for start, _ in spans],
            "end": [end for _, end in spans],
            "covers": covers,
            "added": added,
        }
    ).astype({"position": int, "id": int, "start": int, "end": int, "added": bool})


def aligned(tokens: pd.DataFrame, words: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Return the tokens with `word`, the first word each touches (-1: none), and `words`, how many it touches."""
    first, count = [], []
    at = 0
    for start, end in zip(tokens["start"], tokens["end"], strict=True):
        while at < len(words) and words[at][1] <= start:
            at += 1
        stop = at
        while stop < len(words) and words[stop][0] < end:
            stop += 1
        touched = stop - at if end > start else 0
        first.append(at if touched else -1)
        count.append(touched)
    return tokens.assign(word=first, words=count)


def cut(tokens: pd.DataFrame, words: Sequence[tuple[int, int]]) -> list[int]:
    """Return into how many tokens each word is cut, a token that reaches into it counted."""
    pieces = [0] * len(words)
    for first, count in zip(tokens["word"], tokens["words"], strict=True):
        for word in range(first, first + count):
            pieces[word] += 1
    return pieces
