"""What no model can beat on a machine's texts: the loss and the accuracy of one that knows the machine."""

from dataclasses import dataclass

import numpy as np

from probes.codebooks.fsm.machine import Floats, Machine


@dataclass(frozen=True)
class Floor:
    """Mean loss in nats a token, and share of tokens guessed right, of the best guesser there can be."""

    loss: float
    accuracy: float


def floor(machine: Machine, tokens: int = 128) -> Floor:
    """Return the floor over the `tokens - 1` predicted tokens of texts whose first state is drawn evenly. Exact."""
    at = np.full(machine.states, 1 / machine.states)
    rest = tokens - 1
    loss, right = 0.0, 0.0
    first = at[None, :]
    weights = np.ones(1)
    while rest > 0:
        digits = min(rest, machine.digits)
        more, hits = _state(machine, first, weights, digits)
        loss, right, rest = loss + more, right + hits, rest - digits
        if first.shape[0] > 1:
            at = at @ machine.chances
        first, weights = machine.chances, at
    return Floor(loss / (tokens - 1), right / (tokens - 1))


def _state(machine: Machine, chances: Floats, weights: Floats, digits: int) -> tuple[float, float]:
    """Return the loss and the hits over the first `digits` digits of a state drawn from rows of weight `weights`."""
    loss, hits = 0.0, 0.0
    before = np.ones((len(chances), 1))
    for digit in range(digits):
        after = prefixes(machine, chances, digit + 1)
        split = after.reshape(len(chances), before.shape[1], machine.base)
        with np.errstate(divide="ignore", invalid="ignore"):
            given = np.where(split > 0, split / before[:, :, None], 0)
            logs = np.where(split > 0, np.log(given), 0)
        loss -= float(weights @ (split * logs).sum((1, 2)))
        hits += float(weights @ (before * given.max(2)).sum(1))
        before = after
    return loss, hits


def prefixes(machine: Machine, chances: Floats, digits: int) -> Floats:
    """Return the chance [row, prefix] that the next state is written with a prefix of so many digits."""
    states = np.arange(machine.states)
    prefix = states // machine.base ** (machine.digits - digits)
    out = np.zeros((len(chances), machine.base**digits))
    for state in states:
        out[:, prefix[state]] += chances[:, state]
    return out


def following(machine: Machine) -> Floats:
    """Return the chance [state, digit] of the first digit that comes after each state."""
    return prefixes(machine, machine.chances, 1)
