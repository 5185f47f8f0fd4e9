"""Codes as classifiers of states: precision and recall of the best code, beside the best neuron at the same recall."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from probes.codebooks.fired import each_once
from probes.codebooks.fsm.machine import Floats, Ints, Machine
from probes.codebooks.trained.hearing import batches
from probes.codebooks.trained.model import Codebooks

LEAST = 0.01
"""Recall under which a code is not looked at, as published."""


@dataclass(frozen=True)
class Fired:
    """Which code of every codebook part each token chose, and each MLP's output there; and the state it ends."""

    names: tuple[tuple[str, int], ...]
    """Codebook and part."""
    ids: Ints
    """[codebook part, token, choice]"""
    neurons: Floats
    """float32 [neuron, token]: coordinates of what enters the codebooks of attention and MLP."""
    state: Ints
    """[token]: the state whose last digit this is, -1 elsewhere."""


@torch.no_grad()
def fired(net: Any, books: Codebooks, machine: Machine, texts: Ints) -> Fired:
    """Run texts [text, token] and keep what fires at every token."""
    named = books.named()
    names = tuple((n, part) for n, b in named.items() for part in range(len(b.codes)))
    ids: list[torch.Tensor] = []
    neurons: list[torch.Tensor] = []
    for part in batches(texts):
        net(input_ids=part)
        ids.append(torch.cat([b.ids for b in named.values()], 1))
        neurons.append(torch.cat([b.seen.flatten(1) for b in named.values()], 1))
    state = np.full(texts.shape, -1)
    ends = slice(machine.digits, None, machine.digits)
    whole = machine.read(texts[:, 1:])
    state[:, ends] = whole[:, : state[:, ends].shape[1]]
    return Fired(
        names, torch.cat(ids).transpose(0, 1).numpy(), torch.cat(neurons).T.contiguous().numpy(), state.ravel()
    )


def classified(fit: Fired, held: Fired, machine: Machine, size: int) -> pd.DataFrame:
    """Return one row a state: state, book, part, code, precision, recall, support, neuron, by_f1, by_f1_recall.

    Code and neuron are chosen on `fit` (the code by precision, as published; `by_f1`: by F1) and judged on `held`. The
    neuron's threshold gives it the code's recall on `fit`. `size` is the largest number of codes of a codebook.
    """
    chosen, judged = _counts(fit, machine, size), _counts(held, machine, size)
    ordered = np.sort(fit.neurons, axis=1)
    rows = []
    for state in range(machine.states):
        if not (fit.state == state).any() or not (held.state == state).any():
            continue
        precision, recall = _scores(chosen, state, int((fit.state == state).sum()))
        best = np.unravel_index(np.argmax(np.where(recall > LEAST, precision + 1e-6 * recall, -1)), precision.shape)
        f1 = np.unravel_index(np.argmax(precision * recall / np.maximum(precision + recall, 1e-12)), precision.shape)
        there, back = _scores(judged, state, int((held.state == state).sum()))
        name, part = fit.names[best[0]]
        neuron = _neuron(fit, held, ordered, state, float(recall[best]))
        rows.append((state, name, part, int(best[1]), there[best], back[best], int((held.state == state).sum()), neuron,
                     there[f1], back[f1]))  # fmt: skip
    columns = ["state", "book", "part", "code", "precision", "recall", "support", "neuron", "by_f1", "by_f1_recall"]
    return pd.DataFrame(rows, columns=columns)


def _counts(fired: Fired, machine: Machine, size: int) -> Ints:
    """Return at how many tokens [codebook part, code, state] came together; the last state stands for no state."""
    where = np.where(fired.state < 0, machine.states, fired.state)[:, None]
    wide = machine.states + 1
    flat = []
    for ids in fired.ids:
        once = each_once(ids)
        flat.append(np.bincount((once * wide + where)[once >= 0], minlength=size * wide).reshape(size, wide))
    return np.stack(flat)


def _scores(counts: Ints, state: int, tokens: int) -> tuple[Floats, Floats]:
    """Return precision and recall [codebook part, code] for a state of so many tokens; 0 of a code that never fires."""
    hits = counts[:, :, state].astype(np.float64)
    return hits / np.maximum(counts.sum(2), 1), hits / max(tokens, 1)


def _neuron(fit: Fired, held: Fired, ordered: Floats, state: int, recall: float) -> float:
    """Return the held-out precision of the neuron that is most precise at a recall, a threshold upwards."""
    here = fit.neurons[:, fit.state == state]
    count = max(1, int(recall * here.shape[1]))
    least = np.partition(here, here.shape[1] - count, axis=1)[:, here.shape[1] - count]
    over = np.array([ordered.shape[1] - np.searchsorted(row, value) for row, value in zip(ordered, least, strict=True)])
    best = int(np.argmax(count / over))
    fires = held.neurons[best] >= least[best]
    return float((held.state[fires] == state).mean()) if fires.any() else 0.0
