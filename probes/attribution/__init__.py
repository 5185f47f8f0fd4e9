"""What caused an output? Which tokens, layers and parts of the tree a model's answer rests on."""

from probes.attribution.analysis import AttributionResult, AttributionSpec
from probes.attribution.trust import TrustResult, TrustSpec

__all__ = ["AttributionResult", "AttributionSpec", "TrustResult", "TrustSpec"]
