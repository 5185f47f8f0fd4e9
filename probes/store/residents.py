"""Which models are in memory, told by the processes that hold them: one file a process, believed while it lives."""

import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from probes.errors import StrataError
from probes.store.folders import home, write_file, writing

log = logging.getLogger("strata.store")


@dataclass(frozen=True)
class Resident:
    """A model that a process keeps loaded: its size in bytes, and since when (seconds of the epoch)."""

    name: str
    dtype: str
    device: str
    bytes: int
    since: float = field(default_factory=time.time)
    pid: int = field(default_factory=os.getpid)


def note_residents(models: Sequence[Resident]) -> None:
    """Say that this process holds exactly these models; what cannot be written is only logged: nobody waits for it."""
    path = home() / "residents" / f"{os.getpid()}.json"
    born = psutil.Process().create_time()
    data = json.dumps({"pid": os.getpid(), "born": born, "models": [asdict(model) for model in models]}).encode()
    part = path.with_suffix(".part")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_file(part, data)
            part.replace(path)
        for other in path.parent.glob("*.json"):  # what killed processes left
            if _read(other) is None:
                other.unlink(missing_ok=True)
    except (StrataError, OSError) as error:
        log.warning("cannot note which models are loaded: %s", error)


def residents() -> list[Resident]:
    """Return the models that living processes hold, the newest first."""
    found = [model for path in (home() / "residents").glob("*.json") for model in _read(path) or ()]
    return sorted(found, key=lambda model: model.since, reverse=True)


def _read(path: Path) -> list[Resident] | None:
    """Return what a process says; None when it is gone, its number is another's now, or its file is no such file."""
    try:
        said = json.loads(path.read_bytes())
        if psutil.Process(said["pid"]).create_time() != said["born"] or path.stem != str(said["pid"]):
            return None
        return [Resident(**model) for model in said["models"]]
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
