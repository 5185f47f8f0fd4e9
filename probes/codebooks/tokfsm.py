"""Does a model that thinks in codes lose by it, and are its codes the states of the machine it learnt? (TokFSM)

A decoder trained on the texts of a finite-state machine, and then to work through codebooks, is kept with Strata. Here
it is held against the machine itself: what no model can beat, which transitions are legal, which code is which state.
"""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.errors import StrataError
from probes.values import Source, digest_of

FOLDER = Path(__file__).parents[2] / "data" / "tokfsm"
TOKENS = 128
PUBLISHED: dict[tuple[str, int], dict[str, float]] = {
    ("head", 1): {"excess": 0.005, "legal": 0.9639},
    ("head,mlp", 1): {"excess": 0.094, "legal": 0.6365, "precision": 0.971, "neuron": 0.705},
    ("head,mlp", 4): {"excess": 0.017, "legal": 0.8069},
    ("head,mlp", 16): {"excess": 0.008, "legal": 0.9153},
}
"""By places and codes a token, of 2,000 codes a book (heads alone), 10,000 (k = 1) or 20,000 (above): Tamkin et al.,
2023, table 1; precision and neuron, which are of states, in section 4."""


class TokfsmSpec(Spec):
    """Hold a kept codebook model of a machine against the machine itself: loss, legal steps, codes of states."""

    kind: ClassVar[str] = "tokfsm"
    version: ClassVar[int] = 3

    checkpoint: str = "seed0"
    """Which kept model: a folder of data/tokfsm."""
    texts: int = Field(1000, ge=20, le=100_000)
    """New texts that its loss is measured on, and as many that it says itself."""
    pairs: int = Field(500, ge=1, le=100_000)
    """Pairs of states, and of walks, between which codes are exchanged."""
    seed: int = Field(0, ge=0, le=2**31 - 2)
    """Draws the texts, what the model says, and the pairs."""


@dataclass(frozen=True)
class TokfsmResult(Displayed):
    """What the model loses, whether it speaks legally, and what its codes mean."""

    books: pd.DataFrame
    """One row a codebook: book, codes, dead (share), bits (entropy of use), pure_state, pure_digit (share of the codes
    that fired which fired on one state only, on one state with one digit only)."""
    states: pd.DataFrame
    """One row a state: state, book, part, code, precision, recall, support, neuron, by_f1, by_f1_recall."""
    patches: pd.DataFrame
    """One row a set of codebooks: patch, divergence (of 1 without a patch), to_truth (nats)."""
    edits: pd.DataFrame
    """One row a set of codebooks, put in after a random walk: patch, divergence (of the next digit, 1 without),
    followed with low and high (share that go on where the put-in state may), stayed (where their own may), chance."""
    loss: float
    """Nats a token."""
    half: float
    """Half of the loss's 95 % interval."""
    floor: float
    """The least loss there can be."""
    excess: float
    accuracy: float
    best_accuracy: float
    """The highest accuracy there can be."""
    legal: float
    """Share of legal transitions in what the model says, in per cent, as the three that follow."""
    low: float
    high: float
    first: float
    """Of the first transition of each text."""
    dead: float
    """Codes without a token of the new texts, in per cent of all."""
    precision: float
    """Of the best code of a state, a mean over states, in per cent, as the two that follow."""
    recall: float
    neuron: float
    """Precision of the best neuron at the same recall."""
    texts: int
    found: int
    """States that were looked for."""
    source: Source

    def headline(self) -> str:
        """State what thinking in codes costs, how legal the model's own texts are, and how well codes are states."""
        return (
            f"Thinking in codes, the model has a loss of {self.loss:.3f} nats a token, {self.excess:.3f} over the "
            f"least there can be; {self.legal:.1f} % of the steps it takes in {self.texts} texts of its own are legal, "
            f"and the best code of a state is right {self.precision:.1f} % of the time where the best neuron is right "
            f"{self.neuron:.1f} %."
        )

    def frame(self) -> pd.DataFrame:
        """Return the states."""
        return self.states


def kept() -> tuple[str, ...]:
    """Return the names of the kept models."""
    return tuple(sorted(p.parent.name for p in FOLDER.glob("*/codebooks.json")))


def folder_of(name: str) -> Path:
    """Return the folder of a kept model; raises StrataError E-TOKFSM-NAME for any other name."""
    if name not in kept():
        fix = f"There are: {', '.join(kept())}."
        raise StrataError("E-TOKFSM-NAME", f"There is no kept TokFSM model '{name[:40]}'.", fix=fix)
    return FOLDER / name


def run(spec: TokfsmSpec, progress: Progress) -> TokfsmResult:
    """Hold a kept model against its machine."""
    from probes.codebooks.fsm.judging import judged  # on use: it imports torch, which listing the analyses must not

    return judged(spec, folder_of(spec.checkpoint), progress)


def source_of(spec: TokfsmSpec, weights: str, notes: tuple[str, ...]) -> Source:
    """Say what the numbers came from."""
    return Source(
        model=f"tokfsm/{spec.checkpoint}",
        revision="",
        weights=weights,
        dtype="float32",
        device="cpu",
        corpus="TokFSM",
        corpus_digest=digest_of(["tokfsm", "100", "10", "42"]),
        seed=spec.seed,
        notes=notes,
        versions={"python": platform.python_version(), **{n: version(n) for n in ("torch", "transformers", "numpy")}},
    )
