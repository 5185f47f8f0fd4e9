"""Strata reads the layers of language models.

import probes

result = probes.run(probes.SyntaxSpec(model="minilm", corpus="python-stdlib"))
print(result.headline())
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probes.alignment import AlignmentSpec, LikenessSpec
    from probes.analyses import figure
    from probes.checkup import ModelSpec, SizeSpec, TokensSpec
    from probes.codebooks import CodebookSpec, CodedSpec, SearchSpec
    from probes.corpora import load as corpus
    from probes.display import show
    from probes.engine import run
    from probes.geometry import GeometrySpec, MapSpec
    from probes.models import load
    from probes.quality import CompressionSpec, GridSpec
    from probes.sweeps import sweep
    from probes.syntax import CausalSpec, SnippetSpec, SyntaxSpec, TransferSpec

__version__ = "0.1.0"
__all__ = [
    "AlignmentSpec",
    "CausalSpec",
    "CodebookSpec",
    "CodedSpec",
    "CompressionSpec",
    "GeometrySpec",
    "GridSpec",
    "LikenessSpec",
    "MapSpec",
    "ModelSpec",
    "SearchSpec",
    "SizeSpec",
    "SnippetSpec",
    "SyntaxSpec",
    "TokensSpec",
    "TransferSpec",
    "__version__",
    "corpus",
    "figure",
    "load",
    "run",
    "show",
    "sweep",
]

_HOMES = {
    "AlignmentSpec": ("probes.alignment", "AlignmentSpec"),
    "CausalSpec": ("probes.syntax", "CausalSpec"),
    "CodebookSpec": ("probes.codebooks", "CodebookSpec"),
    "CodedSpec": ("probes.codebooks", "CodedSpec"),
    "CompressionSpec": ("probes.quality", "CompressionSpec"),
    "GeometrySpec": ("probes.geometry", "GeometrySpec"),
    "GridSpec": ("probes.quality", "GridSpec"),
    "LikenessSpec": ("probes.alignment", "LikenessSpec"),
    "MapSpec": ("probes.geometry", "MapSpec"),
    "ModelSpec": ("probes.checkup", "ModelSpec"),
    "SearchSpec": ("probes.codebooks", "SearchSpec"),
    "SizeSpec": ("probes.checkup", "SizeSpec"),
    "SnippetSpec": ("probes.syntax", "SnippetSpec"),
    "SyntaxSpec": ("probes.syntax", "SyntaxSpec"),
    "TokensSpec": ("probes.checkup", "TokensSpec"),
    "TransferSpec": ("probes.syntax", "TransferSpec"),
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
