"""A stream of functions in which every prefix is a fair sample of the files.

Files come in the order of a seeded hash of their relative paths and are parsed one at a time, only as far as the caller
reads; the same function in two files comes once; no file gives more than `PER_FILE`, chosen by hash of their content.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from probes.corpora.functions import DUPLICATE, NOT_ALONE, candidates, read_source, stands_alone
from probes.errors import StrataError
from probes.values import Text, digest_of

PER_FILE = 20
BEYOND = f"function beyond the {PER_FILE} of its file"


def sampled(
    files: Mapping[str, Path], language: str, *, corpus: str, seed: int, skipped: Counter[str] | None
) -> Iterator[Text]:
    """Yield the functions of `files` (by relative path); E-CORPUS-EMPTY at the end if there was none."""
    counts: Counter[str] = Counter() if skipped is None else skipped
    seen: set[str] = set()
    for name in sorted(files, key=lambda name: digest_of([str(seed), name])):
        code = read_source(files[name], counts)
        if code is not None:
            yield from _of_file(code, language, origin=printable(name), seed=seed, seen=seen, skipped=counts)
    if not seen:
        why = f"Read {len(files)} {language} files; left out: {dict(counts) or 'nothing'}."
        raise StrataError("E-CORPUS-EMPTY", f"The corpus '{corpus}' holds no function.", why, "Choose another folder.")


def _of_file(
    code: str, language: str, *, origin: str, seed: int, seen: set[str], skipped: Counter[str]
) -> Iterator[Text]:
    found = {}
    for text in candidates(code, language, path=origin, skipped=skipped):
        key = digest_of([str(seed), content(text.text)])
        if key in seen or key in found:
            skipped[DUPLICATE] += 1
        else:
            found[key] = text
    given = 0
    for key in sorted(found):
        if given == PER_FILE:
            skipped[BEYOND] += len(found) - PER_FILE
            return
        if stands_alone(found[key]):
            seen.add(key)
            given += 1
            yield found[key]
        else:
            skipped[NOT_ALONE] += 1


def content(code: str) -> str:
    """Return what makes two functions the same: their text, white space at line ends aside."""
    return "\n".join(line.rstrip() for line in code.strip().split("\n"))


def printable(name: str) -> str:
    """Return a file name that any encoding can write: bytes that were not UTF-8 are shown escaped."""
    return name.encode("utf-8", "backslashreplace").decode()
