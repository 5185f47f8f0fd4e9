"""Which code fires on this? A pattern, a word or a leaf of the syntax tree, and the codes that pick its tokens out.

Codebook Features (Tamkin et al., 2023) searches its codes by regular expression and sorts them by precision. Here codes
are ranked by F1 on the tokens they were fitted to, and every number reported is of held-out texts, beside what the best
single word does.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd
from pydantic import Field

from probes.contract import Displayed, Progress, Spec
from probes.values import Source

By = Literal["regex", "literal", "leaf"]
Part = Literal["every", "first", "last"]


class SearchSpec(Spec):
    """Find the codes that fire on tokens of a kind, in the codebooks of a finished run."""

    kind: ClassVar[str] = "codesearch"

    run: str = Field(pattern="^[0-9a-f]{32}$")
    """The digest of the codebooks run whose codes are searched."""
    pattern: str = Field(min_length=1, max_length=1000)
    r"""What is looked for, such as \bself\b; of a regular expression with a group, the first group counts."""
    by: By = "regex"
    """regex (a regular expression), literal (the characters themselves) or leaf (a type of leaf of the syntax tree)."""
    part: Part = "every"
    """Which tokens of a match count: every one, the first, or the last."""
    layers: str = "all"
    """Which of the run's layers: all, or their labels with commas between them."""
    top: int = Field(20, ge=1, le=500)
    """Codes reported."""


@dataclass(frozen=True)
class SearchResult(Displayed):
    """Codes ranked by how well they pick out the tokens of a pattern."""

    codes: pd.DataFrame
    """One row a code, the best on fitted tokens first: rank, layer, book, code, word (its commonest), fit_f1 (on the
    fitted tokens, which ranks), and on held-out ones precision, recall, f1, low, high, hits, fires."""
    examples: pd.DataFrame
    """Up to twenty matching held-out tokens, the best code's misses first: origin, before, token, after, fires."""
    pattern: str
    by: By
    part: Part
    support: tuple[int, int]
    """Tokens that match: among the fitted ones, and held out."""
    sizes: tuple[int, int]
    """Tokens of either side."""
    searched: int
    """Codes that were compared."""
    word: str
    """The single word with the best F1 on the fitted tokens."""
    word_f1: float
    """Its F1 on the held-out ones."""
    always: float
    """F1 of calling every token a match."""
    source: Source

    def headline(self) -> str:
        """State the best code, how well it does on unseen text, and what the best single word does."""
        best = self.codes.iloc[0]
        where = f"Code {best.code} of layer {best.layer}" + (f", book {best.book}," if self.books > 1 else "")
        what = {"regex": "the pattern", "literal": "the text", "leaf": "the leaf"}[self.by]
        return (
            f"{where} picks out {what} “{self.pattern}” with F1 {best.f1:.2f} ({best.low:.2f} to {best.high:.2f}) on "
            f"unseen text: precision {best.precision:.2f}, recall {best.recall:.2f} of {self.support[1]:,} tokens; the "
            f"best single word has {self.word_f1:.2f}."
        )

    @property
    def books(self) -> int:
        """Return how many books the codes found are from, at least."""
        return int(self.codes["book"].max()) + 1

    def frame(self) -> pd.DataFrame:
        """Return the ranked codes."""
        return self.codes


def run(spec: SearchSpec, progress: Progress) -> SearchResult:
    """Search the codes of a finished run; see `seek.seek`."""
    from probes.codebooks.seek import seek  # on use: reading a run is not needed to list the analyses

    return seek(spec, progress)
