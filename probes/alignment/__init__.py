"""Do languages meet in the middle layers? MEXA and its relatives: arrays in, numbers out."""

from probes.alignment.analysis import AlignmentResult, AlignmentSpec
from probes.alignment.bitext import bitext
from probes.alignment.checks import Findings, inspect
from probes.alignment.grams import gram, similarities, standardised
from probes.alignment.likeness import LikenessResult, LikenessSpec
from probes.alignment.measures import MEASURES, Measure, measure

__all__ = [
    "MEASURES",
    "AlignmentResult",
    "AlignmentSpec",
    "Findings",
    "LikenessResult",
    "LikenessSpec",
    "Measure",
    "bitext",
    "gram",
    "inspect",
    "measure",
    "similarities",
    "standardised",
]
