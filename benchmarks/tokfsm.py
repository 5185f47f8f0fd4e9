"""Claim: a model that thinks in codes, one a place, need lose little by it; the published one loses .094 nats a token.

Prints the row of the published table for a kept model, or trains one: first the decoder, then all its codebooks.

    python benchmarks/tokfsm.py                          # the kept model: about a minute
    python benchmarks/tokfsm.py train --seed 1 --into .cache/tokfsm/seed1
"""

import argparse
import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from probes.codebooks.fsm.judging import judged
from probes.codebooks.fsm.machine import tokfsm
from probes.codebooks.tokfsm import FOLDER, PUBLISHED, TOKENS, TokfsmResult, TokfsmSpec
from probes.codebooks.trained import kept
from probes.codebooks.trained.book import Rules
from probes.codebooks.trained.model import Codebooks, start_from
from probes.codebooks.trained.training import Recipe, Training
from probes.contract import Progress
from probes.models import toy

RULES = Rules(similarity="euclidean", learn="mean", commitment=0.25)
EVERY = 250
"""Steps between two checkpoints."""


def batch(draw: np.random.Generator) -> torch.Tensor:
    """Return 32 new texts."""
    return torch.from_numpy(tokfsm().texts(32, TOKENS, draw))


def go(training: Training, folder: Path) -> None:
    """Train to the end, from where a stopped run was; print the loss on the way."""
    if (folder / "training.json").exists():
        training.resume(folder)
    start, heard = time.perf_counter(), []
    while training.done < training.recipe.steps:
        heard.append(training.step(batch))
        if training.done % EVERY == 0:
            print(
                f"{training.done:,} steps, {time.perf_counter() - start:.0f} s: {np.mean(heard[-50:]):.4f}", flush=True
            )
            training.save(folder)


def sizes(depth: int, head: int, mlp: int, only: str) -> dict[str, int]:
    """Return codes by place; the first layer sees one token a row, or few: it needs few codes."""
    whole: dict[str, int] = {}
    for layer in range(depth):
        whole |= {f"{layer}.head": 64 if layer == 0 else head} if "head" in only else {}
        whole |= {f"{layer}.mlp": 11 if layer == 0 else mlp} if "mlp" in only else {}
    return whole


def train(asked: argparse.Namespace) -> None:
    """Train a decoder and its codebooks, and keep them with their optimisers in `asked.into`."""
    torch.manual_seed(asked.seed)
    net = toy.neox(tokfsm().vocabulary, TOKENS, depth=asked.depth, turn=asked.turn)
    go(Training(net, None, Recipe(asked.base, seed=asked.seed)), asked.into / "base")
    # codes start where rows are: the sum of several nearest ones is several times too long, and training never recovers
    rules = dataclasses.replace(RULES, k=asked.k, output="mean" if asked.k > 1 else "sum")
    books = Codebooks(net, sizes(asked.depth, asked.head, asked.mlp, asked.places), rules)
    start_from(books, net, batch(np.random.default_rng(asked.seed)), passes=12, seed=asked.seed)
    recipe = Recipe(asked.codes, 0.01, 2e-3, fall=0.8, seed=asked.seed + 1000)
    go(Training(net, books, recipe), asked.into / "codes")
    net.eval(), books.eval()
    kept.save(
        kept.Trained(net, books, {"seed": asked.seed, "base": asked.base, "codes": asked.codes}),
        asked.into,
        torch.float16,
    )


def row(result: TokfsmResult) -> list[tuple[str, float, float]]:
    """Return measure, ours, published."""
    published: dict[str, Any] = PUBLISHED
    return [
        ("loss over the floor (nats a token)", result.excess, published["excess"]),
        ("legal transitions (%)", result.legal, 100 * published["legal"]),
        ("precision of the best code of a state (%)", result.precision, 100 * published["precision"]),
        ("best neuron at the same recall (%)", result.neuron, 100 * published["neuron"]),
    ]


def main() -> None:
    """Print a row, or train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("row", "train"), default="row")
    parser.add_argument("--folder", type=Path, default=FOLDER / "seed0")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--into", type=Path, default=Path(".cache/tokfsm/seed"))
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--places", default="head,mlp")
    parser.add_argument("--turn", type=float, default=math.pi, help="radians that the fastest positions turn a token")
    for name, default in (("base", 1000), ("codes", 1800), ("head", 512), ("mlp", 1024), ("k", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.what == "train":
        train(asked)
        return
    result = judged(TokfsmSpec(texts=asked.texts, seed=asked.seed), asked.folder, Progress())
    print(result.headline())
    for name, ours, published in row(result):
        print(f"{name:45} ours {ours:8.4f}  published {published:8.4f}  difference {ours - published:+8.4f}")
    print(f"legal {result.low:.1f} to {result.high:.1f} %, first {result.first:.1f} %; loss ± {result.half:.4f}; "
          f"accuracy {result.accuracy:.2f} of {result.best_accuracy:.2f} %; recall {result.recall:.1f} %; "
          f"dead {result.dead:.1f} %")  # fmt: skip
    print(result.books.round(3).to_string(index=False))
    print(result.patches.round(3).to_string(index=False))
    print(result.edits.round(3).to_string(index=False))
    print(f"by F1: precision {result.states.by_f1.mean():.3f}, recall {result.states.by_f1_recall.mean():.3f}")


if __name__ == "__main__":
    main()
