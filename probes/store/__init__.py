"""The store: content-addressed folders under one root, and the only writer to disk."""

from probes.store.deleting import DAYS, Deleted, delete, deleted, restore
from probes.store.folders import folder, home, lock, set_aside, sync, write_file, writing
from probes.store.jobs import LIVE, Job, jobs
from probes.store.journal import ask_to_stop, asked_to_stop, begun, clear_stop, last_event, note, read_events
from probes.store.marks import NOTE, Mark, mark, marks, note_on, pin
from probes.store.pack import pack, unpack
from probes.store.runs import RunEntry, asked, entry_at, load, runs, save, table
from probes.store.states import Part, States, open_states

__all__ = [
    "DAYS",
    "LIVE",
    "NOTE",
    "Deleted",
    "Job",
    "Mark",
    "Part",
    "RunEntry",
    "States",
    "ask_to_stop",
    "asked",
    "asked_to_stop",
    "begun",
    "clear_stop",
    "delete",
    "deleted",
    "entry_at",
    "folder",
    "home",
    "jobs",
    "last_event",
    "load",
    "lock",
    "mark",
    "marks",
    "note",
    "note_on",
    "open_states",
    "pack",
    "pin",
    "read_events",
    "restore",
    "runs",
    "save",
    "set_aside",
    "sync",
    "table",
    "unpack",
    "write_file",
    "writing",
]
