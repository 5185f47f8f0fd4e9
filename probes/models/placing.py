"""Where a model's weights stand and in how many bits: one device, all GPUs through accelerate, 8 or 4 bits."""

import importlib.util
from typing import Any

import torch

from probes.errors import StrataError

WHERE = {"cpu": "in the machine's memory", "disk": "on disk", "meta": "nowhere"}


def options(quantise: str, device: str) -> dict[str, Any]:
    """Return what the loader is told of it; raises E-QUANTISE when this machine cannot hold weights in so few bits."""
    if quantise == "none":
        return {"device_map": "auto"} if device == "all" else {}
    if not torch.cuda.is_available():
        why = "It is done by bitsandbytes on a CUDA GPU, and this machine has none."
        raise StrataError("E-QUANTISE", f"Weights cannot be kept in {quantise} here.", why, "Choose bfloat16 instead.")
    if importlib.util.find_spec("bitsandbytes") is None:
        why = "The package bitsandbytes is not installed."
        raise StrataError("E-QUANTISE", f"Weights cannot be kept in {quantise}.", why, "pip install bitsandbytes")
    if device.partition(":")[0] not in {"cuda", "all"}:
        why = "bitsandbytes computes on CUDA GPUs."
        raise StrataError("E-QUANTISE", f"{quantise} does not run on '{device}'.", why, "Choose device cuda or all.")
    from transformers import BitsAndBytesConfig  # on use: it looks for the package

    few: Any = BitsAndBytesConfig  # transformers leaves it untyped
    bits = few(load_in_8bit=quantise == "8bit", load_in_4bit=quantise == "4bit")
    return {"device_map": "auto" if device == "all" else {"": device}, "quantization_config": bits}


def place(net: Any, device: str, *, placed: bool = False) -> str:
    """Move a model to its device, unless its loader has (`placed`); return where its inputs must be."""
    if not placed and not hasattr(net, "hf_device_map"):
        if device != "all":
            net.to(device)
            return device
        _spread(net)  # a model made of random numbers has no loader
    # the first part that is not put away decides; accelerate's own hooks bring the rest there
    parts = getattr(net, "hf_device_map", {}).values()
    first = next((where for where in parts if str(where) not in {"cpu", "disk"}), None)
    if first is None:
        return str(net.get_input_embeddings().weight.device) if not parts else "cpu"
    return f"cuda:{first}" if isinstance(first, int) else str(first)


def _spread(net: Any) -> None:
    from accelerate import dispatch_model, infer_auto_device_map

    dispatch_model(net, infer_auto_device_map(net, no_split_module_classes=list(net._no_split_modules or ())))


def notes(net: Any, quantise: str) -> tuple[str, ...]:
    """Return the sentences every reader of the states must see about bits and places."""
    said = () if quantise == "none" else (f"Weights kept in {quantise} (bitsandbytes): not the original numbers.",)
    spread = [str(where) for where in (getattr(net, "hf_device_map", None) or {}).values()]
    away = [f"{spread.count(kind)} {where}" for kind, where in WHERE.items() if kind in spread and len(set(spread)) > 1]
    slow = f"Of {len(spread)} parts of the model the GPUs could not hold all: {', '.join(away)}; reading is slow."
    return (*said, slow) if away else said
