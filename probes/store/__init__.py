"""The store: content-addressed folders under one root, and the only writer to disk."""

from probes.store.folders import folder, home, lock, set_aside, sync, write_file, writing
from probes.store.journal import ask_to_stop, asked_to_stop, begun, clear_stop, last_event, note, read_events
from probes.store.pack import pack, unpack
from probes.store.runs import RunEntry, asked, load, runs, save, table
from probes.store.states import Part, States, open_states

__all__ = [
    "Part",
    "RunEntry",
    "States",
    "ask_to_stop",
    "asked",
    "asked_to_stop",
    "begun",
    "clear_stop",
    "folder",
    "home",
    "last_event",
    "load",
    "lock",
    "note",
    "open_states",
    "pack",
    "read_events",
    "runs",
    "save",
    "set_aside",
    "sync",
    "table",
    "unpack",
    "write_file",
    "writing",
]
