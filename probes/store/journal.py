"""What a running job says of itself, on disk, so that a reload or a second tab reads the same truth.

A journal never grows beyond a few hundred kilobytes, and is read from its two ends: a page looks twice a second. Its
time on disk is the job's pulse: whoever is responsible for it touches it every few seconds.
"""

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

from probes.store.folders import folder, writing

_LIMIT = 256 << 10  # bytes of a journal before it is thinned out
_HEAD = 1 << 20  # bytes of its first line at most: the question
_TAIL = 64 << 10  # bytes read from its end: more than the longest event
_NEAR = 8 << 10  # bytes that hold most newest events: a thousand journals are listed at once
_FRESH = 10.0  # seconds for which this machine's own clock is believed
_WORDS = 6_000  # characters of one text in an event: a trace keeps its end, where the error is


def _path(digest: str) -> Path:
    return folder("jobs", digest).with_suffix(".jsonl")


def note(digest: str, state: str, **facts: Any) -> None:
    """Append one event; `state` is queued, running, done, failed or cancelled."""
    path = _path(digest)
    facts = {name: value if name == "question" else _short(value) for name, value in facts.items()}
    line = (json.dumps({"time": round(time.time(), 3), "state": state, **facts}) + "\n").encode()
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if state == "queued":  # a new question starts a new journal: an earlier, failed try would lie about this one
            _replace(path, line)
            return
        with path.open("ab") as out:
            # or this event would be lost behind one cut short by a kill
            out.write(line if _whole(path) else b"\n" + line)
            size = out.tell()
        if size > _LIMIT:
            _replace(path, _thinned(path.read_bytes().splitlines(keepends=True)))


def _replace(path: Path, data: bytes) -> None:
    """Put a whole journal in the place of another: a reader sees the old one or the new one."""
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _thinned(lines: list[bytes]) -> bytes:
    """Return the first and the last event, and every other one between."""
    return b"".join([lines[0], *lines[1:-1:2], lines[-1]])


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _WORDS:
        return f"{value[: _WORDS // 4]} … {value[-_WORDS // 4 * 3 :]}"
    return {k: _short(v) for k, v in value.items()} if isinstance(value, dict) else value


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
    try:
        first, last = ends(_path(digest))
    except (OSError, ValueError):
        return None
    return {**last, "started": first["time"]}


def ends(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the first and the newest whole event of a journal; raises OSError, and ValueError when there is none."""
    with path.open("rb") as journal:
        first, size = journal.readline(_HEAD), journal.seek(0, os.SEEK_END)
        for reach in (_NEAR, _TAIL):  # the newest event is short, but for one that failed
            journal.seek(max(0, size - reach))
            for line in reversed(journal.read().splitlines()):
                if (event := _event(line)) is not None:
                    return _event(first) or event, event
    raise ValueError(f"{path} holds no event")


def _event(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, or None when a kill cut it short."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "time" in event and "state" in event else None


def begun(digest: str) -> dict[str, Any] | None:
    """Return the question a journal opens with, or None."""
    try:
        with _path(digest).open("rb") as journal:
            question = (_event(journal.readline()) or {}).get("question")
    except OSError:
        return None
    return question if isinstance(question, dict) else None


# ---- the pulse -------------------------------------------------------------------------------------------------------


def beat(digest: str) -> None:
    """Say that somebody is at work on this job: the journal's time becomes now, by the clock of its disk."""
    try:
        os.utime(_path(digest))
    except OSError:  # cleared away, or a disk that refuses: the job itself will say so
        return


def pulse(digest: str) -> int | None:
    """Return when the job last gave a sign of life, in the disk's own nanoseconds; None without a journal."""
    try:
        with _path(digest).open("rb") as journal:  # opened, so that a network disk asks its server
            return os.fstat(journal.fileno()).st_mtime_ns
    except OSError:
        return None


def quiet(digest: str) -> float:
    """Return the seconds since the last sign of life, both times by the disk's clock: machines' clocks differ."""
    last, clock = pulse(digest), folder("jobs", digest).with_name(f".clock-{uuid.uuid4().hex}")
    if last is None:
        return float("inf")
    if 0 <= (age := time.time() - last / 1e9) < _FRESH:  # a page looks often: spare the disk while all is well
        return age
    try:
        clock.touch()
        now = clock.stat().st_mtime_ns
        clock.unlink()
    except OSError:
        now = time.time_ns()
    return max(0.0, (now - last) / 1e9)


# ---- the wish to stop ------------------------------------------------------------------------------------------------


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
