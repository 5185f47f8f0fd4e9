"""What would the model say from here, and what if something inside it were otherwise?"""

from probes.intervention.lens import LensResult, LensSpec
from probes.intervention.patching import PatchingResult, PatchingSpec

__all__ = ["LensResult", "LensSpec", "PatchingResult", "PatchingSpec"]
