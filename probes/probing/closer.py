"""A closer look: the bits a label costs at each layer, how few labels do, and what a layer adds to layer 0."""

import numpy as np
import torch

from probes.probing.answers import Answers
from probes.probing.learning import Reading, Task, judged, learnt, read_off
from probes.probing.problems import Problems

BLOCKS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Shares of the training texts at which the online code learns anew (Voita & Titov, EMNLP 2020)."""
SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Shares of the training texts that a few-label probe learns from."""
_FEWEST = 10
"""Labels below which nothing is learnt."""


def portions(task: Task, texts: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Return bool [share, seed, place]: growing parts of each seed's training texts [place], in a drawn order."""
    found = np.zeros((len(shares), *task.train.shape), bool)
    for seed, train in enumerate(task.train):
        there = np.unique(texts[train])
        order = np.random.default_rng(task.seed + seed).permutation(there)
        rank = np.full(int(texts.max()) + 1, len(order))
        rank[order] = np.arange(len(order))
        for i, share in enumerate(shares):
            found[i, seed] = train & (rank[texts] < np.ceil(share * len(order)))
    return found


def code_length(rows: torch.Tensor, answers: Answers, task: Task, texts: np.ndarray, penalty: float) -> float:
    """Return the bits a label of the online code, of the first seed's training texts.

    Block by block, each is coded by a probe that has learnt from all before it; the first costs the uniform code. The
    penalty is the one chosen with all of the data and grows as they shrink, as one prior would have it.
    """
    parts = portions(task, texts, BLOCKS)[:, 0]
    known, uniform = parts[:-1], np.log2(task.classes)
    usable = known.sum(1) >= _FEWEST
    share = known.sum(1) / max(int(parts[-1].sum()), 1)
    held = np.minimum(penalty / np.maximum(share, 1e-9), 1.0)
    total = 0.0
    bits = np.full((len(known), len(texts)), uniform)
    if usable.any():
        weight = known[usable].astype(np.float64)
        problems = Problems(np.tile(answers.values, (len(weight), 1)), weight, held[usable], task.classes)
        bits[usable] = judged(learnt(rows, problems, task.probe, task.seed), problems.answers, task.classes)
    total += uniform * int(parts[0].sum())
    for i in range(len(known)):
        total += float(bits[i][parts[i + 1] & ~parts[i]].sum())
    return total / max(int(parts[-1].sum()), 1)


def few_labels(rows: torch.Tensor, answers: Answers, task: Task, texts: np.ndarray) -> list[tuple[float, Reading]]:
    """Return the mean count of labels and the reading of probes that learn from growing shares of the texts."""
    parts = portions(task, texts, SHARES)
    kept = [part for part in parts if part.sum(1).min() >= _FEWEST]
    if not kept:
        return []
    seeds = len(task.train)
    every = read_off(rows, [answers.values], task, train=np.concatenate(kept))[0]
    found = []
    for i, part in enumerate(kept):
        own = slice(i * seeds, (i + 1) * seeds)
        one = Reading(every.said[own], every.loss[own], every.confidence[own], every.penalty[own])
        found.append((float(part.sum(1).mean()), one))
    return found
