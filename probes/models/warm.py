"""The models a process keeps: as many as fit, the least recently asked for given up first, and never both at a peak.

A model that is wanted and not there makes room before it is loaded. Two are kept whenever both fit (a model and its
random twin), more while all of them together stay under half of the device's memory.
"""

import gc
import sys
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psutil
import torch

from probes import store
from probes.errors import StrataError
from probes.models import build, loading
from probes.models.choice import ReadsModel
from probes.models.loading import Prepared
from probes.models.model import Model
from probes.models.oom import out_of_memory
from probes.store import Resident

MARGIN = 1.2
"""A model must fit with a fifth to spare: its buffers, the pieces it is loaded in, the first batch."""
SHARE = 0.5
"""The part of a device's memory that more than two models may fill."""

Key = tuple[Any, ...]
Insert = Callable[[ReadsModel, Model], Model]
"""Puts something into a model that was just loaded, and into no other (codebooks); a function of a module, as it is
part of what the model is kept under."""


@dataclass
class _Held:
    model: Model
    resident: Resident


@dataclass
class Warm:
    """The registry; one lock, so that two threads that ask for one model share its load and two loads never overlap."""

    held: "OrderedDict[Key, _Held]" = field(default_factory=OrderedDict)
    lock: Any = field(default_factory=threading.RLock)

    def get(self, choice: ReadsModel, random_init: int | None, insert: Insert | None = None) -> Model:
        """Return the model of a choice, loaded at most once while it is kept; with what is inserted, apart from it."""
        choice = choice.choice().model_copy(update={"device": build.device_of(choice.device)})
        key = (*choice.model_dump().values(), random_init, insert)
        with self.lock:
            if key not in self.held:
                self._load(key, loading.prepare(choice, random_init), partial(insert, choice) if insert else None)
            self.held.move_to_end(key)
            return self.held[key].model

    def clear(self) -> None:
        """Give everything up."""
        with self.lock:
            self.held.clear()
            self._released()

    def _load(self, key: Key, prepared: Prepared, insert: Callable[[Model], Model] | None) -> None:
        need = prepared.need
        device = prepared.way.device
        while (oldest := self._oldest(device)) is not None and not self._fits(need, device):
            del self.held[oldest]
            self._released()
        model = self._tried(prepared, insert)
        if model is None and self.held:  # the estimate was too low, or something else took the memory
            self.clear()
            model = self._tried(prepared, insert)
        if model is None:
            self.clear()
            raise _too_large(prepared.choice.model, need, device)
        place = Resident(model.name, model.dtype, model.device, model.bytes)
        self.held[key] = _Held(model, place)
        self._note()

    def _tried(self, prepared: Prepared, insert: Callable[[Model], Model] | None) -> Model | None:
        """Load, or return None when memory ran out and everything that was half-made is gone again."""
        try:
            model = loading.made(prepared)
            return insert(model) if insert else model
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            traceback.clear_frames(error.__traceback__)  # which hold what was loaded so far
        _collect()
        return None

    def _oldest(self, device: str) -> Key | None:
        """Name the model to give up first: of those whose memory would be of use."""
        return next((key for key, one in self.held.items() if _same_memory(one.model.device, device)), None)

    def _fits(self, need: int, device: str) -> bool:
        if device == "meta":
            return True
        here = [held.model.bytes for held in self.held.values() if _same_memory(held.model.device, device)]
        free = free_memory(device)
        most = (free + sum(here)) * SHARE
        return need * MARGIN <= free and (len(here) < 2 or sum(here) + need <= most)

    def _released(self) -> None:
        _collect()
        self._note()

    def _note(self) -> None:
        store.note_residents([held.resident for held in self.held.values()])


def free_memory(device: str) -> int:
    """Return the bytes that are free for models on a device; of "all", on every GPU together."""
    if device == "all":
        return sum(free_memory(f"cuda:{i}") for i in range(torch.cuda.device_count()))
    kind = device.partition(":")[0]
    if kind == "cuda":
        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    if kind == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return int(psutil.virtual_memory().available)


def _same_memory(one: str, other: str) -> bool:
    """Whether two devices take from the same memory; "cuda" is the first GPU, "all" is every GPU."""
    kinds = {"cuda" if name == "all" else name.partition(":")[0] for name in (one, other)}
    numbers = {"0" if name == "cuda" else name.partition(":")[2] for name in (one, other)}
    return len(kinds) == 1 and (len(numbers) == 1 or "all" in (one, other))


def _collect() -> None:
    """Return what nobody holds any more to the device: modules and hooks refer to each other in circles."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if "mps" in sys.modules and torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _too_large(name: str, need: int, device: str) -> StrataError:
    return StrataError(
        "E-MEMORY",
        f"'{name[:200]}' did not fit: its weights take {need / 2**30:.2f} GiB, and {device} has "
        f"{free_memory(device) / 2**30:.2f} GiB free.",
        "Nothing of it was kept, and what was loaded before has been given up too.",
        "Choose bfloat16, 8 or 4 bits (quantise, on a CUDA GPU), device all, or a smaller model; then try again.",
    )


_WARM = Warm()


def loaded(choice: ReadsModel, *, random_init: int | None = None, insert: Insert | None = None) -> Model:
    """Return what `load` would, from this process's memory when it is kept there.

    With `insert` it is a model of its own, with that put in; the one without is kept beside it, as it was.
    """
    return _WARM.get(choice, random_init, insert)


def forget() -> None:
    """Give up every model this process keeps."""
    _WARM.clear()
