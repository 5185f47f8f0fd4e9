"""Will it fit? Arithmetic on a model's shape, before a weight is read; neither torch nor transformers is needed for it.

weights     = parameters × size; quantised, the matrices of linear layers take 8 or 4.5 bits and the rest 16
activations = tokens × (kept layers × width + working width) × size × 1.3, and with eager attention texts × heads ×
              tokens of a text² × size × 2 on top: a little too much on purpose
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import pandas as pd

from probes.devices import Device

SLACK = 1.3
TOKENS = 4096

BITS = {"float32": (32.0, 32), "bfloat16": (16.0, 16), "float16": (16.0, 16), "8bit": (8.0, 16), "4bit": (4.5, 16)}
"""Precision → bits of a weight in a linear layer, and of everything else. Four bits are 4.5 with their scales: one
float32 for 64 weights (Dettmers et al., 2023)."""


@dataclass(frozen=True)
class Shape:
    """What the size of a model follows from."""

    family: str
    parameters: int
    linear: int
    """Parameters in the matrices of linear layers: what can be quantised."""
    layers: int
    width: int
    feed_forward: int
    heads: int
    vocabulary: int
    context: int
    counted: str
    """How these numbers are known."""


@dataclass(frozen=True)
class Work:
    """What is done in one forward: `batch` texts of `tokens`, of which `layers` layers are kept whole."""

    tokens: int = TOKENS
    batch: int = 1
    layers: int = 0
    """0: each layer is pooled as it passes, as every analysis of a corpus does."""
    attention: str = "auto"


@dataclass(frozen=True)
class Need:
    """What a model takes in one precision, in bytes."""

    precision: str
    weights: int
    activations: int

    @property
    def needed(self) -> int:
        """Weights and activations together."""
        return self.weights + self.activations


def need(shape: Shape, work: Work, precision: str) -> Need:
    """Return what the work takes in one precision."""
    in_linear, elsewhere = BITS[precision]
    weights = int(shape.linear * in_linear + (shape.parameters - shape.linear) * elsewhere) // 8
    size = elsewhere // 8
    working = shape.feed_forward + 6 * shape.width  # inner layer, then queries, keys, values, and residuals
    activations = int(work.batch * work.tokens * (work.layers * shape.width + working) * size * SLACK)
    if work.attention == "eager":  # scores and their softmax, of one layer at a time
        activations += 2 * work.batch * shape.heads * work.tokens**2 * size
    return Need(precision, weights, activations)


def needs(shape: Shape, work: Work) -> pd.DataFrame:
    """Return one row a precision: precision, weights, activations, needed (bytes) and gib."""
    rows = [need(shape, work, precision) for precision in BITS]
    table = pd.DataFrame([{**vars(row), "needed": row.needed} for row in rows])
    return table.assign(gib=table["needed"] / 2**30)


def remedies(shape: Shape, work: Work, precision: str, here: Device, others: Sequence[Device]) -> list[str]:
    """Return what would make the work fit, each with its numbers, when it does not fit on `here` as it is.

    Every sentence is true of the memory that is free now. When no single change is enough, the one sentence left says
    what all of them together come to.
    """
    wanted = need(shape, work, precision).needed
    found = [f"Load it on {d.name}: {size(d.free)} are free there." for d in others if wanted <= d.free]
    half = need(shape, work, "bfloat16").needed
    if precision == "float32" and half <= here.free:
        found.append(f"Load it in bfloat16: {size(half)}.")
    found += _quantised(shape, work, precision, here)
    cards = [d for d in (here, *others) if d.name.startswith("cuda")]
    if len(cards) > 1 and here in cards and wanted <= (together := sum(d.free for d in cards)):
        found.append(f"Spread it over {len(cards)} GPUs, device 'all': {size(together)} are free together.")
    if work.layers and (less := need(shape, replace(work, layers=0), precision).needed) <= here.free:
        found.append(f"Keep no layer whole, each pooled as it passes: {size(less)}.")
    for smaller in _smaller(work):
        if (less := need(shape, smaller, precision).needed) <= here.free:
            texts = f"{smaller.batch} text{'s' if smaller.batch > 1 else ''} at a time"
            said = texts if work.batch > 1 else f"texts of {smaller.tokens:,} tokens"
            found.append(f"Read {said}: {size(less)}.")
            break
    return found or [_least(shape, work, here)]


def _quantised(shape: Shape, work: Work, precision: str, here: Device) -> list[str]:
    """Return what fewer bits would come to, where there is a GPU that can hold them."""
    if not here.name.startswith("cuda"):
        return []
    first = "" if find_spec("bitsandbytes") else " (needs pip install bitsandbytes)"
    sizes = {bits: need(shape, work, f"{bits}bit").needed for bits in (8, 4) if precision != f"{bits}bit"}
    return [f"Quantise it to {bits} bits{first}: {size(taken)}." for bits, taken in sizes.items() if taken <= here.free]


def _smaller(work: Work) -> list[Work]:
    """Return the work in smaller steps: half the texts, a quarter, … one; of one text, half its tokens and so on."""
    if work.batch > 1:
        return [replace(work, batch=work.batch >> k) for k in range(1, work.batch.bit_length())]
    return [replace(work, tokens=work.tokens >> k) for k in range(1, work.tokens.bit_length() - 6)]


def _least(shape: Shape, work: Work, here: Device) -> str:
    precision = "4bit" if here.name.startswith("cuda") else "bfloat16"
    least = Work(min(work.tokens, 128), attention=work.attention)
    taken = need(shape, least, precision).needed
    together = f"in {precision}, one text of {least.tokens} tokens at a time, {size(taken)}"
    if taken <= here.free:
        return f"All of it together fits: {together}."
    return f"Even {together}: choose a smaller model, or a machine with more memory."


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
        numbers = f"{size(self.needed)} of {size(self.free)} free on {self.device}"
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
    """Estimate a model given by name or by its configuration's values; no weight is read or fetched for it.

    `tokens` is the budget of one forward; `layers` how many layers of it are kept (0: each is pooled as it passes).
    """
    from probes.models import build, shapes  # on use: they import torch, which the arithmetic above does not need

    build.dtype_of(dtype)  # refuses what models are not loaded in
    place, shape = build.device_of(device), shapes.shape_of(model)
    taken = need(shape, Work(tokens, layers=layers), dtype)
    return Estimate(shape.parameters, taken.weights, taken.activations, free_memory(place), place, dtype)


def free_memory(device: str) -> int:
    """Return the bytes that are free on a device now, as the process that uses it sees them."""
    import psutil
    import torch  # on use, as above

    kind = device.partition(":")[0]
    if kind == "cuda":
        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    if kind == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return int(psutil.virtual_memory().available)


def size(count: int) -> str:
    """Write a number of bytes the way a person reads it."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
