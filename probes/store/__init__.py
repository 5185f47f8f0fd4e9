"""The store: content-addressed folders under one root, and the only writer to disk."""

from probes.store.codes import NAME, SAID, CodeNote, code_notes, note_code
from probes.store.collection import Collection, collect, collected, drop, empty, entitle
from probes.store.deleting import DAYS, Deleted, delete, deleted, restore
from probes.store.finished import finished
from probes.store.folders import folder, home, lock, set_aside, sync, write_file, writing
from probes.store.identity import marked, token
from probes.store.jobs import LIVE, Job, jobs
from probes.store.journal import (
    ask_to_stop,
    asked_to_stop,
    beat,
    begun,
    clear_stop,
    last_event,
    note,
    pulse,
    quiet,
    read_events,
)
from probes.store.marks import NOTE, Mark, mark, marks, note_on, pin
from probes.store.pack import pack, unpack
from probes.store.residents import Resident, note_residents, residents
from probes.store.roots import confined, roots
from probes.store.runs import RunEntry, asked, entry_at, load, runs, save, table
from probes.store.states import Part, States, open_states

__all__ = [
    "CodeNote",
    "Collection",
    "DAYS",
    "Deleted",
    "Job",
    "LIVE",
    "Mark",
    "NAME",
    "NOTE",
    "Part",
    "Resident",
    "RunEntry",
    "SAID",
    "States",
    "ask_to_stop",
    "asked",
    "asked_to_stop",
    "beat",
    "begun",
    "clear_stop",
    "code_notes",
    "collect",
    "collected",
    "confined",
    "delete",
    "deleted",
    "drop",
    "empty",
    "entitle",
    "entry_at",
    "finished",
    "folder",
    "home",
    "jobs",
    "last_event",
    "load",
    "lock",
    "mark",
    "marked",
    "marks",
    "note",
    "note_code",
    "note_on",
    "note_residents",
    "open_states",
    "pack",
    "pin",
    "pulse",
    "quiet",
    "read_events",
    "residents",
    "restore",
    "roots",
    "runs",
    "save",
    "set_aside",
    "sync",
    "table",
    "token",
    "unpack",
    "write_file",
    "writing",
]
