"""Where folders may be read from: a path is judged before the disk is touched, and once more after links are followed.

`STRATA_ROOTS` lists the roots, separated as in `PATH`; without it they are the person's home, the current folder and
the folder for temporary files. The store is always one: uploads and converted weights lie in it. Whoever serves Strata
to others names one folder of models and corpora there.
"""

import os
import tempfile
from pathlib import Path

from probes.errors import StrataError
from probes.store.folders import home

LONGEST, LONGEST_PART = 4096, 255  # bytes: what the usual file systems take


def roots() -> tuple[Path, ...]:
    """Return the folders that models, adapters and corpora may lie in, absolute, in the order they were given."""
    if named := [part for part in os.environ.get("STRATA_ROOTS", "").split(os.pathsep) if part.strip()]:
        return tuple(dict.fromkeys([*(Path(part).expanduser().absolute() for part in named), home().absolute()]))
    usual = [Path("~"), Path(), home(), Path(tempfile.gettempdir())]
    found = [_expanded(path).absolute() for path in usual]
    # a service's home or working folder may be "/", which would confine nothing; only a person may name that
    return tuple(dict.fromkeys(path for path in found if path.parent != path))


def confined(path: str | Path) -> Path:
    """Return the path, absolute and with every link followed; raises StrataError when it is not inside a root.

    E-PATH refuses what is no path of this machine (a control character, another machine's share, an address, a part
    that ends in a dot or a blank), E-PATH-OUTSIDE what lies or leads outside the roots. It need not exist.
    """
    text = os.fspath(path)
    if why := _hostile(text):
        raise StrataError("E-PATH", f"{text[:80]!r} is not a path.", why, "Give a file or folder of this machine.")
    written = Path(os.path.normpath(_expanded(Path(text)).absolute()))
    allowed = roots()
    inside = [root for root in allowed if written.is_relative_to(os.path.normpath(root))]
    if not inside and not any(written.is_relative_to(root.resolve()) for root in allowed):
        raise _outside(text, "It is outside them.", allowed)
    try:
        real = written.resolve()
    except (OSError, RuntimeError) as error:
        raise StrataError("E-PATH", f"{text[:200]!r} cannot be followed.", f"{error}"[:200]) from error
    if not any(real.is_relative_to(root.resolve()) for root in allowed):
        raise _outside(text, "A link on the way leads outside them.", allowed)
    return real


def _hostile(text: str) -> str:
    """Say why a text is no path of this machine; empty when it may be one."""
    if not text.strip():
        return "It is empty."
    parts = text.replace("\\", "/").split("/")
    sizes = [len(part.encode(errors="surrogatepass")) for part in parts]
    if sum(sizes) + len(parts) > LONGEST or max(sizes) > LONGEST_PART or any(ord(c) < 32 for c in text):
        return "It is too long, or holds control characters."
    if any(0xD800 <= ord(c) < 0xE000 for c in text):
        return "It is not valid Unicode."
    if "://" in text or text.lower().startswith("file:"):
        return "It is an address."
    if text[:2] in {"//", "\\\\", "/\\", "\\/"}:
        return "It names another machine's share."
    if any(part != part.rstrip(". ") for part in parts if part not in {".", ".."}):
        return "A part of it ends in a dot or a blank, which some systems drop."
    return ""


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # nobody of that name, or a user without a home
        return path


def _outside(text: str, why: str, allowed: tuple[Path, ...]) -> StrataError:
    named = ", ".join(str(root) for root in allowed)
    return StrataError(
        "E-PATH-OUTSIDE",
        f"'{text[:200]}' may not be read: folders are read from {named}.",
        why,
        "Move it there, or name its folder in STRATA_ROOTS and start again.",
    )
