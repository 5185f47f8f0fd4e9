"""The other probes: ridge regression for numbers, the nearest class mean, and one hidden layer."""

import numpy as np
import torch

from probes.probing.problems import Problems, one_hot

HIDDEN, EPOCHS, BATCH, RATE = 32, 40, 256, 3e-3


def ridge(rows: torch.Tensor, problems: Problems, seed: int = 0) -> torch.Tensor:
    """Return [row, problem, 1]: minima of mean squared error / 2 + penalty / 2 * |weights|^2, the bias being free.

    Solved exactly, with one eigendecomposition for all problems that see the same rows.
    """
    out = torch.zeros(len(rows), len(problems), 1, dtype=rows.dtype)
    shares = problems.shares()
    _, group = np.unique(shares, axis=0, return_inverse=True)
    for one in np.unique(group):
        members = np.flatnonzero(group.ravel() == one)
        share = torch.from_numpy(shares[members[0]]).to(rows.dtype)
        middle = share @ rows
        spread, axes = torch.linalg.eigh((rows - middle).T @ ((rows - middle) * share[:, None]))
        turned = (rows - middle) @ axes
        for member in members:
            target = torch.from_numpy(problems.answers[member]).to(rows.dtype)
            mean = share @ target
            right = turned.T @ (share * (target - mean))
            weights = right / (spread.clamp_min(0) + problems.penalty[member])
            out[:, member, 0] = turned @ weights + mean
    return out


def centroid(rows: torch.Tensor, problems: Problems, seed: int = 0) -> torch.Tensor:
    """Return [row, problem, class]: closeness to each class mean; the penalty is the temperature, in units of width."""
    share = torch.from_numpy(problems.shares().T.copy()).to(rows.dtype)
    hot = one_hot(problems.answers, problems.classes, rows.dtype) * share[..., None]
    total = hot.sum(0)
    means = torch.einsum("nbk,nd->bkd", hot, rows) / total.clamp_min(1e-12)[..., None]
    closeness = torch.einsum("nd,bkd->nbk", rows, means) - means.square().sum(-1) / 2
    closeness = torch.where(total > 0, closeness, -torch.inf)  # a class that nobody has seen has no mean
    heat = torch.from_numpy(problems.penalty).to(rows.dtype) * rows.shape[1]
    return (closeness / heat[:, None]).clamp_min(-1e4)


def mlp(rows: torch.Tensor, problems: Problems, seed: int = 0) -> torch.Tensor:
    """Return [row, problem, class], or one number: one hidden layer of ReLU, Adam with decoupled weight decay.

    All problems take the same batches of rows, each counting the rows it may see.
    """
    draw = torch.Generator().manual_seed(seed)
    count, width, out = len(problems), rows.shape[1], max(problems.classes, 1)
    sizes = ((count, width, HIDDEN), (count, 1, HIDDEN), (count, HIDDEN, out), (count, 1, out))
    scales = ((2 / width) ** 0.5, 0.0, HIDDEN**-0.5, 0.0)
    parameters = [
        (torch.randn(1, *s[1:], generator=draw) * scale).expand(s).clone()
        for s, scale in zip(sizes, scales, strict=True)
    ]
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    seen = torch.from_numpy(np.flatnonzero(problems.seen))
    weight = torch.from_numpy(problems.weight).float()
    target, back = _targets(problems)
    decay = torch.from_numpy(problems.penalty).float().reshape(-1, 1, 1)
    step = 0
    for _ in range(EPOCHS):
        for batch in seen[torch.randperm(len(seen), generator=draw)].split(BATCH):
            step += 1
            for p in parameters:
                p.requires_grad_(True)
            said = _through(rows[batch].float(), parameters)
            counted = weight[:, batch]
            loss = (_loss(said, target[:, batch], problems.classes) * counted).sum(1) / counted.sum(1).clamp_min(1e-9)
            gradients = torch.autograd.grad(loss.sum(), parameters)
            with torch.no_grad():
                _adam(parameters, gradients, moments, decay, step)
    with torch.no_grad():
        return (_through(rows.float(), parameters) * back[1] + back[0]).permute(1, 0, 2)


def _targets(problems: Problems) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """Return the answers as the loss takes them, and mean and scale [problem, 1, 1] that take outputs back."""
    if problems.classes:
        plain = torch.zeros(len(problems), 1, 1)
        return torch.from_numpy(np.maximum(problems.answers, 0)).long(), (plain, plain + 1)
    share, values = problems.shares(), problems.answers
    mean = (share * values).sum(1, keepdims=True)
    scale = np.sqrt((share * (values - mean) ** 2).sum(1, keepdims=True)).clip(1e-12)
    back = torch.from_numpy(np.stack([mean, scale])).float()[..., None]
    return torch.from_numpy((values - mean) / scale).float(), (back[0], back[1])


def _through(rows: torch.Tensor, parameters: list[torch.Tensor]) -> torch.Tensor:
    first, bias, second, other = parameters
    return torch.relu(rows @ first + bias) @ second + other


def _loss(said: torch.Tensor, target: torch.Tensor, classes: int) -> torch.Tensor:
    if not classes:
        return (said[..., 0] - target).square() / 2
    return torch.nn.functional.cross_entropy(said.transpose(1, 2), target, reduction="none")


def _adam(
    parameters: list[torch.Tensor],
    gradients: tuple[torch.Tensor, ...],
    moments: list[tuple[torch.Tensor, torch.Tensor]],
    decay: torch.Tensor,
    step: int,
) -> None:
    for p, gradient, (first, second) in zip(parameters, gradients, moments, strict=True):
        p.requires_grad_(False)
        first.mul_(0.9).add_(gradient, alpha=0.1)
        second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        move = (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
        p.mul_(1 - RATE * decay).sub_(RATE * move)
