"""Where corpora may be read from: the one door through which a path of somebody's becomes a path of this machine."""

import os
from pathlib import Path

from probes.errors import StrataError
from probes.store import home


def confined(path: str | Path) -> Path:
    """Return the path, absolute and with every link followed; E-PATH, or E-PATH-OUTSIDE when no root holds it.

    `STRATA_ROOTS` lists the roots, separated as in `PATH`; the store is always one. It need not exist.
    """
    text = os.fspath(path)
    if not text.strip() or any(ord(c) < 32 for c in text) or "://" in text or text[:2] in ("//", "\\\\"):
        fix = "Give a file or folder of this machine."
        raise StrataError("E-PATH", f"{text[:80]!r} is not a path of this machine.", fix=fix)
    real = Path(text).expanduser().resolve()
    named = [Path(part).expanduser().resolve() for part in os.environ.get("STRATA_ROOTS", "").split(os.pathsep) if part]
    if named and not any(real.is_relative_to(root) for root in (*named, home().resolve())):
        why = f"Folders are read from {', '.join(map(str, named))}."
        fix = "Move it there, or name its folder in STRATA_ROOTS and start again."
        raise StrataError("E-PATH-OUTSIDE", f"'{text[:200]}' may not be read.", why, fix)
    return real
