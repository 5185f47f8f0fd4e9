"""Which labels can be read off the states of a model? Probes for any label, at every layer, beside their controls."""

from probes.probing.analysis import ProbingResult, ProbingSpec
from probes.probing.minimal import PairsResult, PairsSpec
from probes.probing.structural import StructuralResult, StructuralSpec

__all__ = ["PairsResult", "PairsSpec", "ProbingResult", "ProbingSpec", "StructuralResult", "StructuralSpec"]
