"""A tiny model that learnt to fill in, and how: `python tests/filling.py` makes `data/samples/filling` again.

A text is eight letters, drawn with repeats, said twice. A masked letter can only be told from the same place of the
other half, eight tokens on or back: nothing else says anything of it. Two blocks of BERT's, 32 dimensions.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from copying import BATCH, LETTERS, SIZES, SPECIAL, taught, tokenizer
from transformers import BertConfig, BertForMaskedLM

KEPT = Path(__file__).parents[1] / "data" / "samples" / "filling"
HALF, MASKED = 8, 3
"""Letters of a half; places of a text that are masked while learning, never both of a letter."""


def texts(draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids [text, token], and which of them are to be masked."""
    half = torch.randint(len(LETTERS), (BATCH, HALF), generator=draw) + len(SPECIAL)
    order = torch.rand(BATCH, HALF, generator=draw).argsort(1)[:, :MASKED]
    side = torch.randint(2, order.shape, generator=draw)
    masked = torch.zeros(BATCH, 2 * HALF, dtype=torch.bool)
    masked.scatter_(1, order + HALF * side, True)
    return half.repeat(1, 2), masked


def loss(net: Any, draw: torch.Generator) -> torch.Tensor:
    """Return the mean loss of the masked letters of new texts, in nats."""
    ids, masked = texts(draw)
    logits = net(ids.masked_fill(masked, SPECIAL.index("[MASK]"))).logits
    return torch.nn.functional.cross_entropy(logits[masked], ids[masked])


def main(folder: Path = KEPT) -> None:
    """Teach the model and write it."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = {name: value for name, value in SIZES.items() if value is not None}
    config = BertConfig(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, type_vocab_size=1, **sizes)
    net = BertForMaskedLM(config)
    print(f"{taught(net, 2000, 5e-3, loss):.4f} nats")
    net.save_pretrained(folder)
    tokenizer().save_pretrained(folder)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
