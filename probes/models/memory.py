"""Will it fit? Answered from the configuration alone, before a weight is read.

bytes = parameters × size + tokens × (kept layers × width + working width) × size × 1.3: a little too much on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil
import torch

from probes.errors import StrataError
from probes.models import build, catalogue, fetch, vetting

SLACK = 1.3
TOKENS = 4096


@dataclass(frozen=True)
class Estimate:
    """What loading and reading a model takes on one device; sizes in bytes."""

    parameters: int
    weights: int
    activations: int
    free: int
    device: str
    dtype: str

    @property
    def needed(self) -> int:
        """Weights and activations together."""
        return self.weights + self.activations

    @property
    def fits(self) -> bool:
        """Whether what is needed is free now."""
        return self.needed <= self.free

    def __str__(self) -> str:
        """State the verdict in one sentence with its numbers, and what to do when it does not fit."""
        numbers = f"{_size(self.needed)} of {_size(self.free)} free on {self.device}"
        what = f"{self.parameters / 1e6:,.0f} M parameters in {self.dtype}"
        if self.fits:
            return f"Fits: {what} need about {numbers}."
        return f"Does not fit: {what} need about {numbers}. Choose bfloat16, a smaller model, or another device."


def estimate(
    model: str | Mapping[str, Any],
    *,
    dtype: str = "float32",
    device: str = "auto",
    tokens: int = TOKENS,
    layers: int = 0,
) -> Estimate:
    """Estimate a model given by name or by its configuration's values.

    `tokens` is the budget of one forward; `layers` how many layers of it are kept (0: each is pooled as it passes).
    A catalogue model that is not on this machine is judged by the catalogue's numbers; nothing is fetched for it.
    """
    shape = _shape(model)
    bits = build.dtype_of(dtype).itemsize
    place = build.device_of(device)
    working = shape.feed_forward + 6 * shape.width  # inner layer, then queries, keys, values, and residuals
    activations = int(tokens * (layers * shape.width + working) * bits * SLACK)
    return Estimate(shape.parameters, shape.parameters * bits, activations, free_memory(place), place, dtype)


@dataclass(frozen=True)
class _Shape:
    parameters: int
    width: int
    feed_forward: int


def _shape(model: str | Mapping[str, Any]) -> _Shape:
    if isinstance(model, str):
        entry = catalogue.entries().get(model)
        if entry is not None and not entry.cached:
            return _Shape(entry.parameters, entry.width, 4 * entry.width)
        config = build.config_of(fetch.folder_of(model).path)
    else:
        if vetting.needs_code(model) or "model_type" not in model:
            raise StrataError("E-LOAD-CONFIG", "This is not the configuration of a model built into transformers.")
        config = build.config_from(model)
    with torch.device("meta"):
        net = build.fresh(config, torch.float32)
    width = int(getattr(config, "hidden_size", 0) or config.d_model)
    inner = [getattr(config, n, None) for n in ("intermediate_size", "ffn_dim", "d_ff", "n_inner", "encoder_ffn_dim")]
    return _Shape(sum(p.numel() for p in net.parameters()), width, next((int(n) for n in inner if n), 4 * width))


def free_memory(device: str) -> int:
    """Return the bytes that are free on a device now."""
    kind = device.partition(":")[0]
    if kind == "cuda":
        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    if kind == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return int(psutil.virtual_memory().available)


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
