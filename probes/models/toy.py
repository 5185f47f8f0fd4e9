"""Small decoders without a tokenizer, for languages whose tokens are numbers; kept as Hugging Face checkpoints."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from probes.models.build import quiet


@dataclass(frozen=True)
class Shape:
    """What a small decoder is like."""

    depth: int = 4
    heads: int = 4
    width: int = 128
    turn: float = 1.0
    """Radians a token by which positions turn the fastest pair of a head's dimensions; all pairs turn, not a quarter of
    them as is usual. At pi, and not at the usual 1, a head can tell every second token from those between at any
    distance."""
    parallel: bool = True
    """Whether a layer's MLP stands beside its attention, as is usual of this family, and sees only what entered the
    layer. In a model of one layer nothing is then made of two tokens together."""


def neox(vocabulary: int, context: int, shape: Shape = Shape()) -> nn.Module:
    """Return an untrained GPT-NeoX; `torch.manual_seed` decides its weights."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    rope = {"rope_type": "linear", "factor": 1 / shape.turn, "rope_theta": 10_000.0, "partial_rotary_factor": 1.0}
    with quiet():  # Transformers expects factors to slow positions down, and says so
        config = GPTNeoXConfig(
            vocab_size=vocabulary,
            hidden_size=shape.width,
            num_hidden_layers=shape.depth,
            num_attention_heads=shape.heads,
            intermediate_size=4 * shape.width,
            max_position_embeddings=context,
            rope_parameters=rope,
            use_parallel_residual=shape.parallel,
            bos_token_id=vocabulary - 1,
            eos_token_id=vocabulary - 1,
            use_cache=False,
        )
        net: Any = GPTNeoXForCausalLM(config)
    net.set_attn_implementation("eager")  # with heads this narrow twice as fast to train on a CPU as the fused kernel
    found: nn.Module = net
    return found


def decoder(folder: Path) -> nn.Module:
    """Return the decoder of a local checkpoint, in float32 and ready to be used: only safetensors are read."""
    from transformers import AutoModelForCausalLM

    with quiet():
        net: nn.Module = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        )
    return net.eval()


def keep(net: Any, folder: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write a decoder as an ordinary Hugging Face checkpoint; its weights stay as they are."""
    state = {name: value.detach().to(dtype).contiguous() for name, value in net.state_dict().items()}
    net.save_pretrained(folder, state_dict=state)


def further(net: Any, tokens: torch.Tensor, kept: Any = None) -> tuple[torch.Tensor, Any]:
    """Return the last token's logits [text, token id] after more tokens, and what to hand in with those that follow.

    What the model keeps of earlier tokens is called `cache` in newer releases of Transformers.
    """
    name = "cache" if "cache" in inspect.signature(net.forward).parameters else "past_key_values"
    out = net(input_ids=tokens, use_cache=True, **{name: kept})
    return out.logits[:, -1], out[name] if name in out else out["past_key_values"]
