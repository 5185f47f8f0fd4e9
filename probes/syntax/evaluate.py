"""Predicted trees of every series, and their scores against the gold ones, snippet by snippet."""

from collections.abc import Iterator

import numpy as np
import torch

from probes.syntax.probe import Probe
from probes.syntax.scores import inner, score, score_paper
from probes.syntax.targets import Inventory, Targets
from probes.syntax.training import Series, read_batch
from probes.syntax.tuples import Span, decode

METRICS = ("precision", "recall", "f1", "f1_paper", "f1_inner")
_BATCH = 32


def predicted(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray) -> Iterator[list[list[Span]]]:
    """Yield, snippet by snippet, the decoded constituents of every series."""
    for chosen in np.array_split(snippets, max(1, -(-len(snippets) // _BATCH))):
        batch = read_batch(data, goal, chosen)
        with torch.no_grad():
            reading = probe.read(batch.states, batch.left)
        distance = reading.distance.cpu().numpy()
        constituent = reading.constituent.argmax(-1).cpu().numpy()
        unary = reading.unary.argmax(-1).cpu().numpy()
        word = gap = 0
        for size in np.diff(goal.starts)[chosen]:
            gaps, words = slice(gap, gap + size - 1), slice(word, word + size)
            yield [
                spans(distance[s, gaps], constituent[s, gaps], unary[s, words], goal.inventory)
                for s in range(len(distance))
            ]
            gap, word = gap + size - 1, word + size


def spans(distance: np.ndarray, constituent: np.ndarray, unary: np.ndarray, inventory: Inventory) -> list[Span]:
    """Decode one snippet: distances [gap], and label numbers for gaps and words."""
    return decode(
        distance,
        [inventory.constituents[i] for i in constituent.tolist()],
        [inventory.unaries[i] for i in unary.tolist()],
    )


def gold(goal: Targets, snippet: int) -> list[Span]:
    """Decode the gold tree of a snippet."""
    tree = goal.trees[snippet]
    return decode(tree.distances, tree.constituents, tree.unaries)


def scores(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray) -> np.ndarray:
    """Return float64 [series, snippet, metric] with the metrics of `METRICS`."""
    table = np.zeros((len(data.arrays), len(snippets), len(METRICS)))
    for column, (snippet, answers) in enumerate(zip(snippets, predicted(probe, data, goal, snippets), strict=True)):
        truth, n = gold(goal, snippet), len(goal.trees[snippet])
        for row, answer in enumerate(answers):
            honest = score(answer, truth)
            table[row, column] = [
                *honest,
                score_paper(answer, truth).f1,
                score(inner(answer, n), inner(truth, n)).f1,
            ]
    return table
