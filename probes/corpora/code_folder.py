"""`code:FOLDER`: the functions of any folder of source code.

Hidden folders, `node_modules`, virtual environments and every symbolic link are passed by: a link inside the folder
repeats what is there, one that leads out is not the folder's.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from probes.corpora import code_preview
from probes.corpora.grammars import LANGUAGES, grammar
from probes.corpora.previews import Preview
from probes.corpora.sampling import sampled
from probes.errors import StrataError, did_you_mean
from probes.store import confined
from probes.values import Text, digest_of

PREFIX = "code:"
KEYS: dict[str, tuple[str, ...]] = {}
"""The name of a folder holds no choices."""
LEFT_OUT = frozenset({"node_modules", "__pycache__", "site-packages"})
BY_EXTENSION = {extension: name for name, row in LANGUAGES.items() for extension in row.extensions}

Files = dict[str, dict[str, Path]]
"""Language to relative path to file."""


def split_pin(name: str) -> tuple[str, str]:
    """Return the folder and the fingerprint (or "") of `code:FOLDER` or `code:FOLDER@0123456789ab`."""
    folder = name.removeprefix(PREFIX)
    found = re.fullmatch(r"(.+)@([0-9a-f]{12})", folder)
    return (found[1], found[2]) if found and not Path(folder).is_dir() else (folder, "")


def files(name: str, *, most: int | None = None) -> tuple[Path, Files]:
    """Return the folder of a corpus name and its source files; says so when it is missing, a file or not readable.

    With `most`, files behind that many are not looked at.
    """
    given = split_pin(name)[0]
    root = confined(given) if given else Path()
    if not given or not root.is_dir():
        why = "A folder is wanted, and this is a file." if root.is_file() else "There is no such folder."
        fix = f"Try: {PREFIX}{root.parent}, or table:{root}" if root.is_file() else _sibling(root)
        raise StrataError("E-CORPUS-FOLDER", f"Cannot read '{name}'.", why if given else "No folder is named.", fix)
    found: Files = {}
    for path in islice(_walk(root), most):
        language = BY_EXTENSION.get(path.suffix.lower())
        if language:
            found.setdefault(language, {})[path.relative_to(root).as_posix()] = path
    return root, found


def _sibling(root: Path) -> str:
    try:
        near = did_you_mean(root.name, [entry.name for entry in root.parent.iterdir() if entry.is_dir()])
    except OSError:
        near = ""
    return near or f"Name an existing folder: {PREFIX}/path/to/repository."


def _walk(root: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        if error.filename == str(root):
            why = f"{error.strerror}."
            raise StrataError("E-CORPUS-FOLDER", f"Cannot read the folder '{root}'.", why, "Check its permissions.")

    for folder, folders, names in os.walk(root, onerror=refuse, followlinks=False):
        here = Path(folder)
        folders[:] = [
            f for f in folders if f not in LEFT_OUT and f[0] != "." and not (here / f / "pyvenv.cfg").exists()
        ]
        yield from (here / name for name in names if not (here / name).is_symlink())


def fingerprint(found: Files) -> str:
    """Return 12 hex digits over every source file's path, size and time of change."""
    facts = []
    for path, file in sorted((path, file) for part in found.values() for path, file in part.items()):
        state = file.stat()
        facts += [path, str(state.st_size), str(state.st_mtime_ns)]
    return digest_of(facts)[:12]


def pin(name: str) -> str:
    """Return `code:/absolute/FOLDER@fingerprint`; a name that has its fingerprint already comes back as it is."""
    if split_pin(name)[1]:
        return name
    root, found = files(name)
    return f"{PREFIX}{root}@{fingerprint(found)}"


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream the functions of one language of a folder; E-CORPUS-MOVED when the folder is not what the name pins."""
    if language is not None:
        grammar(language)
    root, found = files(name)
    pinned = split_pin(name)[1]
    if pinned and pinned != fingerprint(found):
        raise StrataError(
            "E-CORPUS-MOVED",
            f"The folder '{root}' has changed since it was named '{name}'.",
            f"Its source files now have the fingerprint {fingerprint(found)}.",
            f"Put the same files back, or ask for '{PREFIX}{root}' to use what is there now.",
        )
    chosen = _language(root, found, language)
    return sampled(found[chosen], chosen, corpus=name, seed=seed, skipped=skipped)


def _language(root: Path, found: Files, language: str | None) -> str:
    there = ", ".join(f"{name} ({len(found[name])} files)" for name in sorted(found, key=lambda n: -len(found[n])))
    if not found:
        why = f"Strata reads {', '.join(sorted(BY_EXTENSION))}."
        raise StrataError("E-CORPUS-EMPTY", f"The folder '{root}' holds no source file.", why, "Name another folder.")
    if language is None:
        if len(found) == 1:
            return next(iter(found))
        fix = f"Choose one, for instance language='{max(found, key=lambda n: len(found[n]))}'."
        raise StrataError("E-CORPUS-LANGUAGE", f"The folder '{root}' holds several languages: {there}.", fix=fix)
    if language not in found:
        raise StrataError("E-CORPUS-EMPTY", f"The folder '{root}' holds no {language} file.", f"There is: {there}.")
    return language


def preview(name: str, n: int) -> Preview:
    """Look at a folder: the languages in it, the functions of a sample of its files, what would be left out and why."""
    root, found = files(name, most=code_preview.MOST_FILES)
    if not found:
        _language(root, found, None)
    return code_preview.of_files(f"{PREFIX}{root}", found, n=n)
