"""Which devices this machine has and how much memory is free on each, asked without opening any of them.

The interface process must never hold a CUDA context, so NVIDIA's management library is asked and torch is not. That
library counts cards as the driver does; CUDA_VISIBLE_DEVICES is applied here, as torch would apply it.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True)
class Device:
    """A place where a model can be: as torch names it, as its maker does, and its memory in bytes."""

    name: str
    title: str
    free: int
    total: int


def devices() -> tuple[Device, ...]:
    """Return every device of this machine, accelerators first; of a cluster's machines nothing is known here."""
    memory = psutil.virtual_memory()
    cpu = Device("cpu", "main memory", int(memory.available), int(memory.total))
    if platform.system() == "Darwin" and platform.machine() == "arm64":  # one memory for both
        return Device("mps", "Apple GPU, main memory", cpu.free, cpu.total), cpu
    return (*_cards(os.environ.get("CUDA_VISIBLE_DEVICES")), cpu)


def environments() -> list[dict[str, str]]:
    """Return what each worker process is told: one GPU each, in the order the driver counts them; else one of CPU."""
    return [{"CUDA_VISIBLE_DEVICES": name, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"} for name in _names()] or [{}]


def _names() -> list[str]:
    """Name the GPUs this process may use, as CUDA_VISIBLE_DEVICES names them; parts of a card (MIG) among them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:  # CUDA reads the list up to the first name that is no device
        names = [name.strip() for name in visible.split(",")]
        return names[: names.index("-1")] if "-1" in names else [name for name in names if name]
    with _driver() as nvml:
        return [str(index) for index in range(_count(nvml))]


@contextmanager
def _driver() -> Iterator[Any]:
    """Open NVIDIA's library for a moment; None without a driver."""
    import pynvml  # on use: most machines have no card, and listing models asks for none

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _count(nvml: Any) -> int:
    try:
        return nvml.nvmlDeviceGetCount() if nvml else 0
    except nvml.NVMLError:  # a driver that does not answer
        return 0


def _cards(visible: str | None) -> tuple[Device, ...]:
    """Return NVIDIA's cards; none without a driver, and none when the driver does not answer."""
    with _driver() as nvml:
        if not nvml:
            return ()
        try:
            handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(_count(nvml))]
            names = [str(nvml.nvmlDeviceGetUUID(handle)) for handle in handles]
            return tuple(_card(nvml, k, handles[i]) for k, i in enumerate(_seen(names, visible)))
        except nvml.NVMLError:
            return ()


def _card(nvml: Any, number: int, handle: Any) -> Device:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return Device(f"cuda:{number}", str(nvml.nvmlDeviceGetName(handle)), int(memory.free), int(memory.total))


def _seen(uuids: list[str], visible: str | None) -> list[int]:
    """Return which cards CUDA shows, in its order: numbers or the beginnings of names, up to the first unknown one."""
    if visible is None:
        return list(range(len(uuids)))
    found: list[int] = []
    for part in (p.strip() for p in visible.split(",")):
        by_name = [i for i, uuid in enumerate(uuids) if part.startswith("GPU-") and uuid.startswith(part)]
        number = int(part) if part.isdecimal() else -1
        if len(by_name) != 1 and not 0 <= number < len(uuids):
            break
        found.append(by_name[0] if by_name else number)
    return found
