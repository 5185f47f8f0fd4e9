"""Probes that learn from some minimal pairs which text is right, and what they say of all pairs."""

from dataclasses import dataclass

import numpy as np
import torch

from probes.probing.learning import learnt
from probes.probing.problems import PENALTIES, Problems, standardised
from probes.probing.reading import Examples
from probes.probing.scoring import Resampling

COUNTS = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
"""Pairs that a probe learns from, besides all there are."""


@dataclass(frozen=True)
class Pairs:
    """Which places are a pair, and which pairs train, validate and test."""

    examples: Examples
    """Its places come two by two, the right one first."""
    train: np.ndarray
    """bool [draw, pair]; so is `valid`."""
    valid: np.ndarray
    test: np.ndarray
    """bool [pair]."""
    turned: np.ndarray
    """bool [pair]: a coin's, one toss for each two words that differ: whether the control calls the wrong one right."""
    seed: int

    @property
    def counts(self) -> tuple[int, ...]:
        """How many pairs are learnt from: powers of two, and all there are in every draw."""
        most = int(self.train.sum(1).min())
        return (*(k for k in COUNTS if k < most), most)

    def portions(self, count: int) -> np.ndarray:
        """Return the first `count` pairs of a drawn order, bool [draw, pair]: a larger part holds the smaller ones."""
        found = np.zeros_like(self.train)
        for draw, train in enumerate(self.train):
            order = np.random.default_rng([self.seed, draw]).permutation(np.flatnonzero(train))
            found[draw, order[:count]] = True
        return found

    @property
    def again(self) -> Resampling:
        """The resampling of what makes pairs and of draws, drawn once and shared by all scores."""
        ex = self.examples
        family = [ex.families[text] for text in ex.frame["text"].to_numpy()[::2][self.test]]
        number = np.unique(np.array(family, dtype=object), return_inverse=True)[1]
        return Resampling.over(number, len(self.train), self.seed)


@dataclass(frozen=True)
class Told:
    """What probes say of pairs, one a draw."""

    margin: np.ndarray
    """[draw, pair]: log-odds of the right text less those of the wrong one."""
    alone: np.ndarray
    """[draw, pair]: share of the pair's texts that are said rightly to be right or wrong."""
    penalty: np.ndarray

    @property
    def hits(self) -> np.ndarray:
        """[draw, pair]: 1 where a pair is told, a half where both texts score alike."""
        return hits_of(self.margin)


def hits_of(margin: np.ndarray) -> np.ndarray:
    """Return 1 where the right text has more, 0.5 where both have the same."""
    found: np.ndarray = (margin > 0) + 0.5 * (margin == 0)
    return found


def over(values: np.ndarray, where: np.ndarray) -> float:
    """Return the mean over draws of the mean of values [draw, pair] where a draw's own mask [draw, pair] is set."""
    return float(np.mean([one[w].mean() for one, w in zip(values, where, strict=True)]))


def features(rows: np.ndarray, data: Pairs) -> torch.Tensor:
    """Return the rows standardised by all that do not test."""
    return standardised(rows, np.repeat(~data.test, 2))


def tell(rows: torch.Tensor, data: Pairs, counts: tuple[int, ...], *, turned: bool = False) -> list[Told]:
    """Learn from some pairs of each draw, and say of all pairs which text is right: one Told a count.

    The penalty of each is the one with the least loss over the validation pairs, log(1 + exp(-margin)).
    """
    other = data.turned if turned else np.zeros(len(data.test), bool)
    answers = np.stack([other, ~other], 1)  # class 0 is right, 1 wrong
    masks = np.concatenate([np.repeat(data.portions(count), 2, axis=1) for count in counts])
    problems = Problems.crossed([answers.astype(np.int64).ravel()], masks, 2)
    out = learnt(rows, problems, "linear", data.seed).double().numpy()
    score = (out[..., 0] - out[..., 1]).T.reshape(len(counts), len(data.train), len(PENALTIES), -1, 2)
    margins = np.where(other, -1, 1) * (score[..., 0] - score[..., 1])
    said = ((score > 0) != answers).mean(-1)
    found = []
    for one, each in zip(margins, said, strict=True):
        loss = np.logaddexp(0, -one)
        chosen = [int(loss[d][:, valid].mean(1).argmin()) for d, valid in enumerate(data.valid)]
        pick = np.arange(len(chosen)), np.array(chosen)
        found.append(Told(one[pick], each[pick], np.array(PENALTIES)[pick[1]]))
    return found
