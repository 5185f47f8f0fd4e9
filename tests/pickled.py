"""Checkpoints as pickles: what a tiny model looks like when it was published before there were safetensors."""

import os
from pathlib import Path
from typing import Any

import pytest

from probes.errors import StrataError
from probes.models import convert


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


def refused(folder: Path, why: str, code: str = "E-CONVERT") -> None:
    """Hold a conversion to its refusal: its reason, its code, and that nothing came of it."""
    with pytest.raises(StrataError, match=why) as caught:
        convert.convert(str(folder))
    assert caught.value.code == code
    assert not list(Path(os.environ["STRATA_HOME"]).glob("converted/*/*"))
