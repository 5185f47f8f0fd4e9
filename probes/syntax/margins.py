"""How far the states are on one label's side for a constituent of a text: what an attribution asks of a span.

The label of a constituent is read off the words around it by the probe of a finished run's best layer (`probe`). The
margin is what the probe says for the label less what it says for the best other one: above zero exactly where it would
name the span so.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from probes import store
from probes.errors import StrataError, did_you_mean
from probes.syntax import look
from probes.syntax.dataset import Snippet, snippet
from probes.syntax.probe import Probe, around
from probes.syntax.tuples import EMPTY, encode


@dataclass(frozen=True)
class Margin:
    """The label of one constituent, as something that the states of its text are asked for."""

    weights: str
    """Of the model whose states the probe learnt from."""
    model: str
    layer: str
    """Where, as `probes.models.reading` takes it."""
    spans: np.ndarray
    """int64 [word, 2]: the characters of each word, whose sub-tokens' mean state is read."""
    names: tuple[str, ...]
    probe: Probe
    center: torch.Tensor
    scale: float
    gap: int
    """Where the constituent is split."""
    outer: np.ndarray
    """int64 [2, 1]: the words before and after the constituent."""
    label: str
    covers: str
    """The constituent's first and last words, as they stand in a sentence."""

    def scores(self, states: torch.Tensor) -> torch.Tensor:
        """Return what the probe says: [row, label] of states float32 [row, word, width]."""
        device = states.device
        probe = Probe(*(part.to(device) for part in self.probe.parameters))
        z = (states - self.center.to(device)) * self.scale @ probe.basis
        left, outer = torch.tensor([self.gap], device=device), torch.from_numpy(self.outer).to(device)
        return probe.constituents(z, left, outer)[:, 0]

    def words(self, label: str) -> str:
        """Say what is explained."""
        return f"the probe's margin for “{label}” over every other label of {self.covers}"


def text_of(digest: str, code: str) -> str:
    """Return the text that the model reads for a piece of code: without comments and docstrings."""
    return _piece(digest, code)[0].text


def margin(digest: str, label: str, text: str, at: tuple[int, int]) -> Margin:
    """Return the margin of a label ("" for the one that is said), of the smallest constituent around the characters.

    Raises StrataError E-RUN-UNKNOWN for no syntax run, E-TARGET where no constituent is, or for a label the run lacks.
    """
    piece, asked, run = _piece(digest, text)
    goal = look.goal_of(run, [piece.tree])
    words = [i for i, (start, end) in enumerate(piece.spans) if start < at[1] and at[0] < end]
    if not words:
        raise StrataError("E-TARGET", "This token is no part of a word of the code.", fix="Choose another position.")
    spans = [
        (int(goal.before[gap] + goal.beyond[gap]), gap - int(goal.before[gap]), gap + int(goal.beyond[gap]), gap)
        for gap, name in enumerate(piece.tree.constituents)
        if name != EMPTY
    ]
    spans = [span for span in spans if span[1] <= words[0] <= span[2]]
    if not spans:
        raise StrataError("E-TARGET", "No constituent of the tree holds this token.", fix="Choose another position.")
    names = run.constituents
    if label and label not in names:
        why = f"{did_you_mean(label, names)}There are: {', '.join(names)[:400]}."
        raise StrataError("E-TARGET", f"This run's probe has no label “{label[:60]}”.", why, "Name one of them.")
    _, first, last, gap = min(spans)
    n, layer = len(piece), run.layers.index(run.best)
    beside = around(np.array([first]), np.array([last]), (np.array([0]), np.array([n - 1])), n)
    return Margin(
        weights=run.source.weights,
        model=asked.model,
        layer=run.best,
        spans=piece.spans,
        names=names,
        probe=look.probe_of(run, slice(layer, layer + 1)),
        center=torch.from_numpy(np.array(run.center[layer], np.float32)),
        scale=float(run.scale[layer]),
        gap=gap,
        outer=beside,
        label=label,
        covers=f"“{piece.tree.words[first]} … {piece.tree.words[last]}”",
    )


def _piece(digest: str, code: str) -> tuple[Snippet, Any, Any]:
    asked, run = look.trained(digest, store.home())
    return snippet(encode(code, asked.language), asked.input), asked, run
