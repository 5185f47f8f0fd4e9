"""Training decoders and their codebooks: one loop, that may be stopped after any step and goes on to the same bits."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from probes.codebooks.trained.book import Book, follow, restart
from probes.codebooks.trained.model import Codebooks
from probes.codebooks.trained.muon import Muon

Batch = Callable[[np.random.Generator], torch.Tensor]
"""Draws the tokens [text, token] of one step."""


@dataclass(frozen=True)
class Recipe:
    """How long and how fast: the rates rise over `warm` steps, hold, and fall in a line to nothing."""

    steps: int
    matrices: float = 0.02
    """Rate of the blocks' matrices."""
    others: float = 5e-3
    """Rate of embeddings, norms, biases, the head and codes that learn by gradient, which AdamW trains."""
    decay: float = 0.01
    warm: int = 50
    fall: float = 0.7
    """Share of the steps over which the rates fall."""
    books: float = 1.0
    """Weight of the codebooks' losses, each divided by the variance of what its codebook sees."""
    half: bool | None = None
    """Compute in bfloat16 where that loses little; None: where the machine does so in hardware, and is not slowed."""
    restart: int = 10
    """Steps between two looks for dead codes, in the first three quarters; 0 for none."""
    muon: bool = True
    """Matrices are trained by Muon (Jordan, 2024), whose step costs as much as many tokens; otherwise by AdamW."""
    many: int = 0
    """Codes a token at the beginning, which fall to each codebook's own number by the middle; 0 for no more of them."""
    seed: int = 0

    def chosen(self, step: int, k: int) -> int:
        """Return how many codes a token gets at a step where it ends with `k`; each halving takes equally long."""
        if self.many <= k:
            return k
        return max(k, round(self.many * (k / self.many) ** min(1.0, 2 * step / self.steps)))

    def rate(self, step: int) -> float:
        """Return the share of the full rate at a step."""
        left = (self.steps - step) / self.steps
        return min(1.0, (step + 1) / self.warm) * min(1.0, left / self.fall)


def swift_half(device: torch.device) -> bool:
    """Whether bfloat16 is faster there than float32; a CPU of AVX2 takes four times as long for it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return torch.backends.cpu.get_cpu_capability() not in ("DEFAULT", "NO AVX", "AVX2")


class Training:
    """A decoder in training, with codebooks or without."""

    def __init__(self, net: nn.Module, books: Codebooks | None, recipe: Recipe) -> None:
        self.net, self.books, self.recipe = net, books, recipe
        self.named: dict[str, Book] = books.named() if books is not None else {}
        matrices, others = groups(net, books)
        first: torch.optim.Optimizer
        if recipe.muon:
            first = Muon(matrices, recipe.matrices, recipe.decay)
        else:
            first = torch.optim.AdamW(matrices, recipe.matrices, betas=(0.9, 0.98), weight_decay=recipe.decay)
        adam = torch.optim.AdamW(others, recipe.others, betas=(0.9, 0.98), weight_decay=0)
        self.optimisers: tuple[torch.optim.Optimizer, ...] = (first, adam)
        self.rates = (recipe.matrices, recipe.others)
        self.done = 0
        self.draw = np.random.default_rng(recipe.seed)
        self.other = torch.Generator().manual_seed(recipe.seed)

    def step(self, batch: Batch) -> float:
        """Take one step; return its loss in nats a token."""
        self._modes(True)
        for book in self.named.values():
            chosen = self.recipe.chosen(self.done, book.rules.k)
            book.k = chosen if book.rules.pursuit else min(chosen, book.codes.shape[1])  # a pursuit may repeat one
        for optimiser, rate in zip(self.optimisers, self.rates, strict=True):
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = rate * self.recipe.rate(self.done)
        device = next(self.net.parameters()).device
        tokens = batch(self.draw).to(device)
        half = swift_half(device) if self.recipe.half is None else self.recipe.half
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            logits = self.net(input_ids=tokens).logits
        loss = F.cross_entropy(logits[:, :-1].float().flatten(0, 1), tokens[:, 1:].flatten())
        (loss + self._of_books()).backward()
        nn.utils.clip_grad_norm_([p for o in self.optimisers for g in o.param_groups for p in g["params"]], 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self._codes()
        self.done += 1
        return float(loss.detach())

    def _of_books(self) -> torch.Tensor:
        losses = [b.loss / b.seen.var(0).sum().clamp(min=1e-6) for b in self.named.values()]
        return self.recipe.books * torch.stack(losses).mean() if losses else torch.zeros(())

    def _codes(self) -> None:
        recipe = self.recipe
        looks = recipe.restart and self.done % recipe.restart == 0 and self.done < 0.75 * recipe.steps
        for book in self.named.values():
            if book.rules.learn == "mean":
                follow(book)
                if looks:
                    restart(book, 0.05, self.other)

    def _modes(self, training: bool) -> None:
        self.net.train(training)
        if self.books is not None:
            self.books.train(training)

    def save(self, folder: Path) -> None:
        """Write everything the next step depends on: safetensors and JSON, nothing that is executed on reading."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"net.{n}": v for n, v in self.net.state_dict().items()}
        tensors |= {f"books.{n}": v for n, v in self.books.state_dict().items()} if self.books is not None else {}
        plain: dict[str, Any] = {"done": self.done, "draw": self.draw.bit_generator.state}
        tensors["generator"] = self.other.get_state()
        tensors["torch"] = torch.get_rng_state()
        for place, optimiser in enumerate(self.optimisers):
            for number, state in optimiser.state_dict()["state"].items():
                tensors |= {f"optimiser.{place}.{number}.{n}": torch.as_tensor(v) for n, v in state.items()}
        save_file({n: v.detach().clone().contiguous() for n, v in tensors.items()}, folder / "training.safetensors")
        (folder / "training.json").write_text(json.dumps(plain), "utf-8")

    def resume(self, folder: Path) -> None:
        """Go on where `save` left off: the steps that follow give the same bits as without a stop."""
        tensors = load_file(folder / "training.safetensors")
        plain = json.loads((folder / "training.json").read_text("utf-8"))
        self.net.load_state_dict(_under(tensors, "net."))
        if self.books is not None:
            self.books.load_state_dict(_under(tensors, "books."))
        for place, optimiser in enumerate(self.optimisers):
            whole = optimiser.state_dict()
            for name, value in _under(tensors, f"optimiser.{place}.").items():
                number, _, key = name.partition(".")
                whole["state"].setdefault(int(number), {})[key] = value
            optimiser.load_state_dict(whole)
        self.done = int(plain["done"])
        self.draw.bit_generator.state = plain["draw"]
        self.other.set_state(tensors["generator"])
        torch.set_rng_state(tensors["torch"])


def groups(net: nn.Module, books: Codebooks | None = None) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the matrices of the blocks, and all other weights with the codes: each trainable weight exactly once."""
    outside = ("embed", "lm_head", "wte", "wpe")
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, weight in net.named_parameters():
        if weight.requires_grad:
            inside = weight.ndim == 2 and not any(word in name for word in outside)
            (matrices if inside else others).append(weight)
    return matrices, others + (list(books.parameters()) if books is not None else [])


def _under(tensors: dict[str, torch.Tensor], start: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
