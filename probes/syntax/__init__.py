"""Is the syntax tree of code in the hidden states, and in which subspace?"""

from typing import TYPE_CHECKING, Any

from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.causal import CausalResult, CausalSpec
from probes.syntax.snippet import SnippetResult, SnippetSpec
from probes.syntax.transfer import TransferResult, TransferSpec

if TYPE_CHECKING:
    from probes.syntax.tuples import Span, SyntaxTuple, decode, encode

__all__ = [
    "CausalResult",
    "CausalSpec",
    "SnippetResult",
    "SnippetSpec",
    "Span",
    "SyntaxResult",
    "SyntaxSpec",
    "SyntaxTuple",
    "TransferResult",
    "TransferSpec",
    "decode",
    "encode",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from probes.syntax import tuples  # on use: listing the analyses needs no grammar

    return getattr(tuples, name)
