"""Which GPUs a machine has, asked of the driver's own library: CUDA is never started in a process that only counts."""

import ctypes
import os


def gpus() -> list[str]:
    """Return the GPUs this process may use, named as CUDA_VISIBLE_DEVICES names them."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:  # CUDA reads the list up to the first name that is no device
        names = [name.strip() for name in allowed.split(",")]
        return names[: names.index("-1")] if "-1" in names else [name for name in names if name]
    return [str(index) for index in range(_counted())]


def environments() -> list[dict[str, str]]:
    """Return what each worker process is told: one GPU each, in the order the driver counts them; else one of CPU."""
    return [{"CUDA_VISIBLE_DEVICES": name, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"} for name in gpus()] or [{}]


def _counted() -> int:
    """Count what NVIDIA's management library sees; 0 when there is no such library or driver."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return 0
    count = ctypes.c_uint(0)
    if library.nvmlInit_v2() != 0:
        return 0
    try:
        return count.value if library.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0 else 0
    finally:
        library.nvmlShutdown()
