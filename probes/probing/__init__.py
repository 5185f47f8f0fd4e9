"""Which labels can be read off the states of a model? Probes for any label, at every layer, beside their controls."""

from probes.probing.analysis import ProbingResult, ProbingSpec
from probes.probing.structural import StructuralResult, StructuralSpec

__all__ = ["ProbingResult", "ProbingSpec", "StructuralResult", "StructuralSpec"]
