"""One snippet under a trained probe: its tree, the tree read off one layer, and its words in the syntactic subspace."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source


class SnippetSpec(Spec):
    """Read the syntax tree of one piece of code off a layer, with the probe of a finished syntax run."""

    kind: ClassVar[str] = "snippet"

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the syntax run whose probe is used."""
    code: str = Field(max_length=1_000_000)
    """The code, in the language the probe was trained on; comments and docstrings are removed."""
    layer: str | None = None
    """Which layer to read; none for the run's best."""


@dataclass(frozen=True)
class SnippetResult(Displayed):
    """Gold and predicted tree of one snippet, as the figures draw them."""

    words: pd.DataFrame
    """One row a word: position, word, type, category, and x, y in the subspace's two main axes."""
    nodes: pd.DataFrame
    """One row a constituent: tree (gold or predicted), id, label, first, last, x, level, agrees."""
    edges: pd.DataFrame
    """One row a parent and child: tree, x and level of the parent, x2 and level2, first and last of the child."""
    subspace_edges: pd.DataFrame
    """One row a parent and child of the gold tree, each at the middle of its words: x, y, x2, y2."""
    layer: str
    precision: float
    recall: float
    f1: float
    explained: tuple[float, float]
    source: Source

    def headline(self) -> str:
        """State how much of the tree the layer gives back."""
        gold = self.nodes[self.nodes.tree == "gold"]
        return (
            f"Layer {self.layer} gives back {int(gold.agrees.sum())} of the {len(gold)} constituents of this snippet: "
            f"F1 {self.f1:.2f}, precision {self.precision:.2f}, recall {self.recall:.2f}."
        )

    def frame(self) -> pd.DataFrame:
        """Return the constituents of both trees."""
        return self.nodes


def run(spec: SnippetSpec, progress: Progress) -> SnippetResult:
    """Encode the snippet, read its layer and decode; see `look.look`."""
    from probes.syntax.look import look  # on use: it imports torch, which listing the analyses must not

    return look(spec, progress)
