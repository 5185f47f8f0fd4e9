"""Checkpoints as pickles: what a tiny model looks like when it was published before there were safetensors."""

from pathlib import Path
from typing import Any


def weights_of(folder: Path) -> Any:
    """Return a folder's tensors by name."""
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def pickled(folder: Path, content: Any, **how: Any) -> Path:
    """Put a file of torch's in place of the safetensors."""
    import torch

    (folder / "model.safetensors").unlink(missing_ok=True)
    torch.save(content, folder / "pytorch_model.bin", **how)
    return folder
