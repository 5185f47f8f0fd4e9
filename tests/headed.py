"""Tiny checkpoints saved with their head, and how many hooks a model carries."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from probes.models import Model

OWN: dict[str, dict[str, Any]] = {
    "gemma2": {"head_dim": 8, "final_logit_softcapping": 2.0},
    "cohere": {"logit_scale": 0.3},
    "granite": {"logits_scaling": 3.0},
    "opt": {"ffn_dim": 32, "word_embed_proj_dim": 16},
    "albert": {"embedding_size": 8},
    "electra": {"embedding_size": 8},
}


def saved(family: str, folder: Path, tokenizer_of: Path, *, masked: bool, **changes: Any) -> Path:
    """Save a tiny random checkpoint with its head, every parameter moved away from what it starts as."""
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 32, "max_position_embeddings": 600, "num_key_value_heads": 1}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    config = CONFIG_MAPPING[family](**sizes, **ids, **OWN.get(family, {}), **changes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        net = (AutoModelForMaskedLM if masked else AutoModelForCausalLM).from_config(config)
        for weights in net.parameters():
            weights.data += 0.1 * torch.randn_like(weights)
    net.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def hooks(model: Model) -> int:
    """Count the hooks on every module."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.net.modules())
