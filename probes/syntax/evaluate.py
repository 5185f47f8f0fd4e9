"""Predicted trees of every series, and their scores against the true ones, snippet by snippet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from probes.syntax.probe import Probe, batch_of
from probes.syntax.series import Series
from probes.syntax.spans import METRICS, Decoder, Names, Spans, gold_of, names_of, score_rows
from probes.syntax.targets import Inventory, Targets
from probes.syntax.tuples import BAD_ROOT, Span, decode

__all__ = ["METRICS", "Answers", "answers", "scores", "spans"]

_WORDS = 4096
"""Words read at once."""


@dataclass(frozen=True)
class Answers:
    """What the probes of all series say of some snippets, laid end to end, and what is true."""

    distance: np.ndarray
    """[series, word]: of the gap after each word."""
    constituent: np.ndarray
    """[series, word]: chain numbers of the inventory."""
    unary: np.ndarray
    decoder: Decoder
    names: Names
    gold: Spans
    starts: np.ndarray

    def spans(self, series: int) -> Spans:
        """Decode one series."""
        return self.decoder.spans(self.distance[series], self.constituent[series], self.unary[series])

    def scores(self) -> np.ndarray:
        """Return float64 [series, snippet, metric] with the metrics of `METRICS`."""
        return np.stack([score_rows(self.spans(s), self.gold, self.starts) for s in range(len(self.distance))])


def answers(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray) -> Answers:
    """Read some snippets with every series' probe, a few thousand words at a time."""
    sizes = np.diff(goal.starts)[snippets]
    words = int(sizes.sum())
    shape = (len(data.arrays), words)
    distance, constituent, unary = np.zeros(shape, np.float32), np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    first = 0
    for chosen in np.split(snippets, np.flatnonzero(np.diff(np.cumsum(sizes) // _WORDS)) + 1):
        batch = batch_of(data.take(goal.rows(chosen)), goal, chosen)
        with torch.no_grad():
            reading = probe.read(batch.states, batch.left)
        gaps = first + batch.left.cpu().numpy()
        distance[:, gaps] = reading.distance.cpu().numpy()
        constituent[:, gaps] = reading.constituent.argmax(-1).cpu().numpy()
        unary[:, first : first + len(batch.unary)] = reading.unary.argmax(-1).cpu().numpy()
        first += len(batch.unary)
    return judged((distance, constituent, unary), goal, snippets)


def judged(
    said: tuple[np.ndarray, np.ndarray, np.ndarray],
    goal: Targets,
    snippets: np.ndarray,
    inventory: Inventory | None = None,
) -> Answers:
    """Put answers [series, word] beside the true trees; labels are of the goal's inventory, or of another one."""
    inventory = inventory or goal.inventory
    trees = [goal.trees[i] for i in snippets]
    chains = {label for tree in trees for label in (*tree.constituents, *tree.unaries)}
    names = names_of(chains.union(inventory.constituents, inventory.unaries))
    gold, starts = gold_of(trees, names)
    links = names.links(inventory.constituents), names.links(inventory.unaries)
    return Answers(*said, Decoder(starts, *links, names.labels.index(BAD_ROOT)), names, gold, starts)


def scores(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray) -> np.ndarray:
    """Return float64 [series, snippet, metric] with the metrics of `METRICS`."""
    return answers(probe, data, goal, snippets).scores()


def spans(
    distance: Sequence[float] | np.ndarray, constituent: np.ndarray, unary: np.ndarray, inventory: Inventory
) -> list[Span]:
    """Decode one snippet: distances [gap], and label numbers for gaps and words."""
    return decode(
        distance,
        [inventory.constituents[i] for i in constituent.tolist()],
        [inventory.unaries[i] for i in unary.tolist()],
    )
