"""`flores:FOLDER` and `bible:FOLDER`: one file a language, sentence by sentence the same.

FLORES-200 and its relatives: `eng_Latn.devtest`, `deu_Latn.txt`, …; a line of one translates the same line of another.
The Parallel Bible Corpus has such files too, or lines `VERSE<tab>text` under comments, in which verses are known by
their number. What stands before the first dot of a file's name is its language.
"""

import os
import re
from collections import defaultdict
from pathlib import Path

from probes.corpora.encodings import flaw, guess, known, lines
from probes.corpora.names import Keys, Name
from probes.corpora.parallel_reader import BROKEN, ParallelReader
from probes.corpora.rows import too_large
from probes.corpora.sampling import printable
from probes.corpora.sniff import SAMPLE, refuse
from probes.corpora.versions import Versions
from probes.errors import StrataError, did_you_mean
from probes.store import confined

KEYS: Keys = {"split": (), "encoding": ()}
MOST_LINES = 200_000
"""Lines of one language that are read: all languages are held at once."""
SPLITS = ("devtest", "dev", "txt", "test")
"""Endings of file names, or subfolders, the first of which is taken when a folder has several."""
_CODE = re.compile(r"[A-Za-z]{2,8}(?:[_-][A-Za-z0-9]{1,8})*")
_VERSE = re.compile(r"(\d{6,10})\t(.*)", re.DOTALL)


def folder_of(asked: Name, example: str) -> Path:
    """Return the folder a name means; E-CORPUS-FOLDER when there is none."""
    root = confined(asked.place)
    if root.is_dir():
        return root
    fix = f"Name an existing folder: {example}."
    why = "It is a file." if root.is_file() else "There is no such folder."
    raise StrataError("E-CORPUS-FOLDER", f"There is no folder '{asked.place[:200]}'.", why, fix)


def files_of(root: Path, split: str) -> dict[str, Path]:
    """Return the file of each language; E-CORPUS-EMPTY, or E-CORPUS-NAME when the split is not there."""
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for folder in (root, *(root / name for name in SPLITS)):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            language, _, ending = path.name.partition(".")
            if _CODE.fullmatch(language) and path.is_file() and not path.is_symlink():
                found[folder.name if folder != root else ending or "none"].setdefault(language, path)
    kinds = {name: files for name, files in found.items() if len(files) > 1}
    if not kinds:
        raise StrataError(
            "E-CORPUS-EMPTY",
            f"The folder '{printable(root.name)}' holds no two files named after languages.",
            "Each language is a file, called by its code: eng_Latn.devtest, deu_Latn.devtest, …",
            "Name another folder.",
        )
    if split and split not in kinds:
        why = f"{did_you_mean(split, list(kinds))}There are: {', '.join(kinds)}."
        raise StrataError("E-CORPUS-NAME", f"There is no split '{split[:60]}' in '{printable(root.name)}'.", why)
    usual = next((name for name in SPLITS if name in kinds), max(kinds, key=lambda name: len(kinds[name])))
    return kinds[split or usual]


def _lines(path: Path, asked: Name, left_out: dict[str, int]) -> list[str]:
    with path.open("rb") as source:
        data = source.read(SAMPLE)
    refuse(data, printable(path.name))
    kept: list[str] = []
    encoding = known(asked.get("encoding")) if asked.get("encoding") else guess(data)
    for line in lines(path, encoding):
        if len(kept) == MOST_LINES:
            what, fix = f"'{printable(path.name)}' has more lines than are read.", "Name a shorter file."
            raise too_large(what, f"{MOST_LINES:,} lines a language", fix)
        text = line.strip()
        if flaw(text, encoding):
            left_out[BROKEN] = left_out.get(BROKEN, 0) + 1
            text = ""
        kept.append(text)
    return kept


def _read(asked: Name, example: str) -> tuple[str, dict[str, list[str]], dict[str, int]]:
    root = folder_of(asked, example)
    left_out: dict[str, int] = {}
    found = {name: _lines(path, asked, left_out) for name, path in files_of(root, asked.get("split")).items()}
    return printable(root.name), found, left_out


def flores(asked: Name) -> Versions:
    """Read line-parallel files."""
    title, found, left_out = _read(asked, "flores:/path/to/flores200_dataset")
    texts = {name: {str(i): text for i, text in enumerate(whole, 1)} for name, whole in found.items()}
    return Versions(title, texts, by_line=True, left_out=left_out)


def bible(asked: Name) -> Versions:
    """Read verses by their numbers where every file has them, else line by line."""
    title, found, left_out = _read(asked, "bible:/path/to/verses")
    verses = {name: [v for line in whole if (v := _VERSE.fullmatch(line))] for name, whole in found.items()}
    if not all(verses.values()):
        texts = {name: {str(i): text for i, text in enumerate(whole, 1)} for name, whole in found.items()}
        return Versions(title, texts, by_line=True, left_out=left_out)
    numbered = {name: {v[1]: v[2].strip() for v in each} for name, each in verses.items()}
    other = sum(bool(line) and line[0] != "#" for whole in found.values() for line in whole)
    other -= sum(len(each) for each in verses.values())
    if other:
        left_out["line that is no verse"] = other
    return Versions(title, numbered, left_out=left_out)


def _place(asked: Name) -> str:
    return os.fspath(confined(asked.place))


FLORES = ParallelReader(KEYS, flores, _place)
BIBLE = ParallelReader(KEYS, bible, _place)
