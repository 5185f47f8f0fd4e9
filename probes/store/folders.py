"""Content-addressed folders: written whole or not at all, verified when read, set aside when damaged."""

import errno
import hashlib
import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from probes.errors import StrataError

log = logging.getLogger("strata.store")

MANIFEST = "manifest.json"
SCHEMA = 1
_LOOK = 0.3  # seconds between two looks of whoever waits for a lock
_LONGEST = 64  # hexadecimal digits: a whole SHA-256
_FULL = {errno.ENOSPC, errno.EDQUOT}
_GONE = {errno.ENOENT, errno.ESTALE}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


def home() -> Path:
    """Return the one root of everything Strata keeps: `STRATA_HOME`, or the platform's user cache."""
    return Path(os.environ.get("STRATA_HOME") or platformdirs.user_cache_dir("strata")).expanduser()


def folder(kind: str, digest: str) -> Path:
    """Return where the entry of that digest lives; a digest that is not plain hex never becomes a path."""
    if not 0 < len(digest) <= _LONGEST or not set(digest) <= set("0123456789abcdef"):
        raise StrataError("E-DIGEST", f"'{digest[:60]}' is not a digest.", "Digests are lower-case hexadecimal.")
    return home() / kind / digest


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the disk's refusals into messages a person can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StrataError(
                "E-STORE-FULL",
                f"The disk that holds {path} is full.",
                fix="Free some space, or point STRATA_HOME at another disk.",
            ) from error
        if error.errno in _REFUSED:
            raise StrataError(
                "E-STORE-WRITE",
                f"{path} cannot be written.",
                str(error.strerror),
                "Point STRATA_HOME at a folder you may write to.",
            ) from error
        if error.errno in _GONE:
            raise StrataError(
                "E-STORE-GONE",
                f"{path} was cleared away while it was being written.",
                fix="Run it again: what is left is used.",
            ) from error
        raise


@contextmanager
def lock(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let one process at a time make the entry at `path`; the others wait, and then find it made.

    Whoever waits calls `waiting` a few times a second, which may raise to give up.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = FileLock(str(path) + ".lock")
    while not held.is_locked:
        with writing(path):
            try:
                held.acquire(timeout=_LOOK)
                continue
            except Timeout:
                pass
        waiting()
    try:
        yield
    finally:
        held.release()


def sync(path: Path) -> None:
    """Make what was written to a file or folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path: Path, data: bytes) -> None:
    """Write a file and make it durable."""
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def write_entry(path: Path, files: dict[str, bytes]) -> None:
    """Put a folder of files at `path` in one step, its manifest of checksums last; an existing entry wins."""
    part = path.with_name(f".part-{uuid.uuid4().hex}")
    with writing(path):
        try:
            part.mkdir(parents=True, mode=0o700)
            for name, data in files.items():
                write_file(part / name, data)
            sums = {
                name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
            }
            write_file(part / MANIFEST, json.dumps({"schema": SCHEMA, "files": sums}, indent=1).encode())
            sync(part)
            _move_in(part, path)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _move_in(part: Path, path: Path) -> None:
    try:
        part.rename(path)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        return  # somebody else finished the same question first; equal digests mean equal answers
    sync(path.parent)


def read_entry(path: Path) -> dict[str, bytes] | None:
    """Return the files of a whole, undamaged entry; None when there is none, or when it had to be set aside."""
    if not path.is_dir():
        return None
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        if manifest["schema"] != SCHEMA:
            raise ValueError(f"schema {manifest['schema']}, wanted {SCHEMA}")
        files = {name: (path / name).read_bytes() for name in manifest["files"]}
        for name, data in files.items():
            if hashlib.sha256(data).hexdigest() != manifest["files"][name]["sha256"]:
                raise ValueError(f"{name} does not match its checksum")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        set_aside(path, str(error))
        return None
    return files


def set_aside(path: Path, why: str) -> None:
    """Move a damaged entry out of the way, where it can be looked at but is never served."""
    if not path.exists():
        return  # another reader was quicker
    target = home() / "set-aside" / f"{path.parent.name}-{path.name}-{time.time_ns()}"
    log.warning("set aside %s: %s", path.name, why)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.rename(target)
    except FileNotFoundError:
        return
    except OSError as error:  # a store that cannot be written: the entry stays, and is refused at every reading
        log.warning("%s stays where it is: %s", path.name, error.strerror)
