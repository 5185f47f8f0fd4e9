"""What would the model say from here, and what if something inside it were otherwise?"""

from probes.intervention.ablation import AblationResult, AblationSpec
from probes.intervention.ahead import AheadResult, AheadSpec
from probes.intervention.beams import BeamsResult, BeamsSpec
from probes.intervention.erasure import ErasureResult, ErasureSpec
from probes.intervention.lens import LensResult, LensSpec
from probes.intervention.patching import PatchingResult, PatchingSpec
from probes.intervention.steering import SteeringResult, SteeringSpec

__all__ = [
    "AblationResult",
    "AblationSpec",
    "AheadResult",
    "AheadSpec",
    "BeamsResult",
    "BeamsSpec",
    "ErasureResult",
    "ErasureSpec",
    "LensResult",
    "LensSpec",
    "PatchingResult",
    "PatchingSpec",
    "SteeringResult",
    "SteeringSpec",
]
