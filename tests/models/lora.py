"""A small LoRA made by PEFT itself, on the model with its head, as people train and save them."""

import warnings
from pathlib import Path
from typing import Any


def peft_model(make: Any, *arguments: Any) -> Any:
    """Call one of PEFT's makers of whole models, which read an attribute that transformers no longer likes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing.*", FutureWarning)
        return make(*arguments)


def lora(base: Path, folder: Path, *, kind: str = "AutoModelForCausalLM", **changes: Any) -> Path:
    """Save an adapter of rank 2 whose two halves are both random, so that it changes every state."""
    import peft
    import torch
    import transformers

    net = getattr(transformers, kind).from_pretrained(base)
    options = {"r": 2, "target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.5, **changes}
    made = getattr(peft, options.pop("config", "LoraConfig"))(**options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = peft_model(peft.get_peft_model, net, made)
        for name, weights in model.named_parameters():
            if any(part in name for part in ("lora_", "ia3_", "hada_", "lokr_")):
                weights.data = 0.3 * torch.randn_like(weights)
    model.save_pretrained(folder)
    return folder
