"""Many small files read quickly: each is read again only when it has changed."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
Stamp = tuple[int, int, int]


class Reader(Generic[T]):
    """Reads files with `read` (None for one that does not hold what it should), and remembers what it read.

    What is remembered is never more than what was listed last, so it does not outgrow the folder.
    """

    def __init__(self, read: Callable[[Path], T | None]) -> None:
        self.read = read
        self.known: dict[str, tuple[Stamp, T | None]] = {}

    def all(self, paths: Iterable[Path]) -> list[T]:
        """Return what the files hold, in their order; a file that is missing or cannot be read is left out."""
        seen: dict[str, tuple[Stamp, T | None]] = {}
        for path in paths:
            stamp = _stamp(path)
            if stamp is None:
                continue
            known = self.known.get(str(path))
            seen[str(path)] = known if known and known[0] == stamp else (stamp, self._read(path))
        self.known = seen  # one assignment: two sessions that list at once each leave something whole
        return [value for _, value in seen.values() if value is not None]

    def _read(self, path: Path) -> T | None:
        try:
            return self.read(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def listed(folder: Path, suffix: str = "") -> list[Path]:
    """Return the entries of a folder whose names end in `suffix`, hidden ones left out; none when there is none."""
    try:
        with os.scandir(folder) as entries:
            return [Path(e.path) for e in entries if e.name.endswith(suffix) and not e.name.startswith(".")]
    except OSError:
        return []
