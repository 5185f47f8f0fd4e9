"""What codes do: those of another input, put in at the last token, make a model expect what it expects there.

Also how pure codes are: whether one fires on one input only.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from probes.codebooks.fired import each_once, firing
from probes.codebooks.fsm.floor import prefixes
from probes.codebooks.fsm.machine import Floats, Ints, Machine
from probes.codebooks.trained.model import Codebooks, forcing


def divergence(one: Floats, other: Floats) -> Floats:
    """Return the Jensen-Shannon divergence of distributions [..., outcome] in nats: 0 for equal ones, at most ln 2."""
    middle = (one + other) / 2
    return (_relative(one, middle) + _relative(other, middle)) / 2


def _relative(one: Floats, other: Floats) -> Floats:
    inside = np.where(one > 0, one, 1)
    total: Floats = (inside * np.log(inside / np.where(one > 0, other, 1)) * (one > 0)).sum(-1)
    return total


def inputs(machine: Machine, digits: int) -> Ints:
    """Return every input [input, token] of the start, a state, and so many digits of the next that may follow it."""
    states = np.arange(machine.states)
    rows = [np.full((machine.states, 1), machine.start), machine.written(states[:, None])]
    whole = np.concatenate(rows, 1)
    if not digits:
        return whole
    state, prefix = np.nonzero(prefixes(machine, machine.chances, digits) > 0)
    powers = machine.base ** np.arange(digits - 1, -1, -1)
    return np.concatenate([whole[state], prefix[:, None] // powers % machine.base], 1)


@torch.no_grad()
def purity(net: Any, books: Codebooks, machine: Machine) -> pd.DataFrame:
    """Return one row a codebook and input length: book, tokens, fired (codes), pure (share that fired on one input)."""
    rows = []
    for digits in (0, 1):
        given = inputs(machine, digits)
        net(input_ids=torch.from_numpy(given))
        for name, book in books.named().items():
            last = book.taken(given.shape)[:, -1]
            once = each_once(last.numpy())
            counts = [np.bincount(firing(once[:, part])) for part in range(last.shape[1])]  # inputs each code fires on
            seen = sum(int((c > 0).sum()) for c in counts)
            rows.append((name, machine.digits + digits, seen, sum(int((c == 1).sum()) for c in counts) / seen))
    return pd.DataFrame(rows, columns=["book", "tokens", "fired", "pure"])


def patched(net: Any, books: Codebooks, machine: Machine, pairs: int = 500, seed: int = 0) -> pd.DataFrame:
    """Return one row a set of codebooks: patch, divergence from the target's output (1 without a patch), to_truth.

    Pairs are inputs of one state each, the other's codes are put in at the last token. `to_truth` is the divergence, in
    nats, from the digits that the machine allows after the target's state.
    """
    given = inputs(machine, 0)
    draw = np.random.default_rng(seed)
    here, there = draw.integers(machine.states, size=(2, pairs))
    there = np.where(here == there, (there + 1) % machine.states, there)
    named = books.named()
    plain = expected(net, torch.from_numpy(given), machine)
    codes = {n: b.taken(given.shape)[:, -1:] for n, b in named.items()}
    truth = prefixes(machine, machine.chances, 1)[there]
    rows, whole = [], float(divergence(plain[here], plain[there]).mean())
    for name, chosen in sets(list(named)):
        put = {book: codes[book][torch.from_numpy(there)] for book in chosen}
        with forcing(named, put, (pairs, given.shape[1]), slice(-1, None)):
            out = expected(net, torch.from_numpy(given[here]), machine)
        share = float(divergence(out, plain[there]).mean()) / whole
        rows.append((name, share, float(divergence(out, truth).mean())))
    return pd.DataFrame(rows, columns=["patch", "divergence", "to_truth"])


def sets(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return which codebooks are patched together: none, each, all of a place, all."""
    places = sorted({name.partition(".")[2] for name in names})
    by_place = [(f"all {p}", [n for n in names if n.endswith(f".{p}")]) for p in places] if len(places) > 1 else []
    return [("none", []), *((n, [n]) for n in names), *by_place, ("all", list(names))]


@torch.no_grad()
def expected(net: Any, given: torch.Tensor, machine: Machine) -> Floats:
    """Return the chances [input, digit] of the next digit after inputs [input, token]."""
    logits = net(input_ids=given).logits[:, -1, : machine.base]
    chances: Floats = logits.double().softmax(-1).numpy()
    return chances
