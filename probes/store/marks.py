"""What a person says of a run: a pin and a note, kept beside the runs, so that they outlive it being made again."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from probes.errors import StrataError
from probes.store.folders import folder, home, write_file, writing
from probes.store.reading import Reader, listed

NOTE = 2_000
"""Characters a note may have."""


@dataclass(frozen=True)
class Mark:
    """A run's pin and note."""

    digest: str
    pinned: bool = False
    note: str = ""


def marks() -> dict[str, Mark]:
    """Return every mark by its run's digest; a damaged one counts as none."""
    return {mark.digest: mark for mark in _marks.all(listed(home() / "marks", ".json"))}


def mark(digest: str) -> Mark:
    """Return the mark of a run, an empty one when nobody made one."""
    found = Reader(_mark).all([_path(digest)])
    return found[0] if found else Mark(digest)


def pin(digest: str, *, pinned: bool = True) -> None:
    """Pin a run, or take the pin out: a pinned run cannot be deleted."""
    _keep(Mark(digest, pinned, mark(digest).note))


def note_on(digest: str, note: str) -> None:
    """Write a run's note, or clear it with an empty one; raises StrataError E-NOTE when it is too long."""
    if len(note) > NOTE:
        raise StrataError("E-NOTE", f"The note has {len(note):,} characters; it may have {NOTE:,}.", fix="Shorten it.")
    whole = note.encode("utf-8", "replace").decode()  # half a character, from a terminal, could not be shown
    _keep(Mark(digest, mark(digest).pinned, whole.strip()))


def _path(digest: str) -> Path:
    return folder("marks", digest).with_suffix(".json")


def _keep(new: Mark) -> None:
    """Write a mark whole or not at all; an empty one is no file."""
    path = _path(new.digest)
    with writing(path):
        if not new.pinned and not new.note:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".part-{uuid.uuid4().hex}")
        try:
            write_file(part, json.dumps({"pinned": new.pinned, "note": new.note}).encode())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _mark(path: Path) -> Mark:
    told = json.loads(path.read_bytes())
    if not isinstance(told["pinned"], bool) or not isinstance(told["note"], str):
        raise TypeError(f"{path} is no mark")
    return Mark(path.stem, told["pinned"], told["note"])


_marks = Reader(_mark)
