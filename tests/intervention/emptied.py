"""A tiny decoder whose blocks do nothing but what a test plants in them."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

WIDTH, DEPTH = 32, 4


def emptied(folder: Path, tokenizer_of: Path, heads: int = 1) -> tuple[GPT2LMHeadModel, Any]:
    """Return the network, every block of which passes on what it gets, and its tokenizer; `saved` writes it."""
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of)
    size = {"n_embd": WIDTH, "n_layer": DEPTH, "n_head": heads, "n_positions": 64}
    config = GPT2Config(vocab_size=len(tokenizer), bos_token_id=0, eos_token_id=0, **size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = GPT2LMHeadModel(config)
    net.transformer.wte.weight.data.normal_(generator=torch.Generator().manual_seed(4))
    net.transformer.wpe.weight.data.zero_()
    for block in net.transformer.h:
        for part in (block.attn.c_proj, block.mlp.c_proj):
            part.weight.data.zero_()
            part.bias.data.zero_()
    folder.mkdir(exist_ok=True)
    tokenizer.save_pretrained(folder)
    return net, tokenizer


def direction_of(net: GPT2LMHeadModel, token: int) -> torch.Tensor:
    """Return what the head reads as that token: its row of the head, about the mean."""
    row = net.transformer.wte.weight.data[token]
    return row - row.mean()


def add_in_block(net: GPT2LMHeadModel, block: int, vector: torch.Tensor) -> None:
    """Let block `block` (from 1) add a vector to every state."""
    net.transformer.h[block - 1].mlp.c_proj.bias.data += vector


def copy_in_block(net: GPT2LMHeadModel, block: int, size: float) -> None:
    """Let block `block` add, to every token, `size` times the mean of the normed tokens up to it."""
    attention = net.transformer.h[block - 1].attn
    attention.c_attn.weight.data.zero_()
    attention.c_attn.bias.data.zero_()
    attention.c_attn.weight.data[:, 2 * WIDTH :] = torch.eye(WIDTH)
    attention.c_proj.weight.data.copy_(size * torch.eye(WIDTH))


def only_head(net: GPT2LMHeadModel, block: int, head: int) -> None:
    """Let one head alone do what `copy_in_block` put in, for its share of the numbers."""
    own = WIDTH // net.config.n_head
    keep = torch.arange(WIDTH) // own == head
    net.transformer.h[block - 1].attn.c_proj.weight.data[~keep] = 0


def think_in_block(net: GPT2LMHeadModel, block: int, size: float) -> None:
    """Let the MLP of block `block` add something of each token that is large beside the token itself."""
    weight = net.transformer.h[block - 1].mlp.c_proj.weight.data
    weight.normal_(generator=torch.Generator().manual_seed(5)).mul_(size)


def saved(net: GPT2LMHeadModel, folder: Path) -> str:
    net.save_pretrained(folder)
    return str(folder)
