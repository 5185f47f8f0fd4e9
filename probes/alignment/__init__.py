"""Do languages meet in the middle layers? MEXA and its relatives: arrays in, numbers out."""

from probes.alignment.analysis import AlignmentResult, AlignmentSpec
from probes.alignment.bitext import bitext
from probes.alignment.checks import Findings, inspect
from probes.alignment.grams import gram, similarities, standardised
from probes.alignment.mexa import hits, mexa, mexa_at

__all__ = [
    "AlignmentResult",
    "AlignmentSpec",
    "bitext",
    "Findings",
    "gram",
    "hits",
    "inspect",
    "mexa",
    "mexa_at",
    "similarities",
    "standardised",
]
