"""Runs thrown away: the folder of one run moves out of the history, can be put back for a week, and is then gone.

Only the run's own folder and journal move. Hidden states belong to every run that read them, and stay.
"""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from probes.errors import StrataError
from probes.store.folders import folder, home, writing
from probes.store.marks import mark
from probes.store.reading import listed
from probes.store.runs import RunEntry, entry_at

DAYS = 7
"""How long a deleted run can be put back."""


@dataclass(frozen=True)
class Deleted:
    """A run that was deleted, and when; `entry` is None for a job that never finished."""

    digest: str
    when: datetime
    entry: RunEntry | None


def delete(digest: str) -> None:
    """Take a run, or the journal of a job that did not finish, out of the history.

    Raises StrataError E-RUN-PINNED, or E-RUN-UNKNOWN when there is nothing under that digest.
    """
    if mark(digest).pinned:
        raise StrataError("E-RUN-PINNED", f"Run {digest[:12]} is pinned.", fix="Take the pin out first.")
    _purge()
    target = folder("deleted", digest)
    here = [path for path in _places(digest) if path.exists()]
    if not here:
        raise StrataError(
            "E-RUN-UNKNOWN", f"There is no run {digest[:12]}.", fix="See the history: python -m probes runs"
        )
    with writing(target):
        shutil.rmtree(target, ignore_errors=True)  # of an earlier time
        target.mkdir(parents=True, mode=0o700)
        for path in here:
            _move(path, target / path.name)


def restore(digest: str) -> None:
    """Put a deleted run back; raises StrataError E-RUN-UNKNOWN when it is not, or no longer, there."""
    source = folder("deleted", digest)
    if not source.is_dir():
        raise StrataError(
            "E-RUN-UNKNOWN",
            f"Run {digest[:12]} is not among the deleted ones.",
            f"They can be put back for {DAYS} days.",
            "Ask its question again.",
        )
    for path in _places(digest):
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():  # asked again meanwhile: equal digests mean equal answers
                _move(source / path.name, path)
    shutil.rmtree(source, ignore_errors=True)


def deleted() -> list[Deleted]:
    """Return what can be put back, newest first."""
    found = [
        Deleted(path.name, datetime.fromtimestamp(_when(path), UTC), entry_at(path / path.name))
        for path in listed(home() / "deleted")
    ]
    return sorted(found, key=lambda d: d.when, reverse=True)


def _places(digest: str) -> tuple[Path, Path]:
    return folder("runs", digest), folder("jobs", digest).with_suffix(".jsonl")


def _move(path: Path, target: Path) -> None:
    try:
        path.rename(target)
    except FileNotFoundError:  # never there, or another tab was quicker
        return


def _when(path: Path) -> float:
    """Return when a run was deleted: what moved in last set the folder's date."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _purge() -> None:
    """Let go of what was deleted long ago."""
    for path in listed(home() / "deleted"):
        if time.time() - _when(path) > DAYS * 86_400:
            shutil.rmtree(path, ignore_errors=True)
