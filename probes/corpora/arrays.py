"""Arrays of numbers in `.npy` and `.safetensors` files: their headers are judged first, then the bytes are mapped.

Nothing is unpickled, and nothing is read into memory before it is used: a file of 10 GB costs its header.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from probes.errors import StrataError

KINDS = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I8": "|i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "U8": "|u1"}
"""Kind of number in a safetensors header → numpy's; bfloat16 has none."""
MOST_LAYERS, MOST_WIDTH = 512, 65_536
_SAVE = "Save it as float32 [row, width], or [layer, row, width] for several layers."


def open_npy(path: Path) -> dict[str, np.ndarray]:
    """Map a .npy file as layers [row, width]; E-MATRIX-FILE when damaged or of Python objects, E-MATRIX-SHAPE."""
    try:
        found = npy.open_memmap(path, mode="r")
    except (ValueError, OSError, OverflowError, MemoryError) as error:
        if "Python objects" in str(error):
            why = "Objects are stored as a pickle, which could run any program; it is never opened."
            raise StrataError("E-MATRIX-FILE", f"'{path.name}' holds Python objects.", why, _SAVE) from error
        raise damaged(path, error) from error
    return layered("values", found, path.name)


def open_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Map every tensor of a safetensors file as a layer, in the order of their names (2 before 10)."""
    from safetensors import SafetensorError, safe_open  # on use, as all that reads files

    try:
        with safe_open(path, framework="numpy") as file:  # judges the header: offsets, overlaps, sizes
            names = list(file.keys())
    except (SafetensorError, OSError) as error:
        raise damaged(path, error) from error
    header = _header(path)
    found: dict[str, np.ndarray] = {}
    for name in sorted(names, key=natural):
        kind, shape = str(header[name]["dtype"]), tuple(header[name]["shape"])
        first = int(header[name]["data_offsets"][0])
        if kind not in KINDS:
            raise StrataError("E-MATRIX-FILE", f"Tensor '{name[:60]}' of '{path.name}' is of {kind}.", fix=_SAVE)
        if math.prod(shape):
            array: np.ndarray = np.memmap(path, KINDS[kind], "r", header[""]["start"] + first, shape)
        else:
            array = np.zeros(shape, KINDS[kind])
        found |= layered(name, array, path.name)
    return found


def _header(path: Path) -> dict[str, dict[str, Any]]:
    """Return what safetensors' own reader has judged to be a sound header, and under "" where the numbers start."""
    import json

    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return {**json.loads(file.read(size)), "": {"start": 8 + size}}


def layered(name: str, array: np.ndarray, file: str) -> dict[str, np.ndarray]:
    """Return an array as layers [row, width] by name; E-MATRIX-SHAPE says what came and what is wanted."""
    said = f"'{name[:60]}' of '{file}' is {list(array.shape)} of {array.dtype}."
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8 or array.dtype.names:
        raise StrataError("E-MATRIX-SHAPE", said, "A matrix is of real numbers.", _SAVE)
    if array.ndim not in (2, 3) or not array.size:
        raise StrataError("E-MATRIX-SHAPE", said, "A matrix has rows of numbers, at least one of each.", _SAVE)
    if array.shape[-1] > MOST_WIDTH or (array.ndim == 3 and len(array) > MOST_LAYERS):
        why = f"It may have {MOST_LAYERS} layers and {MOST_WIDTH:,} dimensions."
        raise StrataError("E-MATRIX-SHAPE", said, why, "Is it [row, width], or [layer, row, width]?")
    if array.ndim == 2:
        return {name: array}
    start = "" if name == "values" else f"{name} "
    return {f"{start}{k}": array[k] for k in range(len(array))}


def natural(name: str) -> tuple[object, ...]:
    """Return a key that sorts numbers inside names by their size.

    >>> sorted(["layer10", "layer2", "a"], key=natural)
    ['a', 'layer2', 'layer10']
    """
    parts, digits = [], ""
    for c in f"{name}\0":
        if c.isascii() and c.isdigit():
            digits += c
            continue
        if digits:
            parts.append((0, int(digits[:300]), ""))
            digits = ""
        parts.append((1, 0, c))
    return tuple(parts)


def damaged(path: Path, error: Exception) -> StrataError:
    """Return the refusal of a file that cannot be read, with the reader's own words."""
    why = " ".join(str(error).split())[:300]
    return StrataError("E-MATRIX-FILE", f"'{path.name}' cannot be read as a matrix.", why, "Write it again.")
