"""The jobs that ever began here, read from the ends of their journals: what the status strip and the history list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from probes.store.folders import home
from probes.store.journal import ends
from probes.store.reading import Reader, listed

LIVE = ("queued", "running")
_MOST = 1_000
"""Journals looked into, the newest; one is kept for every question ever asked."""


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
    first, last = ends(path)
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


_jobs = Reader(_job)
