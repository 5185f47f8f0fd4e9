"""Claim: a model that thinks in codes, one a place, need lose little by it; the published one loses .094 nats a token.

Prints the row of the published table for a kept model, or trains one: first the decoder, then all its codebooks.

    python benchmarks/tokfsm.py                          # the kept model: about a minute
    python benchmarks/tokfsm.py short --folder FOLDER    # loss and legality alone
    python benchmarks/tokfsm.py train --seed 1 --into .cache/tokfsm/seed1
    python benchmarks/tokfsm.py train --start data/tokfsm/seed0 --more 64 --k 4 --into .cache/tokfsm/k4
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

from probes.codebooks.fsm.floor import floor
from probes.codebooks.fsm.judging import judged
from probes.codebooks.fsm.machine import tokfsm
from probes.codebooks.fsm.measures import say, spoken
from probes.codebooks.tokfsm import FOLDER, PUBLISHED, TOKENS, TokfsmResult, TokfsmSpec
from probes.codebooks.trained import kept
from probes.codebooks.trained.book import Rules
from probes.codebooks.trained.hearing import heard
from probes.codebooks.trained.model import Codebooks, start_from
from probes.codebooks.trained.training import Recipe, Training
from probes.contract import Progress
from probes.models import toy
from probes.models.sites import depth_of

RULES = Rules(similarity="euclidean", learn="mean", commitment=0.25)
EVERY = 50
"""Steps between two checkpoints."""


def batch(draw: np.random.Generator) -> torch.Tensor:
    """Return 32 new texts."""
    return torch.from_numpy(tokfsm().texts(32, TOKENS, draw))


def go(training: Training, folder: Path) -> None:
    """Train to the end, from where a stopped run was; print the loss on the way."""
    if (folder / "training.json").exists():
        training.resume(folder)
    start, losses = time.perf_counter(), []
    while training.done < training.recipe.steps:
        losses.append(training.step(batch))
        if training.done % EVERY == 0 or training.done == training.recipe.steps:
            print(
                f"{training.done:,} steps, {time.perf_counter() - start:.0f} s: {np.mean(losses[-50:]):.4f}", flush=True
            )
            training.save(folder)


def sizes(asked: argparse.Namespace, had: dict[str, torch.Tensor], depth: int) -> dict[str, int]:
    """Return codes by place, `asked.more` than it had; the first layer needs few where it sees one token a row, or few.

    It does beside attention; after it (`--sequential`) its MLP sees as much as any other, of what its heads tell apart.
    """
    whole = {name: codes.shape[1] + (1 if name == "0.mlp" else asked.more) for name, codes in had.items()}
    for layer in range(depth) if not had else ():
        few = layer == 0 and not asked.sequential
        whole |= {f"{layer}.head": 64 if few else asked.head}
        whole |= {f"{layer}.mlp": 11 + (asked.k > 1) if few else asked.mlp}
    return {name: size for name, size in whole.items() if name.partition(".")[2] in asked.places.split(",")}


def rules(asked: argparse.Namespace) -> Rules:
    """Return how several codes are chosen: one after another and added up, or the nearest at once.

    Codes start where rows are: the sum of several nearest ones is several times too long, and training never recovers.
    """
    if asked.k == 1:
        return RULES
    if asked.several == "pursuit":
        return dataclasses.replace(RULES, k=asked.k, pursuit=True)
    return dataclasses.replace(RULES, k=asked.k, output="mean")


def train(asked: argparse.Namespace) -> None:
    """Train a decoder, or take one that is kept with its codes, and its codebooks; keep them with their optimisers."""
    torch.manual_seed(asked.seed)
    had: dict[str, torch.Tensor] = {}
    if asked.start:
        net = toy.decoder(asked.start)
        net.set_attn_implementation("eager")  # as `toy.neox` does, and why
        had = {name: codes.float() for name, codes in kept.read(asked.start).codes.items()} if asked.more else {}
    else:
        shape = toy.Shape(asked.depth, turn=asked.turn, parallel=not asked.sequential)
        net = toy.neox(tokfsm().vocabulary, TOKENS, shape)
        go(Training(net, None, Recipe(asked.base, seed=asked.seed)), asked.into / "base")
    books = Codebooks(net, sizes(asked, had, depth_of(net)), rules(asked))
    if not (asked.into / "codes" / "training.json").exists():  # else `go` takes all up again
        start_from(books, net, batch(np.random.default_rng(asked.seed)), 12, asked.seed, had or None)
    recipe = Recipe(asked.codes, asked.rate, asked.rate / 5, fall=0.8, seed=asked.seed + 1000)
    go(Training(net, books, recipe), asked.into / "codes")
    net.eval(), books.eval()
    notes: dict[str, Any] = {"seed": asked.seed, "base": asked.base, "codes": asked.codes, "rate": asked.rate}
    if asked.start:
        notes |= {"base": f"of {asked.start.name}", "more": asked.more}
    said = []
    if asked.sequential:
        said.append(f"Its depth is {asked.depth}; in a layer the MLP comes after attention, and not beside it.")
    if asked.k > 1:
        several = "one after another, each for what those before it left" if asked.several == "pursuit" else "at once"
        said.append(f"A token has {asked.k} codes of each book, chosen {several}.")
    if said:
        notes["note"] = " ".join(said)
    kept.save(kept.Trained(net, books, notes), asked.into, torch.float16)


def row(result: TokfsmResult, k: int) -> list[str]:
    """Return a line a measure: ours, and what is published of the same places with as many codes a token."""
    places = ",".join(sorted({name.partition(".")[2] for name in result.books["book"]}))
    published = PUBLISHED.get((places, k), {})
    whole = [
        ("loss over the floor (nats a token)", "excess", 1),
        ("legal transitions (%)", "legal", 100),
        ("precision of the best code of a state (%)", "precision", 100),
        ("best neuron at the same recall (%)", "neuron", 100),
    ]
    lines = [f"{places}, k = {k}"]
    for said, name, unit in whole:
        ours = float(getattr(result, name))
        lines.append(f"{said:45} ours {ours:8.4f}")
        if name in published:
            theirs = unit * published[name]
            lines[-1] += f"  published {theirs:8.4f}  difference {ours - theirs:+8.4f}"
    return lines


def short(asked: argparse.Namespace) -> str:
    """Say what a model loses and how legal its own texts are, of the texts that a whole row is judged by."""
    model, machine = kept.load(asked.folder), tokfsm()
    texts = machine.texts(asked.texts, TOKENS, np.random.default_rng([asked.seed, 1]))
    found = heard(model.net, model.books, texts)
    legal = spoken(machine, say(model.net, machine, asked.texts, TOKENS, asked.seed))
    excess, books = found.loss - floor(machine, TOKENS).loss, len(model.books.named())
    return (f"{books} codebooks: loss over the floor {excess:.4f} ± {found.half:.4f}; "
            f"accuracy {100 * found.accuracy:.2f} %; "
            f"legal {100 * legal.legal:.1f} %, {100 * legal.low:.1f} to {100 * legal.high:.1f} %")  # fmt: skip


DEFAULTS = {"depth": 4, "turn": math.pi, "base": 1000, "head": 512, "mlp": 1024, "sequential": False}


def checked(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> argparse.Namespace:
    """Fill in what was not given; refuse what would be ignored, since what is taken over has its own."""
    if asked.more and not asked.start:
        parser.error("--more adds to the codes of --start")
    if asked.more and (asked.k == 1 or asked.several != "pursuit"):
        parser.error("--more adds codes of what those it had leave: give --k above 1, and --several pursuit")
    for name, default in DEFAULTS.items():
        owner = asked.start and ("--start" if name not in ("head", "mlp") else asked.more and "--more")
        if owner and getattr(asked, name) is not None:
            parser.error(f"--{name} is that of {asked.start} with {owner}")
        if getattr(asked, name) is None:
            setattr(asked, name, default)
    return asked


def main() -> None:
    """Print a row, or train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("row", "short", "train"), default="row")
    parser.add_argument("--folder", type=Path, default=FOLDER / "seed0")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--into", type=Path, default=Path(".cache/tokfsm/seed"))
    parser.add_argument("--depth", type=int, help="layers (4)")
    parser.add_argument("--start", type=Path, help="the folder of a kept model whose decoder is taken")
    parser.add_argument("--more", type=int, default=0, help="take its codes too, add so many to each book (0.mlp: one)")
    parser.add_argument("--rate", type=float, default=0.01, help="of matrices while codes are trained")
    parser.add_argument("--places", default="head,mlp")
    parser.add_argument("--several", choices=("pursuit", "nearest"), default="pursuit", help="how k codes are chosen")
    parser.add_argument("--sequential", action="store_true", default=None, help="MLPs after attention, not beside it")
    parser.add_argument("--turn", type=float, help="radians that the fastest positions turn a token (pi)")
    for name, said in (("base", "steps (1000)"), ("head", "codes a head (512)"), ("mlp", "codes an MLP (1024)")):
        parser.add_argument(f"--{name}", type=int, help=said)
    for name, default in (("codes", 1800), ("k", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = checked(parser, parser.parse_args())
    torch.set_num_threads(1)
    if asked.what == "train":
        train(asked)
        return
    if asked.what == "short":
        print(short(asked))
        return
    result = judged(TokfsmSpec(texts=asked.texts, seed=asked.seed), asked.folder, Progress())
    print(result.headline())
    print("\n".join(row(result, kept.rules(asked.folder).k)))
    print(f"legal {result.low:.1f} to {result.high:.1f} %, first {result.first:.1f} %; loss ± {result.half:.4f}; "
          f"accuracy {result.accuracy:.2f} of {result.best_accuracy:.2f} %; recall {result.recall:.1f} %; "
          f"dead {result.dead:.1f} %")  # fmt: skip
    print(result.books.round(3).to_string(index=False))
    print(result.patches.round(3).to_string(index=False))
    print(result.edits.round(3).to_string(index=False))
    print(f"by F1: precision {result.states.by_f1.mean():.3f}, recall {result.states.by_f1_recall.mean():.3f}")


if __name__ == "__main__":
    main()
