"""When memory runs out, every allocator says so in its own way."""

import torch


def out_of_memory(error: BaseException) -> bool:
    """Tell an allocator that gave up: CUDA has a type for it, the CPU and MPS only words."""
    said = isinstance(error, RuntimeError) and ("allocate memory" in str(error) or "out of memory" in str(error))
    return said or isinstance(error, torch.OutOfMemoryError | MemoryError)
