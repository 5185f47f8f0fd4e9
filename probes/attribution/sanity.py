"""Would the attribution be the same if the model knew nothing? (sanity checks, Adebayo et al., NeurIPS 2018)

The weights of a copy of the model are shuffled, block by block from the top, and the attribution is made again. One
that speaks about the model loses its likeness to the original; one that only paints the text keeps it. Shuffling the
numbers of each weight keeps their scale, so that what comes out stays finite.
"""

import copy
from dataclasses import replace

import numpy as np
import torch

from probes.attribution.analysis import AttributionSpec
from probes.attribution.asking import attributed
from probes.attribution.baselines import baseline
from probes.attribution.targets import Asked, question
from probes.errors import StrataError
from probes.models import Model
from probes.models.sites import sites_of
from probes.models.warm import MARGIN, free_memory
from probes.stats import spearman


def copied(model: Model) -> Model:
    """Return a model with weights of its own; raises StrataError E-MEMORY when a second one does not fit."""
    if model.bytes * MARGIN > free_memory(model.device):
        what = "A second copy of this model, whose weights could be shuffled, does not fit."
        raise StrataError("E-MEMORY", what, fix="Ask without the sanity check (sanity off).")
    net = copy.deepcopy(model.net)
    return replace(model, net=net, sites=sites_of(net, model.family))


def shuffle(model: Model, block: int, seed: int) -> None:
    """Shuffle the numbers of every weight of one block, in place."""
    draw = torch.Generator().manual_seed(seed + block)
    with torch.no_grad():
        for weights in model.sites.blocks[block].parameters():
            order = torch.randperm(weights.numel(), generator=draw).to(weights.device)
            weights.copy_(weights.flatten()[order].view_as(weights))


def stages(blocks: int, most: int) -> list[int]:
    """Return how many blocks are shuffled at each stage: at most `most` numbers, evenly spaced, the last being all."""
    return sorted(set(np.linspace(0, blocks, most + 1).round().astype(int).tolist()) - {0})


def cascade(
    model: Model, asked: list[Asked], methods: list[AttributionSpec], originals: np.ndarray, most: int
) -> tuple[list[int], np.ndarray]:
    """Return the stages, and float64 [stage, method, text]: the rank correlation with the original attribution.

    `originals` object [method, text] holds each attribution float64 [token] of the text's own tokens.
    """
    other = copied(model)
    questions = [question(other, one) for one in asked]  # before anything is shuffled: targets are the original's
    at, done = stages(len(other.sites.blocks), most), 0
    found = np.full((len(at), len(methods), len(asked)), np.nan)
    for i, count in enumerate(at):
        for block in range(done, count):
            shuffle(other, len(other.sites.blocks) - 1 - block, methods[0].seed)
        done = count
        for t, each in enumerate(questions):
            own, ends = each.own.cpu().numpy(), (each.states(), baseline(each, methods[0].baseline))
            for m, spec in enumerate(methods):
                values = attributed(each, spec, ends)[0][own]
                found[i, m, t] = spearman(values, originals[m, t])
    return at, found
