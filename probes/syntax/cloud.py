"""Many constituents in the plane of the subspace, layer by layer, so that one can watch them come apart.

A constituent is the step between the two words it is split at, D (z_{i+1} - z_i): what its distance is the length of.
Each layer's plane is that of the two principal axes of these steps, turned (Procrustes) onto the layer before, so that
points move from layer to layer instead of being thrown anew, and scaled to unit size. A label is the direction in which
its read-out grows along a step; only the direction means something.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from probes.linalg import principal_axes, turned_onto
from probes.syntax.dataset import Dataset
from probes.syntax.tables import Fit
from probes.syntax.tuples import EMPTY, SEPARATOR

LABELS, POINTS, MARKS = 7, 600, 4200
"""The most frequent labels that are drawn, constituents drawn at most, and marks of all layers together."""
ARROW = 2.2
"""How long a label's direction is drawn, in units of the cloud's size."""
COLUMNS = ["order", "layer", "kind", "label", "x", "y", "origin", "text"]


def cloud(fit: Fit, layers: Sequence[str], data: Dataset, *, seed: int) -> pd.DataFrame:
    """Return one row a layer and constituent of the test functions, and one a layer and label, with `COLUMNS`.

    `kind` is constituent or label; `order` counts layers. Empty when the test functions have no labelled split.
    """
    goal, first = fit.goal, len(fit.goal.trees) - len(data.test)
    begin = int(goal.starts[first])
    chains = np.array([*goal.inventory.constituents, EMPTY], object)[goal.constituent[begin:]]  # -1: not in training
    tops = np.array([chain.rpartition(SEPARATOR)[2] for chain in chains], object)  # the innermost says most
    there = np.flatnonzero(chains != EMPTY)
    often = [label for label, _ in Counter(tops[there].tolist()).most_common(LABELS)]
    there = there[np.isin(tops[there], often)]
    many = min(POINTS, MARKS // len(layers))
    gaps = np.sort(np.random.default_rng(seed).permutation(there)[:many])
    if not len(gaps):
        return pd.DataFrame(columns=COLUMNS).astype({"x": float, "y": float, "order": int})
    told = _told(gaps, begin, fit, data)
    spoken = [_commonest(chains[there][tops[there] == label], goal.inventory.constituents) for label in often]
    rows, before = [], None
    for order, layer in enumerate(layers):
        steps, towards = _steps(fit, order, begin + gaps, spoken)
        _, axes, _ = principal_axes(steps)
        place = (steps - steps.mean(0)) @ axes
        size = float(np.sqrt(np.square(place).sum(1).mean())) or 1.0
        turn = np.eye(2) if before is None else turned_onto(place, before)
        place = place @ turn / size
        arrows = towards @ axes @ turn
        arrows *= ARROW / np.maximum(np.linalg.norm(arrows, axis=1, keepdims=True), 1e-12)
        rows += [(order, layer, "constituent", tops[g], *p, *t) for g, p, t in zip(gaps, place, told, strict=True)]
        rows += [(order, layer, "label", label, *p, "", label) for label, p in zip(often, arrows, strict=True)]
        before = place
    return pd.DataFrame(rows, columns=COLUMNS)


def _commonest(chains: np.ndarray, inventory: tuple[str, ...]) -> int:
    """Return the number of the chain that stands for a label most often."""
    return inventory.index(Counter(chains.tolist()).most_common(1)[0][0])


def _steps(fit: Fit, layer: int, gaps: np.ndarray, labels: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighed steps over gaps [gap, rank], and how each label's score grows along them [label, rank]."""
    probe, data = fit.trained.probe, fit.data
    both = data.arrays[layer][np.concatenate([gaps, gaps + 1])] * data.scale[layer]  # a centre leaves a step as it is
    steps = (both[len(gaps) :] - both[: len(gaps)]) @ probe.basis[layer].cpu().numpy()
    weight = np.exp(probe.stretch[layer, 0].cpu().numpy())
    read = probe.constituent[layer].cpu().numpy()
    rank = probe.basis.shape[-1]
    grows = read if read.shape[0] == rank else (read[rank : 2 * rank] - read[:rank]) / 2
    return steps * weight, (grows[:, list(labels)] / weight[:, None]).T


def _told(gaps: np.ndarray, begin: int, fit: Fit, data: Dataset) -> list[tuple[str, str]]:
    """Return where each constituent comes from, and its words."""
    starts = fit.goal.starts[len(fit.goal.trees) - len(data.test) :] - begin
    found = []
    for gap, which in zip(gaps.tolist(), np.searchsorted(starts, gaps, side="right") - 1, strict=True):
        piece, entry = data.test[which], begin + gap
        first = gap - int(fit.goal.before[entry]) - int(starts[which])
        last = gap + int(fit.goal.beyond[entry]) - int(starts[which])
        words = " ".join(piece.tree.words[first : last + 1])
        found.append((piece.origin, words if len(words) <= 80 else f"{words[:77]}…"))
    return found
