"""Hidden states on disk: one safetensors file a layer, every row at its final place, memory-mapped when read.

The number of rows is known before the first forward pass (the spans are given), so each file gets its header at
once and blocks are written where they belong. A block counts only once `done` lists it, which happens after its
bytes are on disk: an interrupted extraction resumes at the last whole block and never serves a hole.
"""

import json
import logging
import os
import shutil
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from probes.errors import StrataError
from probes.store.folders import MANIFEST, SCHEMA, folder, set_aside, sync, write_file, writing
from probes.values import Source

log = logging.getLogger("strata.store")

_CHUNK = 1 << 24
_PLAN, _DONE, _TOKENS = "plan.json", "done", "tokens.i32"
_verified: set[tuple[str, int]] = set()  # entries whose checksums this process has seen hold


@dataclass(frozen=True)
class States:
    """One model on one list of texts: for every layer label, float32 [row, width], read only.

    Rows `starts[i]:starts[i + 1]` are those of text `i`, in the order of its spans. `tokens[row]` counts the sub-tokens
    that were averaged; 0 marks a span that the tokenizer left without any, whose row is zero.
    """

    folder: Path
    layers: tuple[str, ...]
    width: int
    starts: np.ndarray
    tokens: np.ndarray
    source: Source

    @property
    def rows(self) -> int:
        """Count the rows of each layer."""
        return int(self.starts[-1])

    def at(self, layer: str | int) -> np.ndarray:
        """Return one layer, float32 [row, width], as a read-only memory map."""
        label = str(layer)
        if label not in self.layers:
            raise StrataError(
                "E-LAYER-UNKNOWN", f"There is no layer '{label}' here.", fix=f"Choose one of {', '.join(self.layers)}."
            )
        path = _layer_path(self.folder, self.layers.index(label))
        shape = (self.rows, self.width)
        return (
            np.memmap(path, np.float32, "r", _header_size(shape), shape) if self.rows else np.zeros(shape, np.float32)
        )


def _layer_path(path: Path, index: int) -> Path:
    return path / f"layer-{index:03d}.safetensors"


def _header(shape: tuple[int, int]) -> bytes:
    end = shape[0] * shape[1] * 4
    text = json.dumps({"states": {"dtype": "F32", "shape": list(shape), "data_offsets": [0, end]}})
    text += " " * (-(len(text) + 8) % 64)  # the numbers start on a cache line
    return len(text).to_bytes(8, "little") + text.encode()


def _header_size(shape: tuple[int, int]) -> int:
    return len(_header(shape))


class Part:
    """A set of states in the making: rows are put in any order, and count once their block is committed."""

    def __init__(self, digest: str, layers: tuple[str, ...], width: int, starts: np.ndarray) -> None:
        self.path = folder("states", digest)
        self.part = self.path.with_name(f"{digest}.part")
        self.layers, self.starts, self.shape = layers, starts, (int(starts[-1]), width)
        plan = json.dumps({"schema": SCHEMA, "layers": layers, "width": width, "starts": starts.tolist()}).encode()
        with writing(self.part):
            if not (self.part / _PLAN).exists() or (self.part / _PLAN).read_bytes() != plan:
                shutil.rmtree(self.part, ignore_errors=True)
                self._start(plan)
            self._files = [_layer_path(self.part, i).open("r+b") for i in range(len(layers))]
            self._tokens = np.memmap(self.part / _TOKENS, np.int32, "r+", shape=(self.shape[0] + 1,))
        self.done = self._read_done()

    def _start(self, plan: bytes) -> None:
        self.part.mkdir(parents=True, mode=0o700)
        header = _header(self.shape)
        size = len(header) + self.shape[0] * self.shape[1] * 4
        need, free = size * len(self.layers), shutil.disk_usage(self.part).free
        if need > free:
            raise StrataError(
                "E-STORE-FULL",
                f"These states need {need / 1e9:.1f} GB; the disk of {self.part.parent} has {free / 1e9:.1f} GB free.",
                fix="Use fewer texts or layers, free some space, or point STRATA_HOME at another disk.",
            )
        for index in range(len(self.layers)):
            with _layer_path(self.part, index).open("wb") as out:
                out.write(header)
                out.truncate(size)
        np.zeros(self.shape[0] + 1, np.int32).tofile(self.part / _TOKENS)  # one more: a map cannot be empty
        write_file(self.part / _PLAN, plan)

    def _read_done(self) -> set[int]:
        path = self.part / _DONE
        lines = (
            path.read_text().split("\n")[:-1] if path.exists() else []
        )  # what follows the last newline was cut short
        return {int(line) for line in lines if line.isdigit()}

    def put(self, layer: int, row: int, block: np.ndarray) -> None:
        """Write float32 [n, width] as rows `row:row + n` of a layer."""
        with writing(self.part):
            self._files[layer].seek(_header_size(self.shape) + row * self.shape[1] * 4)
            self._files[layer].write(np.ascontiguousarray(block, np.float32).data)

    def get(self, layer: int, row: int, n: int) -> np.ndarray:
        """Read rows `row:row + n` of a layer back, float32 [n, width]: right when their block is done."""
        self._files[layer].seek(_header_size(self.shape) + row * self.shape[1] * 4)
        data = self._files[layer].read(n * self.shape[1] * 4)
        return np.frombuffer(data, np.float32).reshape(n, self.shape[1]).copy()

    def discard(self) -> None:
        """Delete it: what was wanted of it has been taken."""
        self.close()
        with writing(self.part):
            shutil.rmtree(self.part, ignore_errors=True)

    def count(self, row: int, tokens: np.ndarray) -> None:
        """Write how many sub-tokens were averaged in rows `row:row + n`."""
        self._tokens[row : row + len(tokens)] = tokens

    def commit(self, block: int) -> None:
        """Declare block number `block` whole, after its bytes are on disk."""
        with writing(self.part):
            for file in self._files:
                file.flush()
                os.fsync(file.fileno())
            self._tokens.flush()
            with (self.part / _DONE).open("a") as out:
                out.write(f"{block}\n")
                out.flush()
                os.fsync(out.fileno())
        self.done.add(block)

    def finish(self, source: Source) -> None:
        """Write the provenance and the checksums, and move the folder to its final name."""
        self.close()
        with writing(self.part):
            # neither counts: a kill in here leaves both, and the next try finishes from them
            files = [path for path in sorted(self.part.iterdir()) if path.name not in (_DONE, MANIFEST)]
            sums = {path.name: checksum(path) for path in files}
            facts = {"schema": SCHEMA, "files": sums, "source": source.as_dict()}
            write_file(self.part / MANIFEST, json.dumps(facts, indent=1).encode())
            sync(self.part)
            self.part.rename(self.path)
            sync(self.path.parent)
            (self.path / _DONE).unlink(missing_ok=True)

    def close(self) -> None:
        """Release the files; what was committed stays for the next try."""
        with (
            writing(self.part),
            ExitStack() as files,
        ):  # a full disk refuses what is left in a buffer; close all the same
            for file in self._files:
                files.callback(file.close)


def checksum(path: Path) -> list[int]:
    """Return [size, CRC-32] of a file, read in pieces: states are too large to hash by SHA at every opening."""
    crc = 0
    with path.open("rb") as source:
        while piece := source.read(_CHUNK):
            crc = zlib.crc32(piece, crc)
    return [path.stat().st_size, crc]


def open_states(digest: str) -> States | None:
    """Return the stored states, or None; a damaged set is moved aside. Checksums are read once per process."""
    path = folder("states", digest)
    if not path.is_dir():
        return None
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        _verify(path, manifest)
        plan = json.loads((path / _PLAN).read_bytes())
        tokens = np.fromfile(path / _TOKENS, np.int32)[:-1]
        source = TypeAdapter(Source).validate_python(manifest["source"])
        return States(path, tuple(plan["layers"]), plan["width"], np.array(plan["starts"], np.int64), tokens, source)
    except (OSError, ValueError, KeyError, TypeError) as error:
        set_aside(path, str(error))
        return None


def _verify(path: Path, manifest: dict[str, Any]) -> None:
    if manifest["schema"] != SCHEMA:
        raise ValueError(f"schema {manifest['schema']}, wanted {SCHEMA}")
    key = (str(path), (path / MANIFEST).stat().st_mtime_ns)
    for name, (size, crc) in manifest["files"].items():
        if (path / name).stat().st_size != size:
            raise ValueError(f"{name} has {(path / name).stat().st_size} bytes, wanted {size}")
        if key not in _verified and checksum(path / name) != [size, crc]:
            raise ValueError(f"{name} does not match its checksum")
    _verified.add(key)
