"""Small parallel corpora made by tests."""

import struct
from pathlib import Path

ENGLISH = ["The cat sleeps.", "A dog runs home.", "Rain falls on us.", "We eat good bread.", "Nobody came back."]
GERMAN = [
    "Die Katze schläft.",
    "Ein Hund läuft heim.",
    "Regen fällt auf uns.",
    "Wir essen Brot.",
    "Niemand kam zurück.",
]
RUSSIAN = ["Кошка спит.", "Собака бежит домой.", "На нас идёт дождь.", "Мы едим хлеб.", "Никто не вернулся."]
BY_CODE = {"eng_Latn": ENGLISH, "deu_Latn": GERMAN, "rus_Cyrl": RUSSIAN}


def line_files(folder: Path, ending: str = "devtest", **lines: list[str]) -> Path:
    """Write one file a language, FLORES' way."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, texts in (lines or BY_CODE).items():
        (folder / f"{name}.{ending}").write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return folder


def catalogue(*entries: str, charset: str = "UTF-8") -> str:
    """Return a .po file of entries, header first."""
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset={charset}\\n"\n'
    return "\n\n".join([head, *entries]) + "\n"


def entry(source: str, said: str, before: str = "") -> str:
    return f'{before}msgid "{source}"\nmsgstr "{said}"'


def binary(messages: dict[bytes, bytes], order: str = "<") -> bytes:
    """Return a .mo file, by the format's own description."""
    n, at = len(messages), 28 + 16 * len(messages)
    tables, texts = [b"", b""], b""
    for which, side in enumerate((list(messages), list(messages.values()))):
        for text in side:
            tables[which] += struct.pack(f"{order}2I", len(text), at + len(texts))
            texts += text + b"\0"
    magic = struct.pack(f"{order}I", 0x950412DE)
    return magic + struct.pack(f"{order}6I", 0, n, 28, 28 + 8 * n, 0, 0) + b"".join(tables) + texts
