"""Where a model goes on from when another state's codes are put in after a walk of its own.

Both walks are random and equally long, so that nothing but codes is handed over: neither the place in the text nor what
was read before. The codes of all digits of the last state are put in; the model then says one more state itself. What
was read stays readable: attention can go back to the digits themselves, which are no codes.
"""

from typing import Any

import numpy as np
import pandas as pd
import torch

from probes.codebooks.fsm.machine import Floats, Ints, Machine
from probes.codebooks.fsm.patching import divergence, expected, sets
from probes.codebooks.trained.model import Codebooks, forcing
from probes.stats import wilson

COLUMNS = ["patch", "divergence", "followed", "low", "high", "stayed", "chance"]


def edited(
    net: Any, books: Codebooks, machine: Machine, *, pairs: int = 500, read: int = 4, seed: int = 0
) -> pd.DataFrame:
    """Return one row a set of codebooks: patch, divergence, followed with low and high, stayed, chance.

    Of `pairs` walks of `read` states (without those whose last states are the same), `followed` is the share that go on
    where the other walk's last state may go (Wilson interval), `stayed` where their own may, and `chance` what states
    drawn evenly would. `divergence` is that of the next digit from the other walk's, 1 without an edit.
    """
    draw = np.random.default_rng([seed, 3])
    here, there = (machine.walk(pairs, read, draw) for _ in range(2))
    apart = here[:, -1] != there[:, -1]
    here, there = here[apart], there[apart]
    donors, wanted = _codes(net, books, machine, there)
    known, rows, whole = machine.legal, [], np.nan
    for name, chosen in sets(list(books.named())):
        given = {book: donors[book] for book in chosen}
        said, digit = _one_more(net, books, machine, here, given, seed)
        apart_now = float(divergence(digit, wanted).mean())
        whole = whole if chosen else apart_now
        at = np.where(said < machine.states, said, 0)
        followed, stayed = ((said < machine.states) & known[walks[:, -1], at] for walks in (there, here))
        share, low, high = wilson(followed.sum(), len(here)).tolist()
        chance = float(known[there[:, -1]].mean())
        rows.append((name, apart_now / whole, share, low, high, float(stayed.mean()), chance))
    return pd.DataFrame(rows, columns=COLUMNS)


def _text(machine: Machine, walks: Ints) -> torch.Tensor:
    start = np.full((len(walks), 1), machine.start)
    return torch.from_numpy(np.concatenate([start, machine.written(walks)], 1))


@torch.no_grad()
def _codes(net: Any, books: Codebooks, machine: Machine, walks: Ints) -> tuple[dict[str, torch.Tensor], Floats]:
    """Return the ids [walk, digit, part, choice] of each codebook at last states, and the next digit's chances."""
    text = _text(machine, walks)
    chances = expected(net, text, machine)
    return {n: b.taken(text.shape)[:, -machine.digits :].clone() for n, b in books.named().items()}, chances


@torch.no_grad()
def _one_more(
    net: Any, books: Codebooks, machine: Machine, walks: Ints, given: dict[str, torch.Tensor], seed: int
) -> tuple[Ints, Floats]:  # limit: the six it takes to go on from codes that are given
    """Return the state [walk] said after walks whose last has the `given` codes, and its first digit's chances."""
    text, named, draw = _text(machine, walks), books.named(), torch.Generator().manual_seed(seed)
    end, seen = text.shape[1], []
    for _ in range(machine.digits):
        with forcing(named, given, text.shape, slice(end - machine.digits, end)):
            seen.append(expected(net, text, machine))
        text = torch.cat([text, torch.multinomial(torch.from_numpy(seen[-1]), 1, generator=draw)], 1)
    return machine.read(text[:, end:].numpy())[:, 0], seen[0]
