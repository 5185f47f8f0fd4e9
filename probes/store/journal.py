"""What a running job says of itself, on disk, so that a reload or a second tab reads the same truth."""

import json
import os
import time
from pathlib import Path
from typing import Any

from probes.store.folders import folder, writing


def _path(digest: str) -> Path:
    return folder("jobs", digest).with_suffix(".jsonl")


def note(digest: str, state: str, **facts: Any) -> None:
    """Append one event; `state` is queued, running, done, failed or cancelled."""
    path = _path(digest)
    line = json.dumps({"time": round(time.time(), 3), "state": state, **facts}) + "\n"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # a new question starts a new journal: the events of an earlier, failed try would lie about this one
        with path.open("wb" if state == "queued" else "ab") as out:
            out.write(b"" if _whole(path) else b"\n")  # or this event would be lost behind one cut short by a kill
            out.write(line.encode())


def _whole(path: Path) -> bool:
    with path.open("rb") as journal:
        if not journal.seek(0, os.SEEK_END):
            return True
        journal.seek(-1, os.SEEK_END)
        return journal.read() == b"\n"


def read_events(digest: str) -> bytes:
    """Return the whole journal as JSON lines; empty when nothing was ever asked."""
    try:
        return _path(digest).read_bytes()
    except OSError:
        return b""


def last_event(digest: str) -> dict[str, Any] | None:
    """Return the newest whole event, with `started` (the time of the first), or None."""
    events = []
    for line in read_events(digest).splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # a line cut short by a killed worker
            continue
        if isinstance(event, dict):
            events.append(event)
    return {**events[-1], "started": events[0]["time"]} if events else None


def begun(digest: str) -> dict[str, Any] | None:
    """Return the question a journal opens with, or None."""
    first, _, _ = read_events(digest).partition(b"\n")
    try:
        question = json.loads(first).get("question")
    except (ValueError, AttributeError):
        return None
    return question if isinstance(question, dict) else None


def ask_to_stop(digest: str) -> None:
    """Leave word for the worker that this job is no longer wanted."""
    path = _path(digest).with_suffix(".stop")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch()


def asked_to_stop(digest: str) -> bool:
    """Say whether somebody asked this job to stop."""
    return _path(digest).with_suffix(".stop").exists()


def clear_stop(digest: str) -> None:
    """Forget an earlier wish to stop, so that the same question can be asked again."""
    path = _path(digest).with_suffix(".stop")
    with writing(path):
        path.unlink(missing_ok=True)
