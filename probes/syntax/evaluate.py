"""Predicted trees of every series, and their scores against the true ones, snippet by snippet."""

from dataclasses import dataclass

import numpy as np
import torch

from probes.syntax import parsing
from probes.syntax.probe import Probe, around
from probes.syntax.series import Series
from probes.syntax.spans import METRICS, Decoder, Names, Spans, ends, gold_of, names_of, score_rows
from probes.syntax.targets import Inventory, Targets
from probes.syntax.tuples import BAD_ROOT, EMPTY, SEPARATOR, Span

__all__ = ["METRICS", "Answers", "answers", "read", "scores", "spans"]

_WORDS = 4096
"""Words read at once."""


@dataclass(frozen=True)
class Answers:
    """What the probes of all series say of some snippets, laid end to end, and what is true."""

    first: np.ndarray
    """[series, word]: first and last word of the span that is split after each word."""
    last: np.ndarray
    constituent: np.ndarray
    """[series, word]: chain numbers of the inventory."""
    unary: np.ndarray
    decoder: Decoder
    names: Names
    gold: Spans
    starts: np.ndarray

    def spans(self, series: int) -> Spans:
        """Decode one series."""
        parts = self.first, self.last, self.constituent, self.unary
        return self.decoder.named(*(part[series] for part in parts))

    def scores(self) -> np.ndarray:
        """Return float64 [series, snippet, metric] with the metrics of `METRICS`."""
        return np.stack([score_rows(self.spans(s), self.gold, self.starts) for s in range(len(self.first))])


def read(probe: Probe, states: torch.Tensor, sizes: np.ndarray, *, chart: bool = False) -> np.ndarray:
    """Return what is said of snippets that lie end to end in `states` [series, word, width]: [4, series, word].

    The first and last word of the span split after each word (itself for a snippet's last), its constituent, its unary.
    """
    stops = np.cumsum(sizes)
    words, starts = np.arange(stops[-1]), stops - sizes
    left = np.delete(words, stops - 1)
    said = np.broadcast_to(words, (4, states.shape[0], len(words))).copy()
    with torch.no_grad():
        z = states @ probe.basis
        for start, part in zip(starts, z.split(sizes.tolist(), 1), strict=True):
            gaps = slice(start, start + part.shape[1] - 1)
            first, last = parsing.trees(probe.splits(part).cpu().numpy(), chart=chart)
            said[0, :, gaps], said[1, :, gaps] = first + start, last + start
        bounds = np.repeat(starts, sizes - 1), np.repeat(stops - 1, sizes - 1)
        beside = around(said[0][:, left], said[1][:, left], bounds, len(words))
        put = [torch.from_numpy(place).to(z.device) for place in (left, beside)]
        said[2][:, left] = probe.constituents(z, *put).argmax(-1).cpu().numpy()
        said[2][:, stops - 1] = 0
        said[3] = probe.unaries(z).argmax(-1).cpu().numpy()
    return said


def answers(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray, *, chart: bool = False) -> Answers:
    """Read some snippets with every series' probe, a few thousand words at a time."""
    sizes = np.diff(goal.starts)[snippets]
    said = np.zeros((4, len(data.arrays), int(sizes.sum())), np.int64)
    done = 0
    for some in np.split(np.arange(len(snippets)), np.flatnonzero(np.diff(np.cumsum(sizes) // _WORDS)) + 1):
        part = read(probe, data.take(goal.rows(snippets[some])), sizes[some], chart=chart)
        part[:2] += done
        said[..., done : done + part.shape[-1]] = part
        done += part.shape[-1]
    return _beside(said, goal, snippets)


def judged(said: tuple[np.ndarray, np.ndarray, np.ndarray], goal: Targets, snippets: np.ndarray) -> Answers:
    """Put distances, constituents and unaries [series, word] beside the true trees."""
    distance, constituent, unary = said
    starts = np.concatenate([[0], np.cumsum(np.diff(goal.starts)[snippets])])
    return _beside(np.stack([*ends(distance.astype(np.float64), starts), constituent, unary]), goal, snippets)


def _beside(said: np.ndarray, goal: Targets, snippets: np.ndarray) -> Answers:
    inventory, trees = goal.inventory, [goal.trees[i] for i in snippets]
    chains = {label for tree in trees for label in (*tree.constituents, *tree.unaries)}
    names = names_of(chains.union(inventory.constituents, inventory.unaries))
    gold, starts = gold_of(trees, names)
    links = names.links(inventory.constituents), names.links(inventory.unaries)
    decoder = Decoder(starts, *links, names.labels.index(BAD_ROOT))
    first, last, constituent, unary = said
    return Answers(first, last, constituent, unary, decoder, names, gold, starts)


def scores(probe: Probe, data: Series, goal: Targets, snippets: np.ndarray, *, chart: bool = False) -> np.ndarray:
    """Return float64 [series, snippet, metric] with the metrics of `METRICS`."""
    return answers(probe, data, goal, snippets, chart=chart).scores()


def spans(said: np.ndarray, inventory: Inventory) -> list[Span]:
    """Return the constituents of one snippet, as `read` gives them for one series: [4, word]."""
    first, last, constituent, unary = said.tolist()
    found = []
    for gap, number in enumerate(constituent[:-1]):
        chain, whole = inventory.constituents[number], (first[gap], last[gap]) == (0, len(first) - 1)
        if chain != EMPTY:
            found += [Span(label, first[gap], last[gap]) for label in chain.split(SEPARATOR)]
        elif whole:
            found.append(Span(BAD_ROOT, 0, len(first) - 1))
    for word, number in enumerate(unary):
        if inventory.unaries[number] != EMPTY:
            found += [Span(label, word, word) for label in inventory.unaries[number].split(SEPARATOR)]
    return found
