"""Random finite-state machines written in digits, as in TokFSM (Tamkin et al., 2023, arXiv 2310.17230).

A state is written as a fixed number of digits, so a model that reads the digits one by one has to find out where it is
in a state, which state it is in and where that state may go: all of it is known here, so all of it can be checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.errors import StrataError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EXACT = 1e-9
"""How far from 1 the chances of a state may add up."""


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine by its chances [state, next state], each state written in digits of `base`."""

    chances: Floats
    base: int = 10

    def __post_init__(self) -> None:
        """Refuse what is no machine."""
        chances = self.chances
        if chances.ndim != 2 or chances.shape[0] != chances.shape[1] or len(chances) < 2:
            raise _no_machine(f"Its chances have the shape {chances.shape}.", "Give a square table of two or more.")
        if not np.isfinite(chances).all() or (chances < 0).any() or np.abs(chances.sum(1) - 1).max() > EXACT:
            raise _no_machine("The chances of a state do not add up to 1.", "Divide each row by its sum.")
        if self.base < 2:
            raise _no_machine(f"Nothing can be written in base {self.base}.", "Take a base of 2 or more.")

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.chances)

    @property
    def digits(self) -> int:
        """How many digits a state takes, by integer arithmetic: 100 states take two digits in base 10, not three."""
        count, reach = 1, self.base
        while reach < self.states:
            count, reach = count + 1, reach * self.base
        return count

    @property
    def start(self) -> int:
        """Token that begins a text; the digits are their own tokens, from 0."""
        return self.base

    @property
    def vocabulary(self) -> int:
        """How many tokens there are: the digits and the start."""
        return self.base + 1

    @property
    def legal(self) -> NDArray[np.bool_]:
        """Whether a state may be followed by another, [state, next state]."""
        return self.chances > 0

    def written(self, states: Ints) -> Ints:
        """Return the digits of states, highest first: [..., state] becomes [..., state x digits]."""
        powers = self.base ** np.arange(self.digits - 1, -1, -1)
        digits = states[..., None] // powers % self.base
        return digits.reshape(*states.shape[:-1], -1)

    def read(self, digits: Ints) -> Ints:
        """Return the states that digits write, without an unfinished last one: the inverse of `written`.

        Digits may write a number that is no state, as 7 does in a machine of six.
        """
        whole = digits.shape[-1] // self.digits
        powers = self.base ** np.arange(self.digits - 1, -1, -1)
        kept = digits[..., : whole * self.digits]
        return (kept.reshape(*digits.shape[:-1], whole, self.digits) * powers).sum(-1)

    def walk(self, count: int, states: int, draw: np.random.Generator) -> Ints:
        """Return `count` walks [walk, state] from states drawn evenly."""
        edges = self.chances.cumsum(1)
        edges[:, -1] = np.inf
        at = draw.integers(self.states, size=count)
        walks = np.empty((count, states), np.int64)
        for step in range(states):
            walks[:, step] = at
            at = (draw.random(count)[:, None] >= edges[at]).sum(1)
        return walks

    def texts(self, count: int, tokens: int, draw: np.random.Generator) -> Ints:
        """Return walks as tokens [text, token]: the start, then digits, cut to `tokens`."""
        walks = self.walk(count, -(-(tokens - 1) // self.digits), draw)
        return np.concatenate([np.full((count, 1), self.start), self.written(walks)], 1)[:, :tokens]


def tokfsm(states: int = 100, edges: int = 10, base: int = 10, seed: int = 42) -> Machine:
    """Return the machine of the paper: every state goes to `edges` states drawn from one seed, each as likely.

    With the defaults 686 of the 1,000 threefold digits (a state and the first digit of the next) can occur.
    """
    if not 1 <= edges <= states:
        raise _no_machine(f"A state cannot go to {edges} of {states} states.", f"Take 1 to {states} edges.")
    draw = np.random.default_rng(seed)
    chances = np.zeros((states, states))
    for state in range(states):
        chances[state, draw.choice(states, edges, replace=False)] = 1 / edges
    return Machine(chances, base)


def machine(chances: Sequence[Sequence[float]] | Floats, base: int = 10) -> Machine:
    """Return a machine of your own from its table of chances; raises StrataError E-FSM-TABLE."""
    return Machine(np.asarray(chances, np.float64), base)


def _no_machine(why: str, fix: str) -> StrataError:
    """Say why a table is no machine."""
    return StrataError("E-FSM-TABLE", "That is no finite-state machine.", why, fix)
