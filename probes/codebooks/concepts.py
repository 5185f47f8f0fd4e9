"""Which things that people have names for have a code? A list of concepts, and the best code of any layer for each.

Codebook Features (Tamkin et al., 2023) shows codes that were picked by hand. Here the list of concepts is fixed before
a code is seen, each one's code is chosen on the tokens that were fitted to, and judged on held-out text, beside the
best single word chosen alike: a concept that a word finds as well needs no hidden states.
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source

GOOD = 0.8
"""F1 on held-out text from which a concept counts as found."""


class ConceptsSpec(Spec):
    """Find the code that fires on each of a list of nameable things, in the codebooks of a finished run."""

    kind: ClassVar[str] = "concepts"

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose codes are compared."""
    layers: str = "all"
    """Which of the run's layers: all, or their labels with commas between them."""
    union: int = Field(4, ge=1, le=32)
    """Codes of one book that may stand for a concept together: reported beside the best single code, never as one."""


@dataclass(frozen=True)
class ConceptsResult(Displayed):
    """A code for each concept."""

    concepts: pd.DataFrame
    """One row a concept, the best on held-out text first: concept, group, pattern, by, part, support, layer, book,
    code, word (the code's commonest), precision, recall, f1, low, high, fit_f1, best_word, word_f1, always, found; and
    of the codes taken together: together (how many), codes, union_layer, union_f1, union_low, union_high."""
    by_layer: pd.DataFrame
    """One row a concept and layer: concept, order, layer, book, code, f1 on held-out text of the code that is best on
    the fitted tokens of that layer."""
    left_out: dict[str, int]
    """How many concepts were left out for which reason."""
    searched: int
    """Codes that were compared for each."""
    sizes: tuple[int, int]
    """Tokens fitted to and held out."""
    summary: pd.DataFrame
    """One row: concepts, found, more (found, while the best word is not), union (found by codes taken together)."""
    good: float
    """F1 on held-out text from which a concept counts as found."""
    source: Source

    def headline(self) -> str:
        """State how many concepts have a code, and how many of them no single word finds."""
        row = self.summary.iloc[0]
        return (
            f"{row.found} of {row.concepts} concepts have a code with F1 of {self.good:.1f} or more on "
            f"{self.sizes[1]:,} unseen tokens, among {self.searched:,} codes; {row.more} of them have no single word "
            f"that does as well, and {row.union} are found when a few codes are taken together."
        )

    def frame(self) -> pd.DataFrame:
        """Return the concepts with their codes."""
        return self.concepts


def run(spec: ConceptsSpec, progress: Progress) -> ConceptsResult:
    """Look for a code of each concept; see `finding.find`."""
    from probes.codebooks.finding import find  # on use: reading a run is not needed to list the analyses

    return find(spec, progress)
