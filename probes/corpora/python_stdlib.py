"""`python-stdlib`: the functions of the running interpreter's own library, without tests and installed packages."""

import os
import platform
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from probes.corpora import code_preview
from probes.corpora.previews import Preview
from probes.corpora.sampling import sampled
from probes.errors import StrataError
from probes.values import Text

NAME = "python-stdlib"
LANGUAGE = "python"
KEYS: dict[str, tuple[str, ...]] = {}
LEFT_OUT = frozenset({"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"})
"""Folders that are not the library: lib2to3's deliberately broken fixtures lie in its `tests`."""


def files() -> dict[str, Path]:
    """Return the library's source files by relative path; empty when the interpreter carries no sources."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        here = Path(folder)
        found.update(
            {(here / name).relative_to(root).as_posix(): here / name for name in names if name.endswith(".py")}
        )
    return found


def pin(name: str = NAME) -> str:
    """Return the name that means this interpreter's library and no other, `python-stdlib@3.11.7`; a pin stays."""
    return name if "@" in name else f"{NAME}@{platform.python_version()}"


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream the library; E-CORPUS-MOVED when `name` pins another interpreter's."""
    found = sources(name)
    if language not in (None, LANGUAGE):
        what = f"The corpus '{NAME}' has no {language}: it is {LANGUAGE}."
        raise StrataError("E-CORPUS-LANGUAGE", what, fix="Leave the language out, or name a folder: code:FOLDER.")
    return sampled(found, LANGUAGE, corpus=name, seed=seed, skipped=skipped)


def sources(name: str = NAME) -> dict[str, Path]:
    """Return the library's files; E-CORPUS-MOVED when `name` pins another interpreter's, E-CORPUS-EMPTY without any."""
    if name not in (NAME, pin()):
        raise StrataError(
            "E-CORPUS-MOVED",
            f"The corpus '{name}' is not the library of this interpreter, which is '{pin()}'.",
            fix=f"Run it with Python {name.partition('@')[2]}, or ask for '{NAME}' to use what is here now.",
        )
    found = files()
    if not found:
        why = f"There are no .py files under {sysconfig.get_paths()['stdlib']}."
        raise StrataError("E-CORPUS-EMPTY", f"The corpus '{NAME}' is empty.", why, "Name a folder: code:FOLDER.")
    return found


def preview(name: str, n: int) -> Preview:
    """Look at the functions of a sample of the library's files."""
    return code_preview.of_files(NAME, {LANGUAGE: sources()}, n=n)
