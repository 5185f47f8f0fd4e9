"""Weights that exist only as a pickle → safetensors, once, in a process that can do nothing else (`unpickle.py`).

The result lies in the store under a digest of everything that went in: the very bytes of the pickle, the configuration
and the tokenizer. `find` gives it back for exactly those and for nothing else; this process never opens a pickle.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes import store
from probes.errors import StrataError
from probes.models import catalogue, fetch, unpickle, vetting
from probes.models.wheels import sha256_of
from probes.values import digest_of

VERSION = "1"
"""Raised when a conversion would write something else, so that old ones are not served."""
LIMIT = 64 << 30  # bytes a file may have
PICKLE_LIMIT = 64 << 20  # bytes the pickle inside an archive may have: names and shapes, not numbers
SINGLE, INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
_ZIP, _OLD = b"PK\x03\x04", bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
"""How torch's archives begin, and the files it wrote before there were archives (a pickled magic number)."""
_MEMBER = re.compile(r"[^/]+/(data\.pkl|data/\d+|version|byteorder|\.data/serialization_id|\.format_version"
                     r"|\.storage_alignment)")  # fmt: skip
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "OMP_NUM_THREADS")
"""What the child may know of the environment: no token is among it."""


@dataclass(frozen=True)
class Converted:
    """A conversion: its folder, the sentence every result of it shows, and what its process had given up."""

    path: Path
    note: str
    without: tuple[str, ...]


def find(folder: Path) -> Converted | None:
    """Return the conversion of exactly this folder's bytes; None when it needs none, or there is none yet."""
    if any((folder / name).is_file() for name in ("model.safetensors", "model.safetensors.index.json")):
        return None
    sources = _sources(folder)
    return _read(_target(folder, sources)) if sources else None


def convert(name: str, revision: str | None = None) -> Converted:
    """Convert the pickles of a folder or of a hub model, unless that was done; raises E-CONVERT saying why not."""
    folder = _folder(name, revision)
    sources = _sources(folder)
    if not sources or (folder / "model.safetensors").is_file():
        raise StrataError("E-CONVERT", f"'{name[:200]}' holds no {SINGLE} that has to be converted.", fix="Load it.")
    vetting.read_json(folder / "config.json")
    target = _target(folder, sources)
    with store.lock(target):
        if (known := _read(target)) is not None:
            return known
        store.set_aside(target, "incomplete")
        for source in sources:
            _sniff(source)
        with store.writing(target):
            _make(folder, sources, target)
    made = _read(target)
    assert made is not None, "written under the lock a line ago"
    return made


def _folder(name: str, revision: str | None) -> Path:
    if name in catalogue.names():
        raise StrataError("E-CONVERT", f"'{name}' is of the catalogue and has safetensors.", fix="Load it.")
    if (path := fetch.own_folder(name)) is not None:
        return path
    if not fetch.HUB_ID.fullmatch(name):
        return fetch.folder_of(name, revision).path  # which says what is wrong with the name
    from probes.models import hub  # imports huggingface_hub, which a folder does not need

    return hub.snapshot(name, revision, offline=catalogue.hub_offline(), want=hub.PICKLED)[0]


def _sources(folder: Path) -> list[Path]:
    """Return the pickles a checkpoint consists of; refuses an index that names files elsewhere."""
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    if not (folder / INDEX).is_file():
        return []
    named = vetting.read_json(folder / INDEX).get("weight_map")
    names = sorted({str(v) for v in named.values()}) if isinstance(named, dict) else []
    wrong = [n for n in names if Path(n).name != n or "\\" in n or ":" in n or not (folder / n).is_file()]
    if wrong or not names:
        what = f"names '{wrong[0][:120]}', which is not beside it" if wrong else "names no files"
        raise StrataError("E-LOAD-INDEX", f"{folder / INDEX} {what}.", "Shards are files in the same folder.")
    return [folder / n for n in names]


def _beside(folder: Path) -> list[Path]:
    return [folder / n for n in ("config.json", *vetting.TOKENIZER_FILES) if (folder / n).is_file()]


def _target(folder: Path, sources: list[Path]) -> Path:
    parts = [f"{file.name} {sha256_of(file)}" for file in (*sources, *_beside(folder))]
    return store.folder("converted", digest_of([VERSION, *parts]))


def _read(target: Path) -> Converted | None:
    try:
        manifest = json.loads((target / "manifest.json").read_bytes())
        named = ", ".join(f"{name} sha256 {digest}" for name, digest in manifest["sources"].items())
        return Converted(target, f"Converted here from a pickle: {named}.", tuple(manifest["without"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sniff(file: Path) -> None:
    """Judge a file by what it is and not by its name: an archive as torch writes them, or one of torch's old files."""
    if (size := file.stat().st_size) > LIMIT:
        raise _refused(file, f"It has {size} bytes; {LIMIT} are allowed.")
    with file.open("rb") as opened:
        head = opened.read(len(_OLD))
    if head == _OLD:
        return
    if not head.startswith(_ZIP):
        raise _refused(file, f"It is not a file torch has written (it begins with {head[:8].hex(' ') or 'nothing'}).")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _refused(file, f"It begins like an archive and is none: {error}.") from error
    strange = [m.filename for m in members if not _MEMBER.fullmatch(m.filename) or m.compress_type]
    pickles = [m.file_size for m in members if m.filename.endswith("/data.pkl")]
    if strange:  # code of TorchScript, compressed members, paths
        raise _refused(file, f"'{strange[0][:80]}' is not what an archive of weights holds.")
    if len(pickles) != 1 or pickles[0] > PICKLE_LIMIT or sum(m.file_size for m in members) > size:
        raise _refused(file, "Its table of contents does not fit its size.")


def _make(folder: Path, sources: list[Path], target: Path) -> None:
    for old in target.parent.glob(f".part-{target.name}-*"):  # left by a process that was killed; we hold the lock
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".part-{target.name}-", dir=target.parent) as part:
        into = Path(part) / "model"
        into.mkdir(mode=0o700)
        names = [f"model-{i + 1:05}-of-{len(sources):05}.safetensors" for i in range(len(sources))]
        files = [into / (name if len(sources) > 1 else "model.safetensors") for name in names]
        said = _child(sources, files)
        _compare(folder, files, said["files"])
        if _target(folder, sources) != target:
            raise _refused(sources[0], "It changed while it was converted.")
        if len(files) > 1:
            place = {name: file.name for file, one in zip(files, said["files"], strict=True) for name in one["tensors"]}
            index = {"metadata": {}, "weight_map": place}
            store.write_file(into / "model.safetensors.index.json", json.dumps(index).encode())
        for file in _beside(folder):
            shutil.copyfile(file, into / file.name)
        manifest = {
            "schema": 1,
            "sources": {file.name: sha256_of(file) for file in sources},
            "weights": vetting.weights_digest(into),
            "shared": sorted({name for one in said["files"] for name in one["shared"]}),
            "without": said["without"],
        }
        store.write_file(into / "manifest.json", json.dumps(manifest, indent=1).encode())
        into.rename(target)


def _child(sources: list[Path], files: list[Path]) -> dict[str, Any]:
    """Run `unpickle.py` on the files; raises E-CONVERT with its reason when it refuses or dies."""
    size = max(file.stat().st_size for file in sources)
    asked = {"files": [[str(a), str(b)] for a, b in zip(sources, files, strict=True)], "size": size}
    command = [sys.executable, "-P", str(unpickle.__file__)]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    patience = 300 + sum(file.stat().st_size for file in sources) / 5e6  # seconds: a slow disk gives 5 MB a second
    try:
        done = subprocess.run(
            command,
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=patience,
            env=environment,
            check=False,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise _refused(sources[0], f"Its conversion was stopped after {patience:.0f} s.") from None
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise _refused(sources[0], f"Its conversion ended with {done.returncode}: {last[0][:300]}.") from None
    if "refused" in answer:
        raise _refused(sources[0], answer["refused"] + ".")
    return answer


def _compare(folder: Path, files: list[Path], said: list[dict[str, Any]]) -> None:
    """Hold what was written against what the child says it read, and against the checkpoint's own index."""
    from safetensors import safe_open

    for file, one in zip(files, said, strict=True):
        vetting.check_header(file)
        with safe_open(file, framework="np") as opened:
            shapes = {name: opened.get_slice(name).get_shape() for name in opened.keys()}  # noqa: SIM118 not a dict
        if shapes != {name: shape for name, (_, shape) in one["tensors"].items()}:
            raise _refused(file, "What was written is not what was read.")
    if (folder / INDEX).is_file() and len(files) > 1:
        named = vetting.read_json(folder / INDEX)["weight_map"]
        found = {name for one in said for name in one["tensors"]}
        if lost := sorted(set(named) ^ found):
            raise _refused(folder / INDEX, f"The index and the files disagree about '{lost[0][:80]}'.")


def _refused(file: Path, why: str) -> StrataError:
    fix = "Only tensors by name are converted; ask its author for safetensors."
    return StrataError("E-CONVERT", f"{file} is not converted.", why, fix)
