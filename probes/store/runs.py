"""Finished runs, one folder a digest: the question, the answer, where it came from, and how long it took."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from probes.contract import Result, Spec
from probes.store.folders import folder, home, read_entry, set_aside, write_entry
from probes.store.journal import read_events
from probes.store.pack import pack, unpack
from probes.store.reading import Reader, listed

SPEC, RUN, PROVENANCE, EVENTS = "spec.json", "run.json", "provenance.json", "events.jsonl"


@dataclass(frozen=True)
class RunEntry:
    """One line of the history: what was asked, what was found, when, and in how many seconds."""

    digest: str
    kind: str
    version: int
    """Of the analysis that answered: today's may give other numbers."""
    spec: dict[str, Any]
    headline: str
    created: datetime
    seconds: float


def save(spec: Spec, result: Result, seconds: float) -> None:
    """Store a finished run under its digest; saving the same digest twice keeps the first."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    files = pack(result)
    files[SPEC] = spec.canonical().encode()
    files[RUN] = json.dumps({"headline": result.headline(), "created": created, "seconds": round(seconds, 2)}).encode()
    files[PROVENANCE] = json.dumps(result.source.as_dict(), indent=1).encode()
    files[EVENTS] = read_events(spec.digest)
    path = folder("runs", spec.digest)
    known = read_entry(path)  # sets a damaged one aside, which would win over this one
    if known is not None and known.get(SPEC) != files[SPEC]:
        set_aside(path, "it answers another question")
    write_entry(path, files)


def load(digest: str, kind: type[Any]) -> Any | None:
    """Return the stored Result, or None when there is none that is whole, undamaged and of today's shape."""
    path = folder("runs", digest)
    files = read_entry(path)
    if files is None:
        return None
    try:
        return unpack(kind, files)
    except (ValueError, KeyError, TypeError) as error:  # an older schema: made again rather than guessed at
        set_aside(path, f"{kind.__name__}: {error}")
        return None


def asked(digest: str) -> dict[str, Any] | None:
    """Return the stored question as `{"kind", "version", "spec"}`, or None."""
    path = folder("runs", digest) / SPEC
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def runs(kind: str | None = None) -> list[RunEntry]:
    """Return the finished runs, newest first; a folder that cannot be read is left out."""
    # a name with a dot is a lock, or was left half-made by a killed process
    paths = [path / RUN for path in listed(home() / "runs") if "." not in path.name]
    entries = [entry for entry in _entries.all(paths) if kind in (None, entry.kind)]
    return sorted(entries, key=lambda e: e.created, reverse=True)


def entry_at(path: Path) -> RunEntry | None:
    """Return the line of the history that a run's folder holds, or None."""
    return next(iter(Reader(_entry).all([path / RUN])), None)


def _entry(path: Path) -> RunEntry:
    question, run = json.loads((path.parent / SPEC).read_bytes()), json.loads(path.read_bytes())
    made = datetime.fromisoformat(run["created"]).astimezone(UTC)
    kind, spec, headline, seconds = question["kind"], question["spec"], run["headline"], run["seconds"]
    version = question["version"]
    if not (
        isinstance(kind, str) and isinstance(version, int) and isinstance(spec, dict) and isinstance(headline, str)
    ):
        raise TypeError(f"{path} is no line of the history")
    return RunEntry(path.parent.name, kind, version, spec, headline, made, float(seconds))


_entries = Reader(_entry)
"""A run never changes once it is there: two thousand are listed again in the time it takes to look at their dates."""


def table() -> pd.DataFrame:
    """Return the history as the command line prints it."""
    rows = [(e.digest, e.kind, e.created.isoformat(), e.seconds, e.headline) for e in runs()]
    return pd.DataFrame(rows, columns=["digest", "kind", "created", "seconds", "headline"])
