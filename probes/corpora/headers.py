"""`headers`: C and C++ functions, on every machine: those in the header files that installed packages carry.

A header of torch is C++ and one of numpy is C, though both end in `.h`: a package says what its headers are. Nothing is
imported and nothing compiled.
"""

import sysconfig
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from probes.corpora import code_preview
from probes.corpora.previews import Preview
from probes.corpora.sampling import sampled
from probes.errors import StrataError
from probes.values import Text, digest_of

NAME = "headers"
KEYS: dict[str, tuple[str, ...]] = {}
PACKAGES = {"c": ("numpy", "numba"), "cpp": ("torch", "pyarrow")}
"""Packages that Strata runs on, by the language of their headers; C has the interpreter's own besides."""
EXTENSIONS = frozenset({".h", ".hpp"})


def files(language: str) -> dict[str, Path]:
    """Return the header files of a language by package and relative path; empty when no package has any."""
    roots = {package: _root(package) for package in PACKAGES[language]}
    if language == "c":
        roots["python"] = Path(sysconfig.get_paths()["include"])
    return {
        f"{package}/{path.relative_to(root).as_posix()}": path
        for package, root in roots.items()
        if root is not None
        for path in sorted(root.rglob("*"))
        if path.suffix in EXTENSIONS
    }


def _root(package: str) -> Path | None:
    """Return where a package lies, without importing it; None when it is not installed."""
    found = find_spec(package)
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else None


def pin(name: str = NAME) -> str:
    """Return the name that means the releases installed here, `headers@0123456789ab`; a pin stays."""
    return name if "@" in name else f"{NAME}@{digest_of(_releases())[:12]}"


def _releases() -> list[str]:
    packages = [package for row in PACKAGES.values() for package in row if _root(package)]
    return [sysconfig.get_python_version(), *(f"{package} {metadata.version(package)}" for package in packages)]


def stream(name: str, *, language: str | None, seed: int, skipped: Counter[str] | None) -> Iterator[Text]:
    """Stream the functions of one of the two languages; E-CORPUS-MOVED when `name` pins other releases."""
    _same(name)
    if language not in PACKAGES:
        had = f"has no {language}" if language else "holds two languages"
        what = f"The corpus '{NAME}' {had}: it is {' and '.join(PACKAGES)}."
        raise StrataError("E-CORPUS-LANGUAGE", what, fix="Choose language='c' or language='cpp'.")
    found = files(language)
    if not found:
        what, why = f"The corpus '{NAME}' has no {language}.", f"No header of {', '.join(PACKAGES[language])} is here."
        raise StrataError("E-CORPUS-EMPTY", what, why, "Name a folder: code:FOLDER.")
    return sampled(found, language, corpus=name, seed=seed, skipped=skipped)


def _same(name: str) -> None:
    if name not in (NAME, pin()):
        raise StrataError(
            "E-CORPUS-MOVED",
            f"The corpus '{name}' is of other releases than are installed here, which are '{pin()}'.",
            f"Here: {', '.join(_releases())}.",
            f"Ask for '{NAME}' to use what is here now.",
        )


def preview(name: str, n: int) -> Preview:
    """Look at the functions of a sample of the headers of both languages."""
    _same(name)
    return code_preview.of_files(NAME, {language: files(language) for language in PACKAGES}, n=n)
