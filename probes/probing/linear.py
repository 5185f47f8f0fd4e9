"""Multinomial logistic regression, many problems at once: least mean cross-entropy + penalty / 2 * |weights|^2.

The bias is free. Rows are turned onto the axes of their covariance, where two guesses of the Hessian are diagonal:
where the penalty is strong its value at the start, cov * share * (1 - share) + penalty for a class of that share; where
it is weak a mean of that and Böhning's bound (Annals of the Institute of Statistical Mathematics, 1992), cov / 2. From
their inverse, limited-memory BFGS (Liu & Nocedal, 1989) needs some ten steps where the plain one needs a hundred. All
problems share two matrix products a step, and leave the batch as they converge.
"""

from dataclasses import dataclass

import numpy as np
import torch

from probes.probing.problems import Problems, one_hot

STEPS, MEMORY, TOLERANCE = 80, 8, 8e-3
"""Most steps; pairs remembered; nats that a step of Newton's kind may still promise when a problem is done."""
STRONG = 0.03
"""Penalty from which the Hessian at the start is the better guess."""
_HALVINGS = 12


@dataclass
class _State:
    """The problems still at work: parameters and gradients [problem, class, width + 1], the bias being the last."""

    index: torch.Tensor
    share: torch.Tensor
    """How much each row counts [problem, 1, row]."""
    wanted: torch.Tensor
    """What the answers pull at: the part of the gradient that never changes."""
    penalty: torch.Tensor
    inverse: torch.Tensor
    at: torch.Tensor
    loss: torch.Tensor
    gradient: torch.Tensor
    pairs: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]

    def keep(self, kept: torch.Tensor) -> None:
        """Drop the problems that are done."""
        for name in ("index", "share", "wanted", "penalty", "inverse", "at", "loss", "gradient"):
            setattr(self, name, getattr(self, name)[kept])
        self.pairs = [(s[kept], y[kept], r[kept]) for s, y, r in self.pairs]


def fit(rows: torch.Tensor, problems: Problems, seed: int = 0, *, tolerance: float = TOLERANCE) -> torch.Tensor:
    """Return the weights of every problem, [width + 1, problem, class], the last row being the biases.

    `rows` [row, width] should be standardised; nothing is drawn, so the seed does not matter.
    """
    seen = torch.from_numpy(np.flatnonzero(problems.seen))
    own = rows[seen]
    middle = own.mean(0)
    spread, axes = torch.linalg.eigh((own - middle).T @ (own - middle) / len(own))
    turned = torch.cat([(own - middle) @ axes, torch.ones(len(own), 1, dtype=own.dtype)], 1)
    found = _minimum(turned, spread.clamp_min(0), problems, seen, tolerance).permute(2, 0, 1)
    back = torch.einsum("dj,jbk->dbk", axes, found[:-1])
    bias = found[-1] - torch.einsum("d,dbk->bk", middle, back)
    return torch.cat([back, bias[None]])


def outputs(rows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return [row, problem, class]: what weights [width + 1, problem, class] say of the rows, before the softmax."""
    return torch.einsum("nd,dbk->nbk", rows, weights[:-1]) + weights[-1]


def _minimum(
    turned: torch.Tensor, spread: torch.Tensor, problems: Problems, seen: torch.Tensor, tolerance: float
) -> torch.Tensor:
    """Return the minimum of every problem in the turned frame [problem, class, width + 1]."""
    work = _started(turned, spread, problems, seen)
    at = work.at.clone()
    for _ in range(STEPS):
        going = _step(turned, work) > tolerance
        at[work.index] = work.at
        if not going.any():
            break
        if not going.all():
            work.keep(going)
    return at


def _started(turned: torch.Tensor, spread: torch.Tensor, problems: Problems, seen: torch.Tensor) -> _State:
    """Return every problem with weights of zero, and biases that give each class its share."""
    dtype, pick = turned.dtype, seen.numpy()
    share = torch.from_numpy(problems.shares()[:, pick]).to(dtype)[:, None]
    counted = one_hot(problems.answers[:, pick], problems.classes, dtype).permute(1, 2, 0) * share
    own = counted.sum(-1).clamp_min(1e-3)
    own = own / own.sum(-1, keepdim=True)
    held = torch.from_numpy(problems.penalty).to(dtype)[:, None, None].repeat(1, 1, turned.shape[1])
    held[..., -1] = 0
    strong = torch.from_numpy(problems.penalty >= STRONG)[:, None]
    start = own * (1 - own)  # where the penalty is weak, rare classes take a part of the way from the bound to it
    curved = torch.where(strong, start, 0.5**0.75 * start**0.25)[..., None]
    inverse = 1 / (curved * torch.cat([spread, torch.ones(1, dtype=dtype)]) + held).clamp_min(1e-8)
    at = torch.zeros_like(inverse)
    at[..., -1] = own.log()
    wanted = (counted.flatten(0, 1) @ turned).view_as(at)
    work = _State(torch.arange(len(problems)), share, wanted, held, inverse, at, own, own, [])
    work.loss, work.gradient = _evaluated(turned, work, at, work.index)
    return work


def _evaluated(
    turned: torch.Tensor, work: _State, at: torch.Tensor, which: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss [problem] and its gradient of some of the problems, at some parameters."""
    share, penalty, wanted = work.share, work.penalty, work.wanted
    if len(which) < len(work.index):
        share, penalty, wanted = share[which], penalty[which], wanted[which]
    said = (at.flatten(0, 1) @ turned.T).unflatten(0, at.shape[:2])
    top = said.amax(1, keepdim=True)
    said -= top
    total = said.exp_().sum(1, keepdim=True)
    top += total.log()
    loss = (top * share).sum((1, 2)) + _dot(at, penalty * at / 2 - wanted)
    said *= share / total
    return loss, (said.flatten(0, 1) @ turned).view_as(at) + penalty * at - wanted


def _step(turned: torch.Tensor, work: _State) -> torch.Tensor:
    """Move every problem down; return how many nats each step promised [problem]."""
    direction = _direction(work)
    promised = -_dot(work.gradient, direction)
    length = torch.ones_like(promised)
    at, loss, gradient = work.at + direction, work.loss.clone(), work.gradient.clone()
    tried = torch.arange(len(promised))
    for _ in range(_HALVINGS):
        loss[tried], gradient[tried] = _evaluated(turned, work, at[tried], tried)
        slack = 4 * torch.finfo(loss.dtype).eps * work.loss.abs()
        tried = torch.where(loss > work.loss - 1e-4 * length * promised + slack)[0]
        if not len(tried):
            break
        length[tried] /= 2
        at[tried] = work.at[tried] + length[tried, None, None] * direction[tried]
    moved, turn = at - work.at, gradient - work.gradient
    product = _dot(moved, turn)
    good = product > 1e-8 * _dot(moved, moved).sqrt() * _dot(turn, turn).sqrt()
    work.pairs = [*work.pairs[-(MEMORY - 1) :], (moved, turn, torch.where(good, 1 / product, 0.0))]
    work.at, work.loss, work.gradient = at, loss, gradient
    return promised


def _direction(work: _State) -> torch.Tensor:
    """Return the two-loop product of the inverse Hessian's guess with the gradient, downhill."""
    found, factors = work.gradient.clone(), []
    for moved, turn, rho in reversed(work.pairs):
        factor = rho * _dot(moved, found)
        found -= factor[:, None, None] * turn
        factors.append(factor)
    found = work.inverse * found
    if work.pairs:
        moved, turn, rho = work.pairs[-1]
        scale = 1 / (rho * _dot(turn, work.inverse * turn)).clamp_min(1e-12)
        found = found * torch.where(rho > 0, scale.clamp(0.1, 100), torch.ones_like(scale))[:, None, None]
    for (moved, turn, rho), factor in zip(work.pairs, reversed(factors), strict=True):
        found += (factor - rho * _dot(turn, found))[:, None, None] * moved
    downhill = _dot(found, work.gradient) > 0
    return -torch.where(downhill[:, None, None], found, work.inverse * work.gradient)


def _dot(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the inner product of every problem [problem]."""
    return (one * other).sum((1, 2))  # einsum takes fifteen times as long
