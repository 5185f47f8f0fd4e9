"""Datasets written down, and states that are known to hold the tree or to hold nothing."""

import numpy as np
from numpy.random import Generator

from probes.syntax.dataset import Dataset, Snippet, snippet
from probes.syntax.targets import Targets, inventory_of, targets
from probes.syntax.training import Options
from probes.syntax.tuples import SyntaxTuple, encode

NAMES = ["alpha", "beta", "gamma", "delta", "kappa", "omega", "sigma", "theta"]
OPTIONS = Options(rank=12, epochs=6, batch=8, rate=0.01, orthogonality=5.0, recipe="strata", seed=0)


def code(rng: Generator) -> str:
    """A small function nobody else has, most of the time."""
    a, b, c, f = rng.choice(NAMES, 4)
    n = int(rng.integers(100))
    bodies = [
        f"    return {a} + {b} * {c}\n",
        f"    for {a} in {b}:\n        {f}({a}, {n})\n",
        f"    if {a} == {n}:\n        return [{b}, {c}]\n    return {f}({a})\n",
        f"    {a} = {{'{b}': {c}}}\n    return {a}.{f}({n})\n",
        f"    while {a} < {n}:\n        {a} += {b}\n",
        f"    if {b}:\n        {c}\n    else:\n        pass\n",
    ]
    chosen = rng.choice(len(bodies), int(rng.integers(1, 3)), replace=False)
    return f"def {f}({a}, {b}):\n" + "".join(bodies[i] for i in chosen)


def trees(n: int, seed: int = 0) -> list[SyntaxTuple]:
    rng = np.random.default_rng(seed)
    return [encode(code(rng), "python") for _ in range(n)]


def dataset(sizes: tuple[int, int, int], seed: int = 0) -> Dataset:
    made: list[Snippet] = [snippet(tree, "source", f"{i}") for i, tree in enumerate(trees(sum(sizes), seed))]
    a, b = sizes[0], sizes[0] + sizes[1]
    return Dataset(tuple(made[:a]), tuple(made[a:b]), tuple(made[b:]), {})


def goal_of(data: Dataset) -> Targets:
    return targets([s.tree for s in data.snippets], inventory_of([s.tree for s in data.train]))


def holding(goal: Targets, width: int, seed: int = 0) -> np.ndarray:
    """States that hold the tree: neighbours are as far apart as their split is high, and labels are linear in them.

    Coordinate 0 zigzags with steps of the square root of the distance; the next ones hold the unary of a word, and the
    constituent of the gap before it, alternating in sign so that differences show it too.
    """
    rows = np.zeros((goal.starts[-1], width), np.float64)
    labels = len(goal.inventory.unaries)
    gaps = len(goal.inventory.constituents)
    assert 1 + labels + gaps <= width
    for first, stop in zip(goal.starts[:-1], goal.starts[1:], strict=True):
        total = np.zeros(gaps)
        for k, row in enumerate(range(first, stop)):
            if k:
                step = 3 * np.sqrt(max(goal.distance[row - 1], 0.0))
                rows[row, 0] = rows[row - 1, 0] + (step if rows[row - 1, 0] <= 0 else -step)
                total = total + 3 * np.eye(gaps)[max(goal.constituent[row - 1], 0)]
            rows[row, 1 : 1 + labels] = 2 * np.eye(labels)[max(goal.unary[row], 0)]
            rows[row, 1 + labels : 1 + labels + gaps] = total
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0]
    return (rows @ turn).astype(np.float32)


def nothing(goal: Targets, width: int, seed: int = 0) -> np.ndarray:
    """States that hold nothing at all."""
    return np.random.default_rng(seed).normal(size=(goal.starts[-1], width)).astype(np.float32)
