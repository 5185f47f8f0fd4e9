"""Many probes on the same rows at once: which answers each learns, which rows it sees, how strongly it is held back.

Seeds, penalties, tasks, shares of the data and the blocks of a code differ in nothing but a problem's answers and
weights, so that one pass over the rows serves all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Weight of half the squared norm of a probe beside its mean loss; scikit-learn's C is 1 / (penalty * rows)."""


@dataclass(frozen=True)
class Problems:
    """Fits that share their rows; answers of -1 in a row that a problem sees are not allowed."""

    answers: np.ndarray
    """[problem, row]: classes 0 .. classes - 1, or numbers."""
    weight: np.ndarray
    """float64 [problem, row]: how much each row counts while learning; 0 for rows a problem must not see."""
    penalty: np.ndarray
    """float64 [problem]."""
    classes: int = 0
    """How many classes there are; 0 for numbers."""

    def __len__(self) -> int:
        return len(self.penalty)

    def shares(self) -> np.ndarray:
        """Return the weights, adding up to one in every problem [problem, row]."""
        return self.weight / self.weight.sum(1, keepdims=True)

    @property
    def seen(self) -> np.ndarray:
        """Rows that any problem learns from: bool [row]."""
        found: np.ndarray = np.any(self.weight > 0, axis=0)
        return found

    @classmethod
    def crossed(
        cls, answers: Sequence[np.ndarray], masks: np.ndarray, classes: int, penalties: Sequence[float] = PENALTIES
    ) -> "Problems":
        """Return every kind of answer [row] x mask [mask, row] x penalty, in this order, the penalties fastest."""
        names = [a for a in answers for _ in range(len(masks) * len(penalties))]
        weight = np.tile(np.repeat(masks.astype(np.float64), len(penalties), axis=0), (len(answers), 1))
        return cls(np.stack(names), weight, np.tile(penalties, len(answers) * len(masks)), classes)


def standardised(rows: np.ndarray, seen: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Return the rows [row, width] centred and scaled by those that are `seen`; a constant feature becomes zero."""
    wide = torch.from_numpy(np.ascontiguousarray(rows)).to(dtype)
    mean, factor = scaling(wide[torch.from_numpy(np.flatnonzero(seen))])
    return (wide - mean) * factor


def scaling(known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and 1 / spread [width] of rows [row, width]; the latter is zero for a constant feature."""
    mean, spread = known.mean(0), known.std(0, correction=0)
    constant = spread <= 1e-6 * known.abs().amax(0).clamp_min(1e-30)
    return mean, torch.where(constant, 0.0, 1 / torch.where(constant, 1.0, spread))


def one_hot(answers: np.ndarray, classes: int, dtype: torch.dtype) -> torch.Tensor:
    """Return [row, problem, class] with a one at each answer of [problem, row]."""
    index = torch.from_numpy(np.ascontiguousarray(answers.T, np.int64))
    return torch.nn.functional.one_hot(index.clamp_min(0), classes).to(dtype)
