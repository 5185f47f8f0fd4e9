"""Strata reads the layers of language models.

import probes

result = probes.run(probes.SyntaxSpec(model="minilm", corpus="python-stdlib"))
print(result.headline())
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probes.alignment import AlignmentSpec, LikenessSpec
    from probes.analyses import figure
    from probes.attribution import AttributionSpec, TrustSpec
    from probes.checkup import ModelSpec, SizeSpec, TokensSpec
    from probes.codebooks import (
        CardSpec,
        CodebookSpec,
        CodedSpec,
        CodePatchSpec,
        CodeSteerSpec,
        ConceptsSpec,
        EqualBitsSpec,
        SearchSpec,
        SpliceSpec,
        TokfsmSpec,
    )
    from probes.corpora import load as corpus
    from probes.display import show
    from probes.engine import run
    from probes.geometry import ContextualSpec, GeometrySpec, MapSpec
    from probes.intervention import AblationSpec, AheadSpec, ErasureSpec, LensSpec, PatchingSpec, SteeringSpec
    from probes.models import load
    from probes.probing import PairsSpec, ProbingSpec, StructuralSpec
    from probes.quality import CompressionSpec, GridSpec, PoolingSpec
    from probes.sweeps import sweep
    from probes.syntax import CausalSpec, SnippetSpec, SyntaxSpec, TransferSpec

__version__ = "0.1.0"
__all__ = [
    "AblationSpec",
    "AheadSpec",
    "AlignmentSpec",
    "AttributionSpec",
    "CardSpec",
    "CausalSpec",
    "CodePatchSpec",
    "CodeSteerSpec",
    "CodebookSpec",
    "CodedSpec",
    "CompressionSpec",
    "ConceptsSpec",
    "ContextualSpec",
    "EqualBitsSpec",
    "ErasureSpec",
    "GeometrySpec",
    "GridSpec",
    "LensSpec",
    "LikenessSpec",
    "MapSpec",
    "ModelSpec",
    "PairsSpec",
    "PatchingSpec",
    "PoolingSpec",
    "ProbingSpec",
    "SearchSpec",
    "SizeSpec",
    "SnippetSpec",
    "SpliceSpec",
    "SteeringSpec",
    "StructuralSpec",
    "SyntaxSpec",
    "TokensSpec",
    "TokfsmSpec",
    "TransferSpec",
    "TrustSpec",
    "__version__",
    "corpus",
    "figure",
    "load",
    "run",
    "show",
    "sweep",
]

_HOMES = {
    "AblationSpec": ("probes.intervention", "AblationSpec"),
    "AheadSpec": ("probes.intervention", "AheadSpec"),
    "AlignmentSpec": ("probes.alignment", "AlignmentSpec"),
    "AttributionSpec": ("probes.attribution", "AttributionSpec"),
    "CardSpec": ("probes.codebooks", "CardSpec"),
    "CausalSpec": ("probes.syntax", "CausalSpec"),
    "CodePatchSpec": ("probes.codebooks", "CodePatchSpec"),
    "CodeSteerSpec": ("probes.codebooks", "CodeSteerSpec"),
    "CodebookSpec": ("probes.codebooks", "CodebookSpec"),
    "CodedSpec": ("probes.codebooks", "CodedSpec"),
    "CompressionSpec": ("probes.quality", "CompressionSpec"),
    "ConceptsSpec": ("probes.codebooks", "ConceptsSpec"),
    "ContextualSpec": ("probes.geometry", "ContextualSpec"),
    "EqualBitsSpec": ("probes.codebooks", "EqualBitsSpec"),
    "ErasureSpec": ("probes.intervention", "ErasureSpec"),
    "GeometrySpec": ("probes.geometry", "GeometrySpec"),
    "GridSpec": ("probes.quality", "GridSpec"),
    "LensSpec": ("probes.intervention", "LensSpec"),
    "LikenessSpec": ("probes.alignment", "LikenessSpec"),
    "MapSpec": ("probes.geometry", "MapSpec"),
    "ModelSpec": ("probes.checkup", "ModelSpec"),
    "PairsSpec": ("probes.probing", "PairsSpec"),
    "PatchingSpec": ("probes.intervention", "PatchingSpec"),
    "PoolingSpec": ("probes.quality", "PoolingSpec"),
    "ProbingSpec": ("probes.probing", "ProbingSpec"),
    "StructuralSpec": ("probes.probing", "StructuralSpec"),
    "SearchSpec": ("probes.codebooks", "SearchSpec"),
    "SizeSpec": ("probes.checkup", "SizeSpec"),
    "SnippetSpec": ("probes.syntax", "SnippetSpec"),
    "SpliceSpec": ("probes.codebooks", "SpliceSpec"),
    "SteeringSpec": ("probes.intervention", "SteeringSpec"),
    "SyntaxSpec": ("probes.syntax", "SyntaxSpec"),
    "TokensSpec": ("probes.checkup", "TokensSpec"),
    "TokfsmSpec": ("probes.codebooks", "TokfsmSpec"),
    "TransferSpec": ("probes.syntax", "TransferSpec"),
    "TrustSpec": ("probes.attribution", "TrustSpec"),
    "corpus": ("probes.corpora", "load"),
    "figure": ("probes.analyses", "figure"),
    "load": ("probes.models", "load"),
    "run": ("probes.engine", "run"),
    "show": ("probes.display", "show"),
    "sweep": ("probes.sweeps", "sweep"),
}


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import probes` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'probes' has no attribute '{name}'")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
