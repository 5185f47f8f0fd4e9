"""How far a state is on one class's side of a trained probe: what an attribution asks of a class.

The margin is what the linear probe of the best layer says for the class less what it says for the best other one: above
zero exactly where the probe says the class.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from probes import store
from probes.corpora.trees import parse
from probes.errors import StrataError, did_you_mean
from probes.probing.analysis import ProbingResult, ProbingSpec
from probes.probing.cutting import WORD
from probes.probing.labels import LABELS


@dataclass(frozen=True)
class Margin:
    """A class of a finished run, as something that the states of a text are asked for."""

    weights: str
    """Of the model whose states the probe learnt from."""
    model: str
    layer: str
    """Where, as `probes.models.reading` takes it."""
    spans: np.ndarray
    """int64 [1, 2]: the characters whose sub-tokens' mean state is read."""
    names: tuple[str, ...]
    probe: torch.Tensor
    """float32 [width + 1, class], the biases last."""
    label: str
    """The class asked for; "" for the one the probe says."""
    asked: str
    """What the probe was asked, in words."""

    def scores(self, states: torch.Tensor) -> torch.Tensor:
        """Return what the probe says, before the softmax: [row, class] of states float32 [row, 1, width]."""
        probe = self.probe.to(states.device)
        return states[:, 0] @ probe[:-1] + probe[-1]

    def words(self, label: str) -> str:
        """Say what is explained."""
        return f"the probe's margin for “{label}” ({self.asked}) over every other"


def margin(digest: str, label: str, text: str, at: tuple[int, int]) -> Margin:
    """Return the margin of a class ("" for the one that is said) where the characters `at` of a text stand.

    Raises StrataError E-RUN-UNKNOWN for no probing run, E-TARGET for a run without a linear probe or such a class.
    """
    asked, run = trained(digest, store.home())
    if not run.said:
        what = "The probe of this run has no classes with a margin."
        why = "Kept are linear probes for classes that read one place at a time."
        raise StrataError("E-TARGET", what, why, "Name a probing run with probe=linear and classes.")
    if label and label not in run.said:
        why = f"{did_you_mean(label, run.said)}There are: {', '.join(name[:40] for name in run.said)}."
        raise StrataError("E-TARGET", f"This run's probe has no class “{label[:60]}”.", why, "Name one of them.")
    spans = np.array([where(asked, text, at)], np.int64)
    probe = torch.from_numpy(np.array(run.weights))
    return Margin(run.source.weights, asked.model, run.best, spans, run.said, probe, label, run.label)


@lru_cache(maxsize=4)
def trained(digest: str, _home: Path) -> tuple[ProbingSpec, ProbingResult]:
    """Return a probing run of the store at `_home`; StrataError E-RUN-UNKNOWN for none, or one of another version."""
    again = "Train the probe again, then ask."
    return store.finished(digest, ProbingSpec, ProbingResult, called="probing run", again=again)


def where(asked: ProbingSpec, text: str, at: tuple[int, int]) -> tuple[int, int]:
    """Return the characters that a run's probe would read about those of a token: its own, its leaf's, or all."""
    if asked.unit == "text":
        return 0, len(text)
    if asked.unit == "token":
        return at
    spans = [match.span() for match in WORD.finditer(text)]
    if asked.unit == "leaf" and asked.label in LABELS:
        try:
            tree = parse(text, asked.language)
            if tree.text == text:  # without comments, which would have moved it
                spans = [tree.spans[leaf] for leaf in tree.leaves]
        except StrataError:
            pass  # a piece of code that is not whole still has words
    return next(((start, end) for start, end in spans if start < at[1] and at[0] < end), at)
