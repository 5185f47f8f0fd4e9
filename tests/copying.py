"""A tiny model that learnt to copy, and how it learnt it: `python tests/copying.py` makes `data/samples/copying` again.

A text is a pattern of 4 to 10 different letters said over and over. From its second time on every letter can be told by
finding where the one before it stood, and copying what came next there (an induction head; Olsson et al., 2022). The
period changes from text to text, so that no fixed distance does. Two blocks of Llama's, 32 dimensions, 700 steps.
"""

import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

KEPT = Path(__file__).parents[1] / "data" / "samples" / "copying"
SPECIAL = ("[PAD]", "[MASK]")
LETTERS = string.ascii_lowercase[:22]
LENGTH, BATCH, WIDTH = 22, 32, 32
SIZES: dict[str, Any] = {
    "vocab_size": len(SPECIAL) + len(LETTERS),
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": None,
}


def tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of letters with blanks between them; it adds nothing."""
    words = {word: i for i, word in enumerate((*SPECIAL, *LETTERS))}
    made = Tokenizer(models.WordLevel(words, unk_token="[PAD]"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", mask_token="[MASK]", model_max_length=64)


def texts(draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids [text, token], and which of them have been said before."""
    ids = torch.zeros(BATCH, LENGTH, dtype=torch.long)
    again = torch.zeros(BATCH, LENGTH, dtype=torch.bool)
    for row in range(BATCH):
        period = int(torch.randint(4, 11, (1,), generator=draw))
        pattern = torch.randperm(len(LETTERS), generator=draw)[:period] + len(SPECIAL)
        ids[row] = pattern.repeat(LENGTH // period + 1)[:LENGTH]
        again[row, period:] = True
    return ids, again


def loss(net: Any, draw: torch.Generator) -> torch.Tensor:
    """Return the mean loss of what has been said before in new texts, in nats."""
    ids, again = texts(draw)
    logits, truth, there = net(ids).logits[:, :-1], ids[:, 1:], again[:, 1:]
    return torch.nn.functional.cross_entropy(logits[there], truth[there])


Lesson = Callable[[Any, torch.Generator], torch.Tensor]


def taught(net: Any, steps: int, rate: float, lesson: Lesson = loss) -> float:
    """Teach a network what a lesson asks for; return its loss in nats, averaged over the last tenth."""
    draw = torch.Generator().manual_seed(1)
    adam = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.0)
    plan = torch.optim.lr_scheduler.OneCycleLR(adam, rate, total_steps=steps)
    losses = []
    for _ in range(steps):
        found = lesson(net, draw)
        adam.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        plan.step()
        losses.append(found.item())
    tail = losses[-(steps // 10) :]
    return sum(tail) / len(tail)


def main(folder: Path = KEPT) -> None:
    """Teach the model and write it."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = LlamaForCausalLM(LlamaConfig(num_key_value_heads=4, tie_word_embeddings=False, **SIZES))
    print(f"{taught(net, 700, 5e-3):.3f} nats")
    net.save_pretrained(folder)
    tokenizer().save_pretrained(folder)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
