"""What people call the codes of a run: names and notes, kept beside the runs, so that they outlive a restart."""

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from probes.errors import StrataError
from probes.store.folders import folder, home, lock, write_file, writing
from probes.store.reading import Reader

NAME, SAID = 80, 2_000
"""Characters that a code's name and its note may have."""


@dataclass(frozen=True)
class CodeNote:
    """One code's name and note."""

    layer: str
    book: int
    code: int
    name: str = ""
    note: str = ""

    @property
    def place(self) -> tuple[str, int, int]:
        """Say which code it is about."""
        return self.layer, self.book, self.code


def code_notes(digest: str) -> dict[tuple[str, int, int], CodeNote]:
    """Return the notes on a run's codes by layer, book and code; a damaged file counts as none."""
    found = Reader(_notes).all([_path(digest)])
    return {note.place: note for note in found[0]} if found else {}


def note_code(digest: str, note: CodeNote) -> None:
    """Keep what is said of a code, in place of what was; an empty note takes it out. Raises StrataError E-NOTE."""
    for what, text, most in (("name", note.name, NAME), ("note", note.note, SAID)):
        if len(text) > most:
            raise StrataError(
                "E-NOTE", f"The {what} has {len(text):,} characters; it may have {most:,}.", fix="Shorten it."
            )
    name, said = (text.encode("utf-8", "replace").decode().strip() for text in (note.name, note.note))
    path = _path(digest)
    with lock(path):  # two people may name two codes of a run at once
        kept = code_notes(digest)
        kept.pop(note.place, None)
        if name or said:
            kept[note.place] = CodeNote(note.layer, note.book, note.code, name, said)
        _write(path, [kept[place] for place in sorted(kept)])


def _path(digest: str) -> Path:
    folder("code-notes", digest)  # refuses what is no digest
    return home() / "code-notes" / f"{digest}.json"


def _write(path: Path, notes: list[CodeNote]) -> None:
    """Write the notes of a run whole or not at all; none are no file."""
    with writing(path):
        if not notes:
            path.unlink(missing_ok=True)
            return
        part = path.with_name(f".part-{uuid.uuid4().hex}")
        try:
            write_file(part, json.dumps([asdict(note) for note in notes], indent=1).encode())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _notes(path: Path) -> list[CodeNote]:
    notes = [CodeNote(**told) for told in json.loads(path.read_bytes())]
    for note in notes:
        kinds = (type(note.layer), type(note.book), type(note.code), type(note.name), type(note.note))
        if kinds != (str, int, int, str, str):
            raise TypeError(f"{path} holds no notes on codes")
    return notes
