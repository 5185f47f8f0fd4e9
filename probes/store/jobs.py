"""The jobs that ever began here, read from the ends of their journals: what the status strip and the history list."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from probes.store.folders import home
from probes.store.reading import Reader, listed

LIVE = ("queued", "running")
_MOST = 1_000
"""Journals looked into, the newest; one is kept for every question ever asked."""
_TAIL = 8_192
"""Bytes read from the end of a journal: its last whole event; a running job writes five lines a second."""
_HEAD = 1_048_576
"""Bytes of its first line at most: the question."""


@dataclass(frozen=True)
class Job:
    """What a journal said first and last: the question, and how it stood; `engine.status` knows if it still runs."""

    digest: str
    kind: str
    spec: dict[str, Any]
    state: str
    share: float
    note: str
    began: datetime
    said: datetime
    error: dict[str, str]


def jobs(*, live: bool = False) -> list[Job]:
    """Return the newest jobs first; with `live`, only those whose journal has not come to an end."""
    # newest first by their files' dates, before any is read
    dated = sorted(_dated(listed(home() / "jobs", ".jsonl")), reverse=True)[:_MOST]
    found = [job for job in _jobs.all(path for _, path in dated) if not live or job.state in LIVE]
    return sorted(found, key=lambda job: job.said, reverse=True)


def _dated(paths: list[Path]) -> Iterator[tuple[int, Path]]:
    for path in paths:
        try:
            yield path.stat().st_mtime_ns, path
        except OSError:  # cleared away since it was listed
            continue


def _job(path: Path) -> Job:
    with path.open("rb") as journal:
        first = json.loads(journal.readline(_HEAD))
        journal.seek(max(0, journal.seek(0, os.SEEK_END) - _TAIL))
        tail = journal.read()
    last = next((event for event in map(_event, reversed(tail.splitlines())) if event), first)
    question = first.get("question") or {}
    if not isinstance(question, dict) or not isinstance(question.get("spec", {}), dict):
        raise TypeError(f"{path} opens with no question")
    return Job(
        path.stem,
        str(question.get("kind", "")),
        question.get("spec", {}),
        str(last["state"]),
        float(last.get("share", 0.0)),
        str(last.get("note", "")),
        datetime.fromtimestamp(first["time"], UTC),
        datetime.fromtimestamp(last["time"], UTC),
        {name: str(text) for name, text in (last.get("error") or {}).items()},
    )


def _event(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line; None for one cut short by a kill, or by the tail's own beginning."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "state" in event and "time" in event else None


_jobs = Reader(_job)
